"""Where to measure next: Bayesian optimisation with a Gaussian process.

The library bayesian-optimization (F. Nogueira) is given all results afresh for each question,
seeded by the number of the question, so that a search that was cut and resumed asks what an uncut
one would have asked. The process works on the unit cube, has a length for each axis and learns the
noise; the next condition is the one of the largest expected improvement (Jones, Schonlau and Welch,
J. Global Optim. 13, 455, 1998) times the probability that the limits hold (Gardner et al., ICML
2014).
"""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from plans.parameters import ParameterError
from plans.search.space import Axis

_LENGTHS = (0.05, 5.0)  # of the process, in parts of an axis
_HEIGHT = (0.05, 20.0)  # of the process, in parts of the variance of the results
_NOISE = (1e-5, 0.3)  # variance of the noise, in parts of the variance of the results
_HAIR = 1e-7  # of an axis: far below the four figures of a value

_Result = tuple[Mapping[str, float], float, float]  # values, merit, by how much limits are exceeded


@dataclass(frozen=True, kw_only=True)
class Told:
    """A condition that was measured.

    Attributes:
        values: Value by the name of the axis.
        merit: What is to be made large; NaN when the run gave none.
        violation: By how much the limits were exceeded, 0 for not.
        objective: The objective itself, for showing.
    """

    values: Mapping[str, float]
    merit: float
    violation: float = 0.0
    objective: float = math.nan

    @property
    def allowed(self) -> bool:
        """Whether it gave a result within the limits."""
        return math.isfinite(self.merit) and self.violation == 0.0


class Search:
    """Asks for conditions and learns from what they gave.

    Args:
        axes: What may be changed.
        seed: The same seed asks the same after the same answers.
        start: How many conditions are spread over the space before the search begins.

    Raises:
        ParameterError: bayesian-optimization is not installed.
    """

    def __init__(self, axes: Sequence[Axis], *, seed: int, start: int) -> None:
        try:
            import bayes_opt
        except ImportError as error:
            raise ParameterError(
                "a search needs bayesian-optimization: pip install 'regrow[optimise]'"
            ) from error
        self._library = bayes_opt
        self._axes = tuple(axes)
        self._seed = seed
        self._start = start
        self.told: list[Told] = []

    def tell(self, told: Told) -> None:
        """Learn what a condition gave.

        Args:
            told: The condition and its merit.
        """
        self.told.append(told)

    def ask(self, count: int = 1) -> list[dict[str, float]]:
        """Return conditions that are worth measuring.

        Args:
            count: How many; several are kept apart from each other.

        Returns:
            Value by the name of the axis, rounded to what is worth setting.
        """
        asked: list[dict[str, float]] = []
        for _ in range(count):
            asked.append(self._ask(len(self.told) + len(asked), asked))
        return asked

    def best(self) -> Told | None:
        """Return the best condition within the limits, None while there is none."""
        allowed = [told for told in self.told if told.allowed]
        return max(allowed, key=lambda told: told.merit, default=None)

    def _ask(self, number: int, pending: Sequence[Mapping[str, float]]) -> dict[str, float]:
        if number < self._start or self.best() is None:
            return self._spread(number)
        from threadpoolctl import threadpool_limits

        optimiser = self._optimiser(number, pending)
        with warnings.catch_warnings(), threadpool_limits(1):  # small matrices: one is faster
            warnings.simplefilter("ignore")  # of a length at its bound: an axis that does nothing
            point = optimiser.suggest()
        return {
            axis.name: _rounded(axis, _at(axis, float(point[axis.name]))) for axis in self._axes
        }

    def _spread(self, number: int) -> dict[str, float]:
        """Return a condition of a scrambled Sobol sequence, which fills the space evenly."""
        from scipy.stats import qmc

        sobol = qmc.Sobol(len(self._axes), scramble=True, rng=self._seed)
        shares = sobol.random_base2(max(1, math.ceil(math.log2(number + 1))))[number]
        return {
            axis.name: _rounded(axis, _at(axis, float(share)))
            for axis, share in zip(self._axes, shares, strict=True)
        }

    def _optimiser(self, number: int, pending: Sequence[Mapping[str, float]]) -> Any:
        """Return the library's optimiser that knows all results."""
        results = [*self._results(), *self._under_way(pending)]
        targets = [merit for _, merit, _ in results]
        optimiser = self._library.BayesianOptimization(
            f=None,
            pbounds={axis.name: (0.0, 1.0) for axis in self._axes},
            acquisition_function=_improvement(
                [excess == 0.0 for _, _, excess in results], float(np.std(targets))
            ),
            constraint=_constraint() if any(excess for _, _, excess in results) else None,
            random_state=np.random.RandomState(self._seed * 100_003 + number),
            verbose=0,
        )
        optimiser.set_gp_params(kernel=_kernel(len(self._axes)), alpha=1e-8, n_restarts_optimizer=2)
        for again, (values, merit, excess) in enumerate(results):
            self._register(optimiser, again, values, merit, excess)
        return optimiser

    def _results(self) -> list[_Result]:
        """Return what is known; a run without a result is as poor as the poorest that has one."""
        known = [told for told in self.told if math.isfinite(told.merit)]
        poor = min(told.merit for told in known)
        largest = max((t.violation for t in known if math.isfinite(t.violation)), default=0.0)
        return [
            (
                told.values,
                told.merit if math.isfinite(told.merit) else poor,
                min(told.violation, 2.0 * largest + 1.0),
            )
            for told in self.told
        ]

    def _under_way(self, pending: Sequence[Mapping[str, float]]) -> list[_Result]:
        """Return what is being measured as if it were as usual, so that others are asked for."""
        usual = float(np.mean([told.merit for told in self.told if math.isfinite(told.merit)]))
        return [(values, usual, 0.0) for values in pending]

    def _register(
        self, optimiser: Any, number: int, values: Mapping[str, float], merit: float, excess: float
    ) -> None:
        """Tell the library a result; it wants no condition twice, so that one is moved a hair."""
        hair = _HAIR * number
        shares = {axis.name: abs(_share(axis, values[axis.name]) - hair) for axis in self._axes}
        if optimiser.constraint is None:
            optimiser.register(params=shares, target=merit)
        else:
            optimiser.register(params=shares, target=merit, constraint_value=excess)


def _improvement(allowed: Sequence[bool], spread: float) -> Any:
    from plans.search.improvement import NoisyImprovement

    return NoisyImprovement(allowed, spread)


def _kernel(axes: int) -> Any:
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    smooth = Matern([0.3] * axes, length_scale_bounds=_LENGTHS, nu=2.5)
    noise = WhiteKernel(1e-3, noise_level_bounds=_NOISE)
    return ConstantKernel(1.0, _HEIGHT) * smooth + noise


def _constraint() -> Any:
    from scipy.optimize import NonlinearConstraint

    return NonlinearConstraint(None, -math.inf, 0.0)  # what is exceeded comes with the results


def _rounded(axis: Axis, value: float) -> float:
    """Return a value with four figures, within the axis."""
    if axis.whole:
        return round(value)
    return min(max(float(f"{value:.4g}"), axis.low), axis.high)


def _at(axis: Axis, share: float) -> float:
    """Return the value a share of the way up an axis."""
    if axis.logarithmic:
        return float(axis.low * (axis.high / axis.low) ** share)
    return axis.low + (axis.high - axis.low) * share


def _share(axis: Axis, value: float) -> float:
    """Return how far up an axis a value is, 0 to 1."""
    if axis.logarithmic:
        return math.log(value / axis.low) / math.log(axis.high / axis.low)
    return (value - axis.low) / (axis.high - axis.low)
