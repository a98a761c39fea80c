"""Pure analysis: arrays in, frozen results out."""

from plans.analysis.endpoint import (
    DegradationRule,
    DoseRule,
    Endpoint,
    EndpointState,
    PlateauRule,
    Rule,
    TargetPeakRule,
    TimeRule,
    TrackPoint,
)
from plans.analysis.line import SplitGaussian
from plans.analysis.peak import PeakResult, fit_peak
from plans.analysis.spectrum import subtract_dark

__all__ = [
    "DegradationRule",
    "DoseRule",
    "Endpoint",
    "EndpointState",
    "PeakResult",
    "PlateauRule",
    "Rule",
    "SplitGaussian",
    "TargetPeakRule",
    "TimeRule",
    "TrackPoint",
    "fit_peak",
    "subtract_dark",
]
