"""Instruments of the bench: links, drivers, ophyd devices."""

import os

# ophyd starts threads of a control system that no bench of ours has, unless told before its import.
os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")
