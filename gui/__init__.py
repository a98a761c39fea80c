"""The benchtop window."""
