"""What the command line offers beyond serving."""
