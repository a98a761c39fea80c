"""Types of the arrays in messages, without importing numpy."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Spectrum = NDArray[np.float32]
    Column = NDArray[np.float64]
else:
    Spectrum = Column = Any  # importing numpy is not worth the wait before the window is seen
