"""The spectrum of what a sample becomes."""

from dataclasses import dataclass, field

import numpy as np

from plans.analysis.noise import FloatArray
from plans.analysis.spectrum import BoolArray

LEAST_BAND_NM = (480.0, 580.0)
"""A spectrum that does not reach over this cannot be told from that of the nanocrystals."""


@dataclass(frozen=True, kw_only=True)
class EndProduct:
    """The end product alone, as an earlier run or a file has shown it.

    Attributes:
        name: where it comes from.
        wavelength_nm: its axis, rising (n).
        counts: its spectrum in any unit, on any straight background (n).
    """

    name: str
    wavelength_nm: FloatArray = field(repr=False)
    counts: FloatArray = field(repr=False)

    def __post_init__(self) -> None:
        """Check that it reaches far enough.

        Raises:
            ValueError: It does not.
        """
        first, last = LEAST_BAND_NM
        nm = self.wavelength_nm
        if not (nm.size > 1 and nm[0] <= first and nm[-1] >= last):
            reach = f"{nm[0]:.0f} to {nm[-1]:.0f} nm" if nm.size else "nothing"
            raise ValueError(
                f"{self.name}: the spectrum of the end product must reach from {first:.0f} to "
                f"{last:.0f} nm, it holds {reach}"
            )

    def on(self, axis_nm: FloatArray) -> tuple[BoolArray, FloatArray]:
        """Return which pixels of an axis it knows, and its counts there.

        Args:
            axis_nm: The axis (m).
        """
        known = (axis_nm >= self.wavelength_nm[0]) & (axis_nm <= self.wavelength_nm[-1])
        return known, np.interp(axis_nm[known], self.wavelength_nm, self.counts)
