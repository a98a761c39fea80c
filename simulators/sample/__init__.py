"""The digital twin: one sample seen by every instrument."""
