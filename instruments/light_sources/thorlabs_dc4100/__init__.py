"""Thorlabs DC4100 LED driver."""

from instruments.light_sources.thorlabs_dc4100.driver import Dc4100Status, ThorlabsDc4100

__all__ = ["Dc4100Status", "ThorlabsDc4100"]
