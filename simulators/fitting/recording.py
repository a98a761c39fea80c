"""What a fit needs of a recorded run: spectra, and what was done to the sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulators.sample.beam import Beam, Inputs
from simulators.sample.nanocrystals import Preparation
from simulators.sample.optics import Floats


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A time during which nothing was changed.

    Args:
        duration_s: How long.
        inputs: Light, flow and heat.
    """

    duration_s: float
    inputs: Inputs


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Spectra of one run and its history.

    Args:
        name: Name of the run, for messages.
        preparation: The sample at time 0; its rate constants are where the fit starts.
        segments: What was done, from time 0 on.
        time_s: When the spectra were taken, rising, shape [m].
        wavelength_nm: Centres of the channels, rising, shape [n].
        spectra: Light per channel and second, dark and background taken off, any scale, [m, n].
        errors: Standard uncertainty of each value, above 0, [m, n].
        brightness_error: Relative scatter of the brightness of whole spectra, such as a lamp's
            flicker.
        probe: Light under which the spectra were taken.
    """

    name: str
    preparation: Preparation
    segments: tuple[Segment, ...]
    time_s: Floats
    wavelength_nm: Floats
    spectra: Floats
    errors: Floats
    brightness_error: float
    probe: tuple[Beam, ...]

    def __post_init__(self) -> None:
        """Refuse what does not fit together.

        Raises:
            ValueError: With the name of the run and what is wrong.
        """
        shape = (self.time_s.size, self.wavelength_nm.size)
        if self.spectra.shape != shape or self.errors.shape != shape:
            message = f"{self.name}: spectra {self.spectra.shape} and errors {self.errors.shape}, "
            raise ValueError(message + f"but {shape} is expected")
        if not np.all(self.errors > 0.0) or not self.brightness_error > 0.0:
            message = f"{self.name}: an uncertainty is not above 0"
            raise ValueError(message)
        if np.any(np.diff(self.time_s) < 0.0) or self.time_s.size < 2:
            message = f"{self.name}: at least two spectra in the order of time are expected"
            raise ValueError(message)
