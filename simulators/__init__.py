"""Simulated instruments and the sample they share."""
