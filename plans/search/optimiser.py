"""Where to measure next: a tree-structured Parzen estimator.

Optuna's sampler (Bergstra et al., NIPS 2011; Watanabe, arXiv:2304.11127) is asked with a fresh
state each time, seeded by the number of the question, so that a search that was cut and resumed
asks what an uncut one would have asked.
"""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plans.parameters import ParameterError
from plans.search.space import Axis

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution

_WITHOUT_RESULT = 1e9  # the excess of a run that gave no figure: as far outside as can be


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
        ParameterError: Optuna is not installed.
    """

    def __init__(self, axes: Sequence[Axis], *, seed: int, start: int) -> None:
        try:
            import optuna
        except ImportError as error:
            raise ParameterError("a search needs optuna: pip install 'regrow[optimise]'") from error
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._optuna = optuna
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
        if number < self._start:
            return self._spread(number)
        study = self._study(number)
        for values in pending:  # conditions under way count as poor, so that others are asked
            study.enqueue_trial(dict(values))
            study.ask(self._distributions())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # optuna's note on features that may change
            trial = study.ask(self._distributions())
        return {axis.name: self._rounded(axis, trial.params[axis.name]) for axis in self._axes}

    def _spread(self, number: int) -> dict[str, float]:
        """Return one of the first conditions: a scrambled Sobol sequence fills the space evenly."""
        from scipy.stats import qmc

        power = max(1, math.ceil(math.log2(max(self._start, 2))))
        sobol = qmc.Sobol(len(self._axes), scramble=True, rng=self._seed)
        shares = sobol.random_base2(power)[number]
        return {
            axis.name: self._rounded(axis, _at(axis, float(share)))
            for axis, share in zip(self._axes, shares, strict=True)
        }

    def _study(self, number: int) -> "Study":
        optuna = self._optuna
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sampler = optuna.samplers.TPESampler(
                seed=self._seed * 100_003 + number,
                n_startup_trials=0,
                multivariate=True,
                constant_liar=True,
            )
        study: Study = optuna.create_study(direction="maximize", sampler=sampler)
        floor = min((told.merit for told in self.told if math.isfinite(told.merit)), default=0.0)
        for told in self.told:
            known = math.isfinite(told.merit)
            excess = told.violation if known else _WITHOUT_RESULT
            study.add_trial(
                optuna.trial.create_trial(
                    params=dict(told.values),
                    distributions=self._distributions(),
                    value=told.merit if known else floor,
                    constraints={"limits": min(excess, _WITHOUT_RESULT)},
                )
            )
        return study

    def _distributions(self) -> "dict[str, BaseDistribution]":
        made = self._optuna.distributions
        return {
            axis.name: made.IntDistribution(int(axis.low), int(axis.high), log=axis.logarithmic)
            if axis.whole
            else made.FloatDistribution(axis.low, axis.high, log=axis.logarithmic)
            for axis in self._axes
        }

    @staticmethod
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
