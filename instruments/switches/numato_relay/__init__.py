"""Numato Lab USB relay module."""

from instruments.switches.numato_relay.driver import NumatoRelay

__all__ = ["NumatoRelay"]
