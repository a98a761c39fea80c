"""Zaber stages that speak the ASCII protocol."""

from instruments.stages.zaber_ascii.driver import ZaberStage

__all__ = ["ZaberStage"]
