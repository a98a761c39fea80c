"""Commands that need instruments only."""
