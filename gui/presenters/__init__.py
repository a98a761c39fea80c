"""What the window shows, worked out without Qt."""
