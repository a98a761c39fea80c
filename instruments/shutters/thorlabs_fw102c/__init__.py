"""Thorlabs FW102C filter wheel."""

from instruments.shutters.thorlabs_fw102c.driver import ThorlabsFw102c

__all__ = ["ThorlabsFw102c"]
