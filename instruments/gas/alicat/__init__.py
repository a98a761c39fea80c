"""Alicat mass flow controllers."""

from instruments.gas.alicat.driver import AlicatMc

__all__ = ["AlicatMc"]
