"""Commands that join plans, instruments and simulators."""
