"""A ring of spectra as bytes, for an image that scrolls without moving its memory."""

import numpy as np
from numpy.typing import NDArray

from gui.messages import Spectrum

_HEADROOM = 1.15  # the scale grows in steps, so that it does not change with every spectrum
_COLUMNS = 1024


class WaterfallRing:
    """The last spectra, one row each, mapped to 0..255 with a scale that only grows.

    Args:
        rows: How many spectra are kept.
        columns: Width of the image; spectra are joined into columns of equal width in nm.
    """

    def __init__(self, rows: int = 600, columns: int = _COLUMNS) -> None:
        self.rows = rows
        self.columns = columns
        self.count = 0
        self.low = 0.0
        self.high = 1.0
        self._image = np.zeros((rows, columns), dtype=np.uint8)
        self._values = np.zeros((rows, columns), dtype=np.float32)
        self._numbers = np.zeros(rows, dtype=np.int64)
        self._times = np.zeros(rows, dtype=np.float64)
        self._starts = np.zeros(1, dtype=np.intp)
        self._ends_nm = (0.0, 1.0)
        self._pixels = 0

    def clear(self, wavelength_nm: Spectrum) -> None:
        """Forget all spectra.

        Args:
            wavelength_nm: Axis of the spectra to come, rising.
        """
        self._pixels = wavelength_nm.size
        self.count, self.low, self.high = 0, 0.0, 1.0
        if self._pixels < 2:
            return
        low, high = float(wavelength_nm[0]), float(wavelength_nm[-1])
        widest = float(np.diff(wavelength_nm).max())
        self.columns = max(1, min(_COLUMNS, int((high - low) / max(widest, 1e-9))))
        edges = np.linspace(low, high, self.columns + 1)
        self._starts = np.searchsorted(wavelength_nm, edges[:-1]).clip(0, self._pixels - 1)
        self._ends_nm = (low, high)
        self._image = np.zeros((self.rows, self.columns), dtype=np.uint8)
        self._values = np.zeros((self.rows, self.columns), dtype=np.float32)

    def axis_ends(self) -> tuple[float, float]:
        """Return the wavelengths at the left and right edge of the image."""
        return self._ends_nm

    def add(self, number: int, time_s: float, counts_s: Spectrum) -> None:
        """Add a spectrum.

        Args:
            number: Its number in the run.
            time_s: Its time in the run.
            counts_s: Its counts per second.
        """
        if counts_s.size != self._pixels or self._pixels < 2:
            return  # of another spectrometer; the axis will follow
        sums = np.add.reduceat(counts_s, self._starts)
        row_values = sums / np.diff(np.append(self._starts, self._pixels)).clip(1)
        row = self.count % self.rows
        self._values[row] = row_values
        self._numbers[row], self._times[row] = number, time_s
        self.count += 1
        top = float(np.nanmax(row_values)) if row_values.size else 0.0
        if top > self.high or self.count == 1:
            self.high = max(top * _HEADROOM, 1e-9)
            self.low = 0.0
            self._image[:] = self._as_bytes(self._values)
        else:
            self._image[row] = self._as_bytes(row_values)

    def _as_bytes(self, values: Spectrum) -> NDArray[np.uint8]:
        scaled = (values - self.low) * (255.0 / (self.high - self.low))
        # The root shows the weak tail beside the strong line.
        scaled = np.sqrt(np.clip(scaled, 0.0, 255.0) / 255.0) * 255.0
        return np.asarray(scaled, dtype=np.uint8)

    @property
    def shown(self) -> int:
        """Number of spectra in the ring."""
        return min(self.count, self.rows)

    def image(self) -> NDArray[np.uint8]:
        """Return the rows from the oldest to the newest."""
        if self.count <= self.rows:
            return self._image[: self.count]
        start = self.count % self.rows
        return np.concatenate((self._image[start:], self._image[:start]))

    def _row(self, place: int) -> int:
        start = self.count % self.rows if self.count > self.rows else 0
        return (start + place) % self.rows

    def times_s(self) -> tuple[float, float]:
        """Return the time of the oldest and of the newest spectrum."""
        if not self.count:
            return 0.0, 1.0
        return float(self._times[self._row(0)]), float(self._times[self._row(self.shown - 1)])

    def at(self, place: int) -> tuple[int, float, Spectrum]:
        """Return number, time and counts per second of a row of the image.

        Args:
            place: 0 is the oldest.
        """
        row = self._row(min(max(place, 0), max(self.shown - 1, 0)))
        return int(self._numbers[row]), float(self._times[row]), self._values[row]
