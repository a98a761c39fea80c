"""Photoluminescence lifetimes from photon counting."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.fft import irfft, next_fast_len, rfft

from plans.analysis.noise import FloatArray
from plans.analysis.power_law import columns

MOST_COMPONENTS: Final = 3
LARGEST_COUNT_RATE_SHARE: Final = 0.05
"""Photons per pulse above which the first of two hides the second (pile-up)."""
PERIOD_LIFETIMES: Final = 5.0
"""A pulse should wait this many lifetimes for the next."""
BINS_PER_LIFETIME: Final = 5.0
_BINS_OF_RESPONSE: Final = 3
_FEWEST_BINS: Final = 20
_FEWEST_COUNTS: Final = 200.0
_BIC_GAIN: Final = 10.0
_TINY: Final = 1e-12


@dataclass(frozen=True, kw_only=True)
class DecayResult:
    """A decay as a sum of exponentials.

    Two averages are in use and differ by a factor of ten on mixtures of short and long lives, so
    neither is called "the" lifetime.

    Attributes:
        lifetimes_ns: shortest first, None when there is no fit.
        lifetimes_ns_se: their standard errors.
        amplitudes: share of each in the height of the decay at time zero; they add up to one.
        amplitude_average_ns: sum(a tau) / sum(a), the area over the height.
        amplitude_average_ns_se: its standard error.
        intensity_average_ns: sum(a tau^2) / sum(a tau), the mean arrival time of a photon.
        intensity_average_ns_se: its standard error.
        background: counts per bin that are there all the time.
        shift_ns: how far the decay is behind the instrument response, None if that is not fitted.
        chi2_red: reduced chi squared with the model's variance; 1.0 to 1.2 is good.
        bic: of the chosen number of components.
        model: expected counts in every bin of the fit.
        flags: "pile-up", "period too short", "bins too wide", "window too short", "tail only",
            "response not resolved" (the bins of the rise are left out).
        reason: why there is no fit, empty if there is one.
    """

    lifetimes_ns: tuple[float, ...] | None = None
    lifetimes_ns_se: tuple[float, ...] = ()
    amplitudes: tuple[float, ...] = ()
    amplitude_average_ns: float | None = None
    amplitude_average_ns_se: float | None = None
    intensity_average_ns: float | None = None
    intensity_average_ns_se: float | None = None
    background: float | None = None
    shift_ns: float | None = None
    chi2_red: float | None = None
    bic: float | None = None
    model: FloatArray | None = None
    flags: tuple[str, ...] = ()
    reason: str = ""


def longest_rate_hz(lifetime_ns: float) -> float:
    """Return the highest pulse rate that leaves five lifetimes between pulses, in Hz."""
    return 1e9 / (PERIOD_LIFETIMES * lifetime_ns) if lifetime_ns > 0.0 else float("inf")


def diffusion_lifetime_ns(length_nm: float, diffusion_cm2_s: float) -> float:
    """Return the lifetime L^2 / D that goes with a diffusion length, in ns."""
    if diffusion_cm2_s <= 0.0:
        return float("nan")
    return (length_nm * 1e-7) ** 2 / diffusion_cm2_s * 1e9


def fret_lifetime_ratio(efficiency: float) -> float:
    """Return the donor's lifetime with acceptor over that without, 1 - E."""
    return 1.0 - efficiency


def fret_distance_ratio(efficiency: float) -> float:
    """Return the distance over the Foerster radius, (1/E - 1)^(1/6); NaN outside 0 to 1."""
    if not 0.0 < efficiency <= 1.0:
        return float("nan")
    return float((1.0 / efficiency - 1.0) ** (1.0 / 6.0))


