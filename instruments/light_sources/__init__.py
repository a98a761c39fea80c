"""Light sources, their emission and the dose they gave."""

from instruments.light_sources.calibration import IrradianceCalibration
from instruments.light_sources.channel import LightChannel, LightDriver, LightFault, LightState
from instruments.light_sources.emission import Emission, Purpose
from instruments.light_sources.ledger import DoseLedger
from instruments.light_sources.light_source import LightSource

__all__ = [
    "DoseLedger",
    "Emission",
    "IrradianceCalibration",
    "LightChannel",
    "LightDriver",
    "LightFault",
    "LightSource",
    "LightState",
    "Purpose",
]
