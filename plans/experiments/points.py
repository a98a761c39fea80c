"""Frames reduced to what a table of results holds."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from plans.analysis import TrackPoint
from plans.frames import PLSeries
from plans.logbook import NO_NUMBER, Row

_MEV_NM = 1239841.984
"""Planck constant times speed of light, meV nm (CODATA 2018)."""


@dataclass(frozen=True, kw_only=True)
class MeanPoint:
    """The mean of some frames; NaN without a usable one.

    Attributes:
        peak_nm: Peak.
        peak_nm_se: Its standard error, from the scatter of the frames.
        fwhm_nm: Full width at half maximum.
        area: Area of the line.
        frames: How many were usable.
    """

    peak_nm: float
    peak_nm_se: float
    fwhm_nm: float
    area: float
    frames: int


def mean_point(points: Sequence[TrackPoint]) -> MeanPoint:
    """Return the mean of the usable frames.

    Args:
        points: The frames.
    """
    usable = [point for point in points if point.is_usable and point.peak_nm is not None]
    if not usable:
        return MeanPoint(
            peak_nm=NO_NUMBER, peak_nm_se=NO_NUMBER, fwhm_nm=NO_NUMBER, area=NO_NUMBER, frames=0
        )
    peaks = [float(point.peak_nm or NO_NUMBER) for point in usable]
    spread = statistics.stdev(peaks) if len(peaks) > 1 else float(usable[0].peak_nm_se or NO_NUMBER)
    widths = [point.fwhm_nm for point in usable if point.fwhm_nm is not None]
    return MeanPoint(
        peak_nm=statistics.fmean(peaks),
        peak_nm_se=spread / math.sqrt(len(peaks)),
        fwhm_nm=statistics.fmean(widths) if widths else NO_NUMBER,
        area=statistics.fmean(point.area for point in usable),
        frames=len(usable),
    )


def compare(first: Sequence[TrackPoint], last: Sequence[TrackPoint]) -> Row:
    """Return start, end and change of peak, width and area.

    Args:
        first: Frames of the start.
        last: Frames of the end; not more of them are used than of the start.
    """
    start, end = mean_point(first), mean_point(last[-len(first) :])
    return {
        "peak_start_nm": start.peak_nm,
        "peak_end_nm": end.peak_nm,
        "shift_nm": end.peak_nm - start.peak_nm,
        "shift_mev": shift_mev(start.peak_nm, end.peak_nm),
        "fwhm_start_nm": start.fwhm_nm,
        "fwhm_end_nm": end.fwhm_nm,
        "area_ratio": end.area / start.area if start.area else NO_NUMBER,
    }


def shift_mev(start_nm: float, end_nm: float) -> float:
    """Return by how much the photon energy falls from one wavelength to another, meV.

    Args:
        start_nm: Wavelength at the start.
        end_nm: Wavelength at the end.
    """
    return _MEV_NM / start_nm - _MEV_NM / end_nm


def doses(log: PLSeries) -> Row:
    """Return dose, probe share and time of a run so far.

    Args:
        log: The series.
    """
    dose = log.dose_j_cm2()
    return {
        "dose_j_cm2": dose,
        "probe_share": log.probe_dose_j_cm2() / dose if dose > 0 else 0.0,
        "time_s": log.elapsed_s(),
    }
