"""Commands about plans, analysis and records."""
