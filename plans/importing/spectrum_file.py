"""Spectra of a file, whatever wrote it."""

from dataclasses import dataclass
from pathlib import Path

from plans.analysis.noise import FloatArray


class SpectrumFileError(ValueError):
    """A file that cannot be read as spectra; the message names the file and what to do."""


@dataclass(frozen=True, kw_only=True)
class Spectrum:
    """One column of a file.

    Attributes:
        name: its heading, or "spectrum 1" and so on.
        wavelength_nm: axis in nm, in the order of the file.
        counts: values, NaN where the file holds none.
        time_s: time that the heading gives, None when it gives none.
        integration_time_s: exposure, None when the file does not say.
    """

    name: str
    wavelength_nm: FloatArray
    counts: FloatArray
    time_s: float | None = None
    integration_time_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class SpectrumSeries:
    """All spectra of a file.

    Attributes:
        path: the file.
        spectra: its columns, in their order.
        descending: the wavelength falls down the file, as absorption spectrometers scan.
        skipped_lines: lines with text that are neither heading nor numbers.
        written_s: date in the file, in s since the epoch as if it were UTC; None without one.
    """

    path: Path
    spectra: tuple[Spectrum, ...]
    descending: bool = False
    skipped_lines: int = 0
    written_s: float | None = None

    @property
    def has_times(self) -> bool:
        """Tell whether every spectrum has a time."""
        return all(spectrum.time_s is not None for spectrum in self.spectra)
