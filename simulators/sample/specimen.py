"""What can stand in the beam."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, Self

from simulators.sample.beam import Beam, Inputs
from simulators.sample.decay import Pool
from simulators.sample.emission import PixelGrid
from simulators.sample.optics import Floats


class Specimen(Protocol):
    """A sample, a lamp, a file: what the stage can bring into the beam."""

    @property
    def mass_g(self) -> float:
        """Mass without the vessel."""
        ...

    def step(self, dt_s: float, inputs: Inputs) -> None:
        """Let a time pass during which nothing changes outside."""
        ...

    def emission_per_s(self, grid: PixelGrid, beams: tuple[Beam, ...]) -> Floats:
        """Return the photons a spectrometer detects per second and pixel at a right angle."""
        ...

    def absorbances(self, wavelength_nm: Floats) -> Floats:
        """Return the decadic absorbance of a beam through it, shape [n]."""
        ...

    def decay_pools(self, excitation_nm: float) -> tuple[Pool, ...]:
        """Return the exponentials of its decay after a pulse; none when it does not glow."""
        ...

    def truth(self) -> dict[str, Any]:
        """Return what an ideal observer knows, as plain data."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return the state that ``restore`` takes, as plain data."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take on a state that ``to_dict`` returned."""
        ...

    def copy(self) -> Self:
        """Return the same in the same state that goes its own way."""
        ...
