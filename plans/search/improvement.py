"""Expected improvement where results are noisy.

The library's own measures what could be gained against the luckiest result, with an uncertainty
that holds the noise of a result: it asks for the same condition again and again. Here the gain is
over the best expectation at a condition that was measured within the limits, and the uncertainty
is that of the outcome itself ("plug-in" of Picheny, Wagner and Ginsbourger, Struct. Multidiscip.
Optim. 48, 607, 2013).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from bayes_opt.acquisition import ExpectedImprovement

Array = np.ndarray[Any, np.dtype[np.floating[Any]]]
_LEAST = 1e-6  # uncertainty that always remains, in parts of the spread of the results
_SMALLEST = 1e-12  # spread, where all results are the same


class NoisyImprovement(ExpectedImprovement):
    """The library's expected improvement, for results with noise.

    Args:
        allowed: For each result, in the order in which they were registered: whether it may be
            the best.
        spread: Standard deviation of the results.
    """

    def __init__(self, allowed: Sequence[bool], spread: float) -> None:
        super().__init__(xi=0.0)
        self._allowed = np.asarray(allowed, dtype=bool)
        self._spread = max(spread, _SMALLEST)
        self._noise = 0.0

    def base_acq(self, mean: Array, std: Array) -> Array:
        """Return the expected improvement.

        Args:
            mean: Expected outcome.
            std: Uncertainty of a result: of the outcome and by the noise.
        """
        own = np.sqrt(np.maximum(std**2 - self._noise**2, (_LEAST * self._spread) ** 2))
        return super().base_acq(mean, own)

    def _get_acq(self, gp: Any, constraint: Any = None) -> Callable[[Array], Array]:
        """Read the noise and the best expectation from the process that was just fitted."""
        self._noise = self._spread * float(np.sqrt(gp.kernel_.k2.noise_level))
        self.y_max = float(np.max(gp.predict(gp.X_train_)[self._allowed]))  # type: ignore[assignment]
        return super()._get_acq(gp, constraint)
