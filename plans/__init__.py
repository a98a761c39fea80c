"""Experiments: plans, analysis, live tracking, records."""
