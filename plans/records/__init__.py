"""Run records: write, read, index and report runs."""
