"""Thorlabs DC2100 and DC2010 one-channel LED drivers."""

from instruments.light_sources.thorlabs_dc2100.driver import Dc2100Status, ThorlabsDc2100

__all__ = ["Dc2100Status", "ThorlabsDc2100"]
