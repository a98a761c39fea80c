"""What a time-correlated single-photon counter sees of a decay.

A pulsed laser excites the sample, a detector with a time resolution sees the photons. Where the
period of the laser is short against the decay, the tails of earlier pulses are in the histogram
(wrap). Where more than a few per cent of the pulses give a photon, the later photons of a pulse are
lost behind the first (pile-up; O'Connor and Phillips, Time-correlated Single Photon Counting,
section 6.2): with ``m`` photons expected up to a time, only ``exp(-m)`` of those that follow count.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import erfc, erfcx

from simulators.sample.optics import Floats

_SIGMA_PER_FWHM = 1.0 / (2.0 * math.sqrt(2.0 * math.log(2.0)))


class Pool(NamedTuple):
    """One exponential of a decay after a short pulse.

    Args:
        amplitude: Photons per s at time 0, relative to the other pools.
        lifetime_s: Time in which it falls to 1/e.
    """

    amplitude: float
    lifetime_s: float


@dataclass(frozen=True, kw_only=True)
class Counter:
    """A laser, a detector and a time-to-digital converter.

    Args:
        bin_s: Width of a bin of the histogram.
        bins: Number of bins; those beyond the period of the laser stay empty.
        repetition_hz: Pulses per second.
        photons_per_s: Photons that reach the detector per second, before pile-up.
        excitation_nm: Wavelength of the laser.
        response_fwhm_s: Time resolution of the detector (a Gaussian).
        response_at_s: Where in the histogram the pulse is.
        dark_counts_per_s: Counts without light.
    """

    bin_s: float
    bins: int
    repetition_hz: float
    photons_per_s: float
    excitation_nm: float = 405.0
    response_fwhm_s: float = 200e-12
    response_at_s: float = 2e-9
    dark_counts_per_s: float = 50.0

    def __post_init__(self) -> None:
        """Refuse what no counter can do.

        Raises:
            ValueError: When a setting is not above 0.
        """
        for name in ("bin_s", "bins", "repetition_hz", "response_fwhm_s"):
            if not getattr(self, name) > 0.0:
                message = f"photon counter: {name} is {getattr(self, name)}, above 0 is expected"
                raise ValueError(message)


def expected_counts(pools: tuple[Pool, ...], counter: Counter, seconds: float) -> Floats:
    """Return the mean histogram of an acquisition, shape [bins].

    Args:
        pools: The decay; none gives the dark counts alone.
        counter: The instrument.
        seconds: Length of the acquisition.
    """
    period_s = 1.0 / counter.repetition_hz
    edges_s = np.minimum(np.arange(counter.bins + 1) * counter.bin_s, period_s)
    photons = sum(pool.amplitude * pool.lifetime_s for pool in pools)
    per_pulse = counter.dark_counts_per_s * np.diff(edges_s)
    for pool in pools:
        share = pool.amplitude * pool.lifetime_s / photons
        arrived = _arrived(edges_s - counter.response_at_s, pool.lifetime_s, counter)
        per_pulse += counter.photons_per_s * period_s * share * np.diff(arrived)
    first = np.exp(-(np.cumsum(per_pulse) - per_pulse))
    # within a bin, too, only the first photon counts
    counted = first * -np.expm1(-per_pulse)
    mean: Floats = counted * seconds * counter.repetition_hz
    return mean


def response_counts(counter: Counter, seconds: float) -> Floats:
    """Return the mean histogram of a scatterer: the response of the instrument, shape [bins]."""
    return expected_counts((Pool(1.0, 1e-3 * counter.response_fwhm_s),), counter, seconds)


def drawn(mean: Floats, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return counts with the noise of single photons, shape [bins]."""
    return rng.poisson(mean)


def _arrived(time_s: Floats, lifetime_s: float, counter: Counter) -> Floats:
    """Return the part of a pulse's photons that came before a time, earlier pulses included."""
    sigma_s = counter.response_fwhm_s * _SIGMA_PER_FWHM
    period_s = 1.0 / counter.repetition_hz
    # the response of a pulse reaches into the periods before and after it
    total: Floats = np.zeros_like(time_s)
    for shift in (-1, 0, 1):
        total += _risen(time_s + shift * period_s, lifetime_s, sigma_s)
    # from two periods on, a pulse has left nothing but an exponential: a geometric series
    old = time_s + 2.0 * period_s
    left = math.exp(-period_s / lifetime_s)
    scale = math.exp(0.5 * (sigma_s / lifetime_s) ** 2) if lifetime_s > sigma_s else 0.0
    total -= scale * np.exp(-old / lifetime_s) / (1.0 - left)
    return total


def _risen(time_s: Floats, lifetime_s: float, sigma_s: float) -> Floats:
    """Return the distribution of an exponential decay seen with a Gaussian resolution."""
    reduced = time_s / sigma_s
    normal = 0.5 * erfc(-reduced / math.sqrt(2.0))
    ratio = sigma_s / lifetime_s
    argument = (ratio - reduced) / math.sqrt(2.0)
    # exp(r²/2 - t/tau) Phi(t/s - r) as a product that neither overflows nor cancels
    safe = np.minimum(argument, 25.0)
    early = 0.5 * np.exp(-0.5 * reduced**2) * erfcx(np.maximum(argument, -25.0))
    late = np.exp(np.minimum(0.5 * ratio**2 - time_s / lifetime_s, 0.0)) * 0.5 * erfc(safe)
    tail = np.where(argument > -5.0, early, late)
    risen: Floats = normal - tail
    return risen
