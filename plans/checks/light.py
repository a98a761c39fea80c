"""Checks of light: wavelength, irradiance, dose, calibration."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from instruments.errors import LimitError
from instruments.light_sources.light_source import LightSource
from plans.preflight import Check

PROBE_SHARE_LIMIT: Final = 0.01
"""Of the dose: the probe is a reagent, too."""
CALIBRATION_DAYS: Final = 180
"""A lamp drifts; an older calibration is worth a note."""
_OVERHEAD_S: Final = 0.5  # of a frame: switching, settling, reading


def check_light(
    light: LightSource, wavelength_nm: float, irradiances_mw_cm2: Sequence[float]
) -> Iterator[Check]:
    """Yield whether a light source can give irradiances, and how old its calibration is.

    Args:
        light: The light source.
        wavelength_nm: The wavelength, nm.
        irradiances_mw_cm2: All irradiances that will be asked for, mW/cm².
    """
    available = ", ".join(f"{channel.wavelength_nm:g}" for channel in light.channels)
    try:
        low, high = light.irradiance_range_mw_cm2(wavelength_nm)
        channel = light.channel_of(wavelength_nm)
    except LimitError:
        detail = f"{light.name} has no {wavelength_nm:g} nm; it has {available} nm"
        yield Check(name="light", verdict="refused", detail=detail)
        return
    fits = all(low <= value <= high for value in irradiances_mw_cm2)
    asked = sorted({f"{value:g}" for value in irradiances_mw_cm2}, key=float)
    yield Check(
        name="light",
        verdict="ok" if fits else "refused",
        detail=f"{wavelength_nm:g} nm at {', '.join(asked)} mW/cm²; {light.name} gives "
        f"{low:.3g} to {high:.3g} mW/cm²",
    )
    today = datetime.fromtimestamp(time.time(), tz=UTC).date()
    calibration = channel.calibration
    days = (today - calibration.calibrated).days
    is_old = days > CALIBRATION_DAYS or calibration.is_expired(today)
    yield Check(
        name="light calibration",
        verdict="note" if is_old else "ok",
        detail=f"of {calibration.calibrated}"
        + (f", {days} days old: measure it again (calibrate_irradiance)" if is_old else ""),
    )


def check_probe_share(share: float) -> Check:
    """Return whether the probe light has a small enough share of the dose.

    Args:
        share: The share, 0 to 1.
    """
    return Check(
        name="probe share of the dose",
        verdict="ok" if share <= PROBE_SHARE_LIMIT else "note",
        detail=f"{100 * share:.2g} %, advised at most {100 * PROBE_SHARE_LIMIT:g} %",
    )


def check_interval(interval_s: float, frame_s: float) -> Check:
    """Return whether a spectrum fits into the interval.

    Args:
        interval_s: From spectrum to spectrum, s.
        frame_s: Time of its exposures, s.
    """
    needed_s = frame_s + _OVERHEAD_S
    return Check(
        name="interval",
        verdict="ok" if needed_s <= interval_s else "refused",
        detail=f"a spectrum takes about {needed_s:.2g} s of {interval_s:g} s",
    )


def check_dose(planned_j_cm2: float, limit_j_cm2: float) -> Check:
    """Return what dose the sample will have at most.

    Args:
        planned_j_cm2: By the time that the light is on, J/cm².
        limit_j_cm2: The limit, at which the light goes off, J/cm².
    """
    return Check(
        name="dose",
        verdict="ok",
        detail=f"{min(planned_j_cm2, limit_j_cm2):.4g} J/cm² at most, limit {limit_j_cm2:g} J/cm²",
    )
