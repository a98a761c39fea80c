"""Pure analysis: arrays in, frozen results out."""

from plans.analysis.batch import BatchResult, fit_peaks
from plans.analysis.chain import CorrectionChain
from plans.analysis.corrections import StepRecord
from plans.analysis.decay import DecayResult, fit_decay
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
from plans.analysis.exposure import ExposureAdvice, advise_exposure
from plans.analysis.inner_filter import InnerFilterResult, correct_cuvette, correct_film
from plans.analysis.kinetics import (
    ArrheniusResult,
    KineticFit,
    KineticsResult,
    Lasting,
    arrhenius,
    fit_kinetics,
    photostability,
)
from plans.analysis.line import SplitGaussian
from plans.analysis.peak import PeakResult, fit_peak
from plans.analysis.photometry import ColourResult, colour
from plans.analysis.power_law import (
    PowerLawResult,
    QualityFactor,
    ThresholdResult,
    find_threshold,
    fit_power_law,
    quality_factor,
)
from plans.analysis.quantum_yield import QuantumYieldResult, relative_quantum_yield
from plans.analysis.remaining import RemainingShiftRule
from plans.analysis.spectrum import subtract_dark
from plans.analysis.unmix import TwoLineResult, UnmixResult, fit_two_lines, unmix_spectrum

__all__ = [
    "ArrheniusResult",
    "BatchResult",
    "ColourResult",
    "CorrectionChain",
    "DecayResult",
    "DegradationRule",
    "DoseRule",
    "Endpoint",
    "EndpointState",
    "ExposureAdvice",
    "InnerFilterResult",
    "KineticFit",
    "KineticsResult",
    "Lasting",
    "PeakResult",
    "PlateauRule",
    "PowerLawResult",
    "QualityFactor",
    "QuantumYieldResult",
    "RemainingShiftRule",
    "Rule",
    "SplitGaussian",
    "StepRecord",
    "TargetPeakRule",
    "ThresholdResult",
    "TimeRule",
    "TrackPoint",
    "TwoLineResult",
    "UnmixResult",
    "advise_exposure",
    "arrhenius",
    "colour",
    "correct_cuvette",
    "correct_film",
    "find_threshold",
    "fit_decay",
    "fit_kinetics",
    "fit_peak",
    "fit_peaks",
    "fit_power_law",
    "fit_two_lines",
    "photostability",
    "quality_factor",
    "relative_quantum_yield",
    "subtract_dark",
    "unmix_spectrum",
]
