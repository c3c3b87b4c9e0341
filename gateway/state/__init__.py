"""What outlives an operation, and with Redis the process: small named entries that expire."""
