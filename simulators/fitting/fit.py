"""The rate constants that make the twin repeat recorded runs.

The twin is run along each recording's history and its spectra are laid upon the recorded ones.
Each spectrum is compared twice: in shape, with the noise of its channels, and in brightness, with
the flicker of the lamp; the brightness of a whole run is free, as is one offset of the wavelength
axis. Rate constants are varied on a logarithmic scale, so that they stay above 0. Standard
uncertainties come from the curvature of the sum of squares at its minimum, widened where the twin
does not describe the data within their noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import least_squares

from simulators.fitting.recording import Recording
from simulators.sample.emission import PixelGrid, Throughput
from simulators.sample.integrator import StepError
from simulators.sample.kinetics import KineticParameters
from simulators.sample.nanocrystals import Sample
from simulators.sample.optics import Floats

DEFAULT_FREE = (
    "activation_yield",
    "sticking",
    "passivation_per_s_mm",
    "degradation_yield",
    "brightening_yield",
)
"""What a light-induced regrowth with more than one ligand concentration can tell."""
_FARTHEST = math.log(300.0)
_OFFSET_NM = 5.0
_TOO_SHALLOW = 1.0
"""Standard uncertainty of a logarithm from which on a constant counts as not determined."""
_BLOCKED = 1e3
_GAUSS = np.array([-0.5, 0.5]) / math.sqrt(3.0)
"""Where the light of a channel is looked at, in widths from its centre, exact to third order."""
_CLEAN = Throughput(stray=0.0, wire_scatter=0.0, second_order=0.0)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One rate constant.

    Args:
        name: Its name in ``KineticParameters``.
        value: The best value.
        relative_error: Standard uncertainty of its logarithm: about the relative one.
        determined: Whether the recordings say anything about it.
    """

    name: str
    value: float
    relative_error: float
    determined: bool

    @property
    def interval(self) -> tuple[float, float]:
        """The interval that holds the true value with 95 % probability."""
        reach = math.exp(1.96 * self.relative_error)
        return self.value / reach, self.value * reach


@dataclass(frozen=True, kw_only=True)
class KineticsFit:
    """What came of a fit.

    Args:
        estimates: The rate constants that were free.
        covariance: Of their logarithms, shape [k, k].
        offset_nm: How much redder the recordings are than the twin.
        chi2_reduced: Mean square of the residuals; 1 when the twin repeats the runs within noise.
        kinetics: All rate constants, the fitted ones in place.
        reason: Why the result should not be trusted, empty when it may.
    """

    estimates: tuple[Estimate, ...]
    covariance: Floats
    offset_nm: float
    chi2_reduced: float
    kinetics: KineticParameters
    reason: str

    def distance2(self, truth: KineticParameters) -> float:
        """Return the squared distance of a truth, chi-squared distributed with k degrees."""
        away = [math.log(each.value / getattr(truth, each.name)) for each in self.estimates]
        return float(np.array(away) @ np.linalg.solve(self.covariance, np.array(away)))


def fit_kinetics(
    recordings: Sequence[Recording],
    free: Sequence[str] = DEFAULT_FREE,
    progress: Callable[[str], None] | None = None,
) -> KineticsFit:
    """Fit rate constants to recorded runs.

    Args:
        recordings: Runs of samples with the same constants.
        free: Names of the constants that are free; the others stay as the preparations have them.
        progress: Is told how far it is, once an iteration.

    Raises:
        ValueError: When there is no recording, or no such constant.
    """
    known = KineticParameters.__dataclass_fields__
    if not recordings or not free:
        message = f"{len(recordings)} recordings, {len(free)} free constants: give one of each"
        raise ValueError(message)
    for name in free:
        if name not in known:
            message = f"{name!r} is no rate constant; there are {', '.join(known)}"
            raise ValueError(message)
    start = recordings[0].preparation.kinetics
    if any(getattr(start, name) <= 0.0 for name in free):
        message = "a free constant must start above 0: its logarithm is varied"
        raise ValueError(message)
    calls = [0]

    def residuals(point: Floats) -> Floats:
        calls[0] += 1
        if progress is not None and calls[0] % (len(free) + 2) == 1:
            progress(f"iteration {calls[0] // (len(free) + 2)}")
        kinetics = _constants(start, free, point)
        return np.concatenate([_residuals(each, kinetics, point[-1]) for each in recordings])

    reach = np.array([_FARTHEST] * len(free) + [_OFFSET_NM])
    found = least_squares(
        residuals,
        np.zeros(len(free) + 1),
        bounds=(-reach, reach),
        diff_step=1e-4,
        x_scale=np.array([0.1] * len(free) + [0.01]),
        xtol=1e-7,
        ftol=1e-9,
    )
    return _result(found.x, found.fun, found.jac, start, free)