def fit_decay(
    time_ns: ArrayLike,
    counts: ArrayLike,
    *,
    irf_counts: ArrayLike | None = None,
    components: int | None = None,
    repetition_rate_hz: float | None = None,
    exposure_s: float | None = None,
) -> DecayResult:
    """Fit 1 to 3 exponentials, convolved with the instrument response, to a histogram.

    The Poisson likelihood is maximised (as least squares of deviance residuals: Laurence and
    Chromy, Nature Methods 2010, 7, 338), each bin holds the integral over its width, and when the
    pulse rate is known the tail of the pulses before is part of the model.

    Args:
        time_ns: the start of each bin, in equal steps.
        counts: photons in each bin, as counted, no background taken off, not normalised.
        irf_counts: the instrument response in the same bins. Without it the fit starts at the
            maximum and is flagged "tail only".
        components: how many exponentials; the BIC chooses up to three if not given, none of them
            shorter than a bin.
        repetition_rate_hz: pulses per second, to check the period and the count rate.
        exposure_s: how long was counted, to check the count rate.
    """
    given: list[ArrayLike] = [time_ns, counts]
    held = columns(*given, *([] if irf_counts is None else [irf_counts]))
    reason = _unusable(held, components)
    if held is None or reason:
        return DecayResult(reason=reason)
    time, photons = held[0], held[1]
    total, step_ns = float(np.sum(photons)), float(time[1] - time[0])
    irf = np.maximum(held[2], 0.0) / float(np.sum(np.maximum(held[2], 0.0))) if held[2:] else None
    if irf is None:
        photons = photons[int(np.argmax(photons)) :]
    if photons.size < _FEWEST_BINS:
        return DecayResult(reason="fewer than 20 bins after the maximum")
    rate_hz = repetition_rate_hz if repetition_rate_hz and repetition_rate_hz > 0.0 else None
    work = _Histogram(photons, irf, step_ns, 1e9 / rate_hz if rate_hz else None)
    best = work.fit(components or 1, None)
    for number in range(2, MOST_COMPONENTS + 1 if components is None else 2):
        fit = work.fit(number, best)
        if fit.lifetimes[0] < step_ns or not fit.bic < best.bic - _BIC_GAIN:
            break
        best = fit
    return best.as_result(_flags(best.lifetimes, work, rate_hz, exposure_s, total))


def _unusable(held: tuple[FloatArray, ...] | None, components: int | None) -> str:
    if held is None:
        return "time, counts and response are not lists of numbers of the same length"
    if components is not None and not 1 <= components <= MOST_COMPONENTS:
        return f"{components} exponentials were asked for: 1 to {MOST_COMPONENTS} can be told apart"
    time, counts = held[0], held[1]
    if time.size < _FEWEST_BINS:
        return f"{time.size} bins: a decay needs {_FEWEST_BINS}"
    steps = np.diff(time)
    if not float(np.min(steps)) > 0.0 or float(np.ptp(steps)) > 0.01 * float(np.mean(steps)):
        return "the bins are not in equal steps of time"
    if float(np.min(counts)) < 0.0:
        return "counts below zero: the Poisson fit needs the histogram as counted"
    if float(np.sum(counts)) < _FEWEST_COUNTS:
        return f"{np.sum(counts):.0f} photons: a lifetime needs {_FEWEST_COUNTS:.0f}"
    if len(held) == 3 and float(np.max(held[2])) <= 0.0:
        return "the instrument response is empty"
    return ""


def _flags(
    lifetimes: FloatArray,
    work: "_Histogram",
    rate_hz: float | None,
    exposure_s: float | None,
    total: float,
) -> tuple[str, ...]:
    longest, shortest = float(np.max(lifetimes)), float(np.min(lifetimes))
    flags = ["tail only"] if work.irf is None else []
    if rate_hz and exposure_s and total > LARGEST_COUNT_RATE_SHARE * rate_hz * exposure_s:
        flags.append("pile-up")
    if rate_hz and rate_hz > longest_rate_hz(longest):
        flags.append("period too short")
    if not work.resolved:
        flags.append("response not resolved")
    if work.step_ns > shortest / BINS_PER_LIFETIME:
        flags.append("bins too wide")
    if work.counts.size * work.step_ns < 3.0 * longest:
        flags.append("window too short")
    return tuple(flags)


