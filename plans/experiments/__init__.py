"""Experiments: one module a plan, and what they have in common."""
