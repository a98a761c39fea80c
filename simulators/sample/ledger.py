"""The sample's own account of the light it received."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulators.sample.beam import Beam


class LightLedger:
    """Dose and time under light, from what really fell on the sample."""

    def __init__(self) -> None:
        self.lit_s = 0.0
        self.time_s = 0.0
        self._dose_j_cm2: dict[float, float] = {}

    @property
    def dose_j_cm2(self) -> float:
        """Dose of all light together."""
        return sum(self._dose_j_cm2.values())

    def add(self, dt_s: float, beams: tuple[Beam, ...]) -> None:
        """Enter a time during which the light did not change."""
        self.time_s += dt_s
        if beams:
            self.lit_s += dt_s
        for beam in beams:
            so_far = self._dose_j_cm2.get(beam.wavelength_nm, 0.0)
            self._dose_j_cm2[beam.wavelength_nm] = so_far + beam.irradiance_mw_cm2 * 1e-3 * dt_s

    def truth(self) -> dict[str, Any]:
        """Return the account as plain data; wavelengths are keys such as "405"."""
        by_wavelength = {f"{nm:g}": dose for nm, dose in sorted(self._dose_j_cm2.items())}
        return {
            "dose_j_cm2": self.dose_j_cm2,
            "dose_by_wavelength_j_cm2": by_wavelength,
            "lit_s": self.lit_s,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the account in full."""
        doses = [[nm, dose] for nm, dose in self._dose_j_cm2.items()]
        return {"lit_s": self.lit_s, "time_s": self.time_s, "doses": doses}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> LightLedger:
        """Return the ledger that ``to_dict`` described."""
        ledger = cls()
        ledger.lit_s = state["lit_s"]
        ledger.time_s = state["time_s"]
        ledger._dose_j_cm2 = dict(state["doses"])
        return ledger
