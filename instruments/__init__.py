"""Instruments of the bench: links, drivers, ophyd devices."""
