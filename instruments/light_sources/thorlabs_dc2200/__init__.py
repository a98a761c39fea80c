"""Thorlabs DC2200 high-power LED driver."""

from instruments.light_sources.thorlabs_dc2200.driver import ThorlabsDc2200

__all__ = ["ThorlabsDc2200"]
