"""Many small systems of normal equations at once."""

import numpy as np
from numpy.typing import NDArray

from plans.analysis.noise import FloatArray

Numbers = NDArray[np.float32] | FloatArray


def solve_each(matrices: Numbers, wanted: Numbers, ridge: float) -> FloatArray:
    """Solve symmetric, positive definite systems without pivots, all in step.

    A call of a general solver for each system costs more than its sums when the systems are small.
    Systems that are not positive definite give numbers that mean nothing, or NaN, and no error.

    Args:
        matrices: n systems of m equations (n x m x m); the upper triangles are read.
        wanted: right sides (n x m x r).
        ridge: this part of the second diagonal element is added to every one of them.

    Returns:
        The solutions (r x m x n).
    """
    size = matrices.shape[-1]
    upper = np.empty((size, size + wanted.shape[-1], matrices.shape[0]))
    upper[:, :size] = matrices.transpose(1, 2, 0)
    upper[:, size:] = wanted.transpose(1, 2, 0)
    more = ridge * upper[1, 1]
    for k in range(size):
        upper[k, k] += more
    pivots = np.empty((size, matrices.shape[0]))
    for k in range(size):
        row = upper[k, k + 1 :]
        np.divide(1.0, upper[k, k], out=pivots[k])
        factors = row[: size - 1 - k] * pivots[k]
        upper[k + 1 :, k + 1 :] -= factors[:, None] * row
    found = upper[:, size:].transpose(1, 0, 2)
    for k in reversed(range(size)):
        found[:, k] *= pivots[k]
        found[:, :k] -= upper[:k, k] * found[:, k, None]
    return found
