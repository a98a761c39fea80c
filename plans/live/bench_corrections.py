"""Corrections that the spectrometer's configuration holds."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf, isnan
from typing import Any, Final

import numpy as np

from plans.analysis.chain import CorrectionChain
from plans.analysis.corrections import Nonlinearity, SpectralResponse, StrayLight
from plans.live.frame import NO_NUMBER, as_array

_DAY: Final = datetime.timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class BenchCorrections:
    """What the bench file named for a spectrometer, and what this keeps; None where it does not.

    Attributes:
        nonlinearity: of the detector, from the spectrometer's own memory.
        response: of the whole path.
        stray_light: of the grating.
    """

    nonlinearity: Nonlinearity | None = None
    response: SpectralResponse | None = None
    stray_light: StrayLight | None = None

    def fill(self, chain: CorrectionChain) -> CorrectionChain:
        """Return the chain with these where it has none of its own.

        Args:
            chain: of the tracker.
        """
        found = {name: value for name, value in vars(self).items() if value is not None}
        missing = {name: value for name, value in found.items() if getattr(chain, name) is None}
        return replace(chain, **missing) if missing else chain


def corrections_of(
    spectrometer: str, settings: Mapping[str, Any], begun_s: float = NO_NUMBER
) -> BenchCorrections:
    """Return the corrections in the configuration of a stream; what makes no sense is left out.

    A calibration that holds when the run begins holds to its end: a peak that jumped at midnight
    would be taken for chemistry.

    Args:
        spectrometer: name of the device.
        settings: its configuration.
        begun_s: when the run began, in s since the epoch.
    """

    def of(key: str) -> Any:
        return settings.get(f"{spectrometer}_{key}")

    def source(name: str) -> dict[str, Any]:
        words = ("calibration", "calibrated", "expires")
        calibration, calibrated, expires = (str(of(f"{name}_{word}") or "") for word in words)
        taken_s, end_s = _seconds(calibrated), _seconds(expires[:10], after=_DAY)
        is_for_ever = isnan(end_s) or isnan(taken_s) or begun_s < end_s
        return {
            "name": calibration or name,
            "taken_s": taken_s,
            "expires_s": inf if is_for_ever else end_s - taken_s,
        }

    response = stray_light = None
    axis, factor = as_array(of("response_wavelength_nm")), as_array(of("response_factor"))
    if axis is not None and factor is not None and axis.size == factor.size:
        response = SpectralResponse(wavelength_nm=axis, factor=factor, **source("response"))
    ends = as_array(of("stray_light_dark_nm"))
    if ends is not None and ends.size % 2 == 0 and bool(np.all(np.isfinite(ends))):
        windows = tuple((float(first), float(last)) for first, last in ends.reshape(-1, 2))
        stray_light = StrayLight(dark_nm=windows, **source("stray_light"))
    return BenchCorrections(
        nonlinearity=_nonlinearity(
            of("nonlinearity"), f"{spectrometer} {of('serial_number') or ''}"
        ),
        response=response,
        stray_light=stray_light,
    )


def _nonlinearity(coefficients: Any, name: str) -> Nonlinearity | None:
    """Return the polynomial, None for none and for one that changes nothing (1, 0, 0...)."""
    found = as_array(coefficients)
    if found is None or not np.all(np.isfinite(found)):
        return None
    if found[0] == 1.0 and not np.any(found[1:]):
        return None
    return Nonlinearity(name=name.strip(), coefficients=tuple(float(value) for value in found))


def _seconds(text: str, after: datetime.timedelta = datetime.timedelta()) -> float:
    """Return a date of ISO 8601 in s since the epoch, NaN for anything else; days are of UTC."""
    try:
        moment = datetime.datetime.fromisoformat(text) + after
    except (ValueError, OverflowError):
        return NO_NUMBER
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment.timestamp()
