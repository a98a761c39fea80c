"""What a light source is asked to emit."""

import math
from dataclasses import dataclass
from typing import Literal, Self

Purpose = Literal["actinic", "probe"]
"""Why light falls on the sample: to change it, or only to see it."""


@dataclass(frozen=True, kw_only=True)
class Emission:
    """A wavelength at an irradiance, or darkness.

    Attributes:
        wavelength_nm: Nominal wavelength of the source, 0.0 when dark.
        irradiance_mw_cm2: Irradiance at the sample plane, 0.0 when dark.
        purpose: Account on which the dose is booked.
    """

    wavelength_nm: float
    irradiance_mw_cm2: float
    purpose: Purpose = "actinic"

    def __post_init__(self) -> None:
        """Refuse what is neither light nor darkness."""
        numbers = {
            "wavelength_nm": self.wavelength_nm,
            "irradiance_mw_cm2": self.irradiance_mw_cm2,
        }
        for name, value in numbers.items():
            if not math.isfinite(value) or value < 0:
                raise ValueError(f"{name} must be a finite number >= 0, got {value!r}")
        if (self.wavelength_nm == 0) != (self.irradiance_mw_cm2 == 0):
            raise ValueError(
                "darkness has neither wavelength nor irradiance (use Emission.off()), got "
                f"{self.wavelength_nm!r} nm at {self.irradiance_mw_cm2!r} mW/cm2"
            )

    @classmethod
    def off(cls) -> Self:
        """Return darkness."""
        return cls(wavelength_nm=0.0, irradiance_mw_cm2=0.0)

    @property
    def is_dark(self) -> bool:
        """Whether nothing shall be emitted."""
        return self.irradiance_mw_cm2 == 0

    def __str__(self) -> str:
        """Return it in words, for messages."""
        if self.is_dark:
            return "dark"
        return f"{self.wavelength_nm:g} nm at {self.irradiance_mw_cm2:g} mW/cm2 ({self.purpose})"
