"""Stages."""

from instruments.stages.axis import AxisDriver, AxisMotion, StageAxis
from instruments.stages.stage import Stage, make_stage

__all__ = ["AxisDriver", "AxisMotion", "Stage", "StageAxis", "make_stage"]
