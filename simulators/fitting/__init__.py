"""Estimates the twin's rate constants from recorded runs."""

from simulators.fitting.blind import BlindResult, Draw, blind_check, draw
from simulators.fitting.fit import DEFAULT_FREE, Estimate, KineticsFit, fit_kinetics
from simulators.fitting.recording import Recording, Segment

__all__ = [
    "DEFAULT_FREE",
    "BlindResult",
    "Draw",
    "Estimate",
    "KineticsFit",
    "Recording",
    "Segment",
    "blind_check",
    "draw",
    "fit_kinetics",
]