def _result(
    point: Floats, residual: Floats, jacobian: Floats, start: KineticParameters, free: Sequence[str]
) -> KineticsFit:
    """Return the result at a minimum."""
    freedom = max(residual.size - point.size, 1)
    chi2_reduced = float(residual @ residual) / freedom
    covariance = np.linalg.pinv(jacobian.T @ jacobian, rcond=1e-14) * max(chi2_reduced, 1.0)
    kinetics = _constants(start, free, point)
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    silent = np.abs(jacobian).max(axis=0) == 0.0
    estimates = tuple(
        Estimate(
            name=name,
            value=getattr(kinetics, name),
            relative_error=math.inf if silent[n] else float(errors[n]),
            determined=bool(not silent[n] and errors[n] < _TOO_SHALLOW),
        )
        for n, name in enumerate(free)
    )
    open_ones = [each.name for each in estimates if not each.determined]
    reason = ""
    if open_ones:
        reason = f"the runs do not determine {', '.join(open_ones)}: fix them or vary more"
    elif chi2_reduced > 2.0:
        reason = f"the twin does not repeat the runs within their noise (chi2 {chi2_reduced:.1f})"
    return KineticsFit(
        estimates=estimates,
        covariance=np.asarray(covariance[: len(free), : len(free)], dtype=np.float64),
        offset_nm=float(point[-1]),
        chi2_reduced=chi2_reduced,
        kinetics=kinetics,
        reason=reason,
    )


def _constants(start: KineticParameters, free: Sequence[str], point: Floats) -> KineticParameters:
    changes = {
        name: getattr(start, name) * math.exp(float(point[n])) for n, name in enumerate(free)
    }
    return replace(start, **changes)


def _residuals(recording: Recording, kinetics: KineticParameters, offset_nm: float) -> Floats:
    """Return shape and brightness of each spectrum against the twin, in units of their noise."""
    try:
        model = predict(recording, kinetics, offset_nm)
    except StepError:  # so far off that the equations became too stiff: no way to go
        return np.full(recording.spectra.size + recording.time_s.size, _BLOCKED)
    weighted = model / recording.errors
    data = recording.spectra / recording.errors
    strength = np.einsum("mn,mn->m", weighted, weighted)
    brightness = np.einsum("mn,mn->m", weighted, data) / strength
    shape = data - brightness[:, np.newaxis] * weighted
    ratio = np.log(np.maximum(brightness, 1e-300))
    noise2 = 1.0 / (np.maximum(brightness, 1e-300) ** 2 * strength)
    sigma = np.sqrt(noise2 + recording.brightness_error**2)
    whole = np.average(ratio, weights=1.0 / sigma**2)
    return np.concatenate([shape.ravel(), (ratio - whole) / sigma])


def predict(recording: Recording, kinetics: KineticParameters, offset_nm: float = 0.0) -> Floats:
    """Return the spectra that the twin shows at the times of a recording, shape [m, n].

    Args:
        recording: The history and the times.
        kinetics: Rate constants.
        offset_nm: How much redder they shall be.
    """
    sample = Sample(replace(recording.preparation, kinetics=kinetics), _CLEAN)
    width_nm = np.gradient(recording.wavelength_nm)
    points_nm = recording.wavelength_nm[:, np.newaxis] + width_nm[:, np.newaxis] * _GAUSS
    grid = PixelGrid(points_nm.ravel() - offset_nm)
    part_nm = np.repeat(width_nm, _GAUSS.size) / _GAUSS.size
    weights = part_nm / grid.pixel_nm
    spectra: Floats = np.empty_like(recording.spectra)
    now_s, number = 0.0, 0
    for segment in recording.segments:
        end_s = now_s + segment.duration_s
        while number < recording.time_s.size and recording.time_s[number] <= end_s:
            at_s = max(float(recording.time_s[number]), now_s)
            sample.step(at_s - now_s, segment.inputs)
            light = sample.emission_per_s(grid, recording.probe) * weights
            spectra[number] = light.reshape(points_nm.shape).sum(axis=1)
            now_s, number = at_s, number + 1
        sample.step(end_s - now_s, segment.inputs)
        now_s = end_s
    if number < recording.time_s.size:
        message = f"{recording.name}: spectra after the end of what was done"
        raise ValueError(message)
    return spectra
