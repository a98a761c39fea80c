"""Stages."""

from instruments.stages.axis import AxisDriver, AxisMotion, StageAxis
from instruments.stages.grid import Grid
from instruments.stages.places import Places
from instruments.stages.stage import Stage, make_stage

__all__ = ["AxisDriver", "AxisMotion", "Grid", "Places", "Stage", "StageAxis", "make_stage"]