class _Histogram:
    """A measured decay and its model; parameters are logarithms, the shift in bins comes last."""

    def __init__(
        self, counts: FloatArray, irf: FloatArray | None, step_ns: float, period_ns: float | None
    ) -> None:
        self.counts, self.irf, self.step_ns = counts, irf, step_ns
        self.bins = np.arange(counts.size, dtype=np.float64)
        self.period = period_ns / step_ns if period_ns else None
        self.used, self.resolved = self._usable()
        head = counts[: max(3, counts.size // 50)]
        quiet = float(np.mean(head)) if irf is not None else float(np.percentile(counts, 2))
        self.quiet = max(quiet, 0.01)
        self._log_counts = counts * np.log(np.maximum(counts, 1.0)) - counts

    def _usable(self) -> tuple[FloatArray, bool]:
        """Return a 1 for every bin of the fit, and whether the bins resolve the response.

        Where in a wide bin a narrow response sits is not known, so the bins of the rise are left
        out then; the ones after it do not depend on it.
        """
        used = np.ones(self.bins.size)
        if self.irf is None:
            return used, True
        if int(np.sum(self.irf > 0.5 * float(np.max(self.irf)))) >= _BINS_OF_RESPONSE:
            return used, True
        top = int(np.argmax(self.irf))
        used[max(top - 2, 0) : top + 3] = 0.0
        return used, False

    def shape(self, life: float) -> FloatArray:
        """Return one exponential of this life (in bins), one photon in all."""
        after = self.bins
        with np.errstate(under="ignore"):
            if self.irf is None:
                return np.asarray(-np.expm1(-1.0 / life) * np.exp(-after / life))
            early = life - life**2 * -np.expm1(-1.0 / life)
            later = life**2 * (np.expm1(1.0 / life) + np.expm1(-1.0 / life)) if life > 0.01 else 0.0
            kernel = later * np.exp(-after / life) / life
        kernel[0] = early / life
        return kernel

    def before(self, life: float) -> FloatArray | float:
        """Return what pulses before this one left, in bins from -(n - 1) to n - 1."""
        if self.period is None:
            return 0.0
        away = np.arange(-self.bins.size + 1, self.bins.size, dtype=np.float64) + self.period
        with np.errstate(under="ignore"):
            tail = -np.expm1(-1.0 / life) * np.exp(-np.maximum(away, 0.0) / life)
        return np.asarray(tail / -np.expm1(-self.period / life))

    def expected(self, parameters: FloatArray) -> FloatArray:
        """Return the expected counts in every bin."""
        number = parameters.size // 2 - 1
        photons = np.exp(parameters[:number])
        lives = np.exp(parameters[number : 2 * number])
        background, shift = float(np.exp(parameters[-2])), float(parameters[-1] * self.resolved)
        total = np.zeros(2 * self.bins.size - 1)
        for photon, life in zip(photons, lives, strict=True):
            total[self.bins.size - 1 :] += photon * self.shape(float(life))
            total += photon * self.before(float(life))
        if self.irf is None:
            return np.asarray(total[self.bins.size - 1 :] + background)
        moved = np.interp(self.bins - shift, self.bins, self.irf, left=0.0, right=0.0)
        size = next_fast_len(moved.size + total.size, real=True)
        both = irfft(rfft(moved, size) * rfft(total, size), size)
        seen = both[self.bins.size - 1 : 2 * self.bins.size - 1]
        return np.asarray(np.maximum(seen, 0.0) + background)

    def deviance(self, parameters: FloatArray) -> FloatArray:
        """Return the residuals whose squares add up to twice the lost log-likelihood."""
        model = np.maximum(self.expected(parameters), _TINY)
        lost = self._log_counts + model - self.counts * np.log(model)
        size = np.sqrt(2.0 * np.maximum(lost, 0.0) + 1e-20)
        return np.asarray(np.sign(self.counts - model) * size * self.used)

    def start(self, number: int, before: "_Fit | None") -> FloatArray:
        above = np.maximum(self.counts - self.quiet, 0.0)
        photons = max(float(np.sum(above)), 1.0)
        if before is None:
            first = int(np.argmax(above))
            tail = above[first:]
            mean = float(np.sum(tail * np.arange(tail.size)) / max(float(np.sum(tail)), 1.0))
            middle = max(mean, 0.5)
            spread = np.linspace(-1.0, 1.0, number) if number > 1 else np.zeros(1)
            lives = np.log(middle) + spread * np.log(5.0)
        else:
            lives = np.log(before.lifetimes / self.step_ns)
            lives = np.sort(np.append(lives, lives[0] - np.log(4.0)))
        shares = np.full(number, np.log(photons / number))
        return np.concatenate([shares, lives, [np.log(self.quiet), 0.0]])

    def fit(self, number: int, before: "_Fit | None") -> "_Fit":
        """Return the most likely exponentials."""
        from scipy.optimize import least_squares  # slow to import, so only when it is used

        reach = np.log(20.0 * self.bins.size)
        low = np.array([-10.0] * number + [np.log(0.02)] * number + [np.log(1e-4), -20.0])
        high = np.array([60.0] * number + [reach] * number + [60.0, 20.0])
        starts = [self.start(number, before)]
        if before is not None:
            starts.append(self.start(number, None))
        found = [
            least_squares(
                self.deviance,
                np.clip(start, low + 1e-6, high - 1e-6),
                bounds=(low, high),
                x_scale="jac",
                max_nfev=200,
            )
            for start in starts
        ]
        best = min(found, key=lambda fit: float(fit.cost))
        return _Fit(self, np.asarray(best.x, dtype=np.float64), number, 2.0 * float(best.cost))


class _Fit:
    def __init__(
        self, work: _Histogram, parameters: FloatArray, number: int, deviance: float
    ) -> None:
        self.work, self.number = work, number
        order = np.argsort(parameters[number : 2 * number])
        self.parameters = parameters.copy()
        self.parameters[:number] = parameters[:number][order]
        self.parameters[number : 2 * number] = parameters[number : 2 * number][order]
        free = 2 * number + (2 if work.irf is not None and work.resolved else 1)
        self.bic = deviance + free * float(np.log(work.counts.size))

    @property
    def lifetimes(self) -> FloatArray:
        """Lifetimes in ns, shortest first."""
        return self._numbers(self.parameters)[: self.number]

    def _numbers(self, parameters: FloatArray) -> FloatArray:
        """Return lifetimes, amplitude shares, and the two averages."""
        number = self.number
        lives = np.exp(parameters[number : 2 * number]) * self.work.step_ns
        photons = np.exp(parameters[:number])
        amplitudes = photons / lives
        averages = [
            float(np.sum(photons) / np.sum(amplitudes)),
            float(photons @ lives / np.sum(photons)),
        ]
        return np.concatenate([lives, amplitudes / np.sum(amplitudes), averages])

    def _gradient(self, function: Callable[[FloatArray], FloatArray], at: FloatArray) -> FloatArray:
        rows = []
        for number in range(at.size):
            step = np.zeros(at.size)
            step[number] = 1e-4
            rows.append((function(at + step) - function(at - step)) / 2e-4)
        return np.asarray(rows)

    def as_result(self, flags: tuple[str, ...]) -> DecayResult:
        number, work, at = self.number, self.work, self.parameters
        model = np.maximum(work.expected(at), _TINY)
        jacobian = self._gradient(work.expected, at)
        fisher = (jacobian * work.used / model) @ jacobian.T
        covariance = np.linalg.pinv(fisher, rcond=1e-12, hermitian=True)
        numbers = self._numbers(at)
        by = self._gradient(self._numbers, at)
        errors = np.sqrt(np.maximum(np.einsum("ij,ik,kj->j", by, covariance, by), 0.0))
        used = (model > 1.0) & (work.used > 0.0)
        free = max(int(used.sum()) - 2 * number - 2, 1)
        chi2 = float(np.sum((work.counts - model)[used] ** 2 / model[used])) / free
        lifetimes, errors_ = tuple(map(float, numbers)), tuple(map(float, errors))
        return DecayResult(
            lifetimes_ns=lifetimes[:number],
            lifetimes_ns_se=errors_[:number],
            amplitudes=lifetimes[number : 2 * number],
            amplitude_average_ns=lifetimes[-2],
            amplitude_average_ns_se=errors_[-2],
            intensity_average_ns=lifetimes[-1],
            intensity_average_ns_se=errors_[-1],
            background=float(np.exp(at[-2])),
            shift_ns=None
            if work.irf is None or not work.resolved
            else float(at[-1]) * work.step_ns,
            chi2_red=chi2,
            bic=self.bic,
            model=model,
            flags=flags,
        )
