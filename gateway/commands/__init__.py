"""What can be typed after `gateway`, a file for each part of the work."""
