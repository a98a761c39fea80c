"""Thorlabs SC10 shutter controller."""

from instruments.shutters.thorlabs_sc10.driver import ThorlabsSc10

__all__ = ["ThorlabsSc10"]
