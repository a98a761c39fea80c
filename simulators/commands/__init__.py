"""Commands that serve or show simulated things."""
