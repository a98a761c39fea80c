"""Running mean of a spectrum."""

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]


def smooth_boxcar(counts: Counts, half_width_px: int) -> Counts:
    """Return the running mean over a pixel and its neighbours; at the ends over those there are.

    Args:
        counts: Shape (pixels,).
        half_width_px: Neighbours to each side, 0 for none.
    """
    if half_width_px == 0:
        return counts
    ends = np.arange(len(counts))
    first = np.maximum(ends - half_width_px, 0)
    last = np.minimum(ends + half_width_px + 1, len(counts))
    sums = np.concatenate(([0.0], np.cumsum(counts)))
    return np.asarray((sums[last] - sums[first]) / (last - first), dtype=np.float64)
