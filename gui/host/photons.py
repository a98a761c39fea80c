"""Counts the photons that a sample was given, or has absorbed."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gui.messages import Scalar
from plans.analysis.dose import absorbed_share, photon_energy_j

_DOSE = "_dose_j_cm2"
_ABSORBANCE = "absorbance"
UNIT = "cm⁻²"
"""Of both counts: photons on a square centimetre of the sample."""
COLUMNS = ("absorbed_photons_cm2", "incident_photons_cm2")


class PhotonCount:
    """Adds up photons from the dose of each event and the wavelength at which it was given.

    Where the run has measured the absorbance of the sample, the share 1 - 10^-A of each step of the
    dose is counted as absorbed; without it only what was given is known.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin a run."""
        self._wavelength_nm: dict[str, float] = {}
        self._dose_j_cm2: dict[str, float] = {}
        self._photons = 0.0
        self._share_at: tuple[Any, Any] | None = None

    def learn(self, data: Mapping[str, Any]) -> None:
        """Take the values of an event: wavelengths of lights, and an absorbance."""
        for name, value in data.items():
            if name.endswith("_wavelength_nm") and np.ndim(value) == 0 and float(value) > 0.0:
                self._wavelength_nm[name.removesuffix("_wavelength_nm")] = float(value)
        axis, values = data.get("absorbance_wavelength_nm"), data.get(_ABSORBANCE)
        if axis is not None and values is not None and np.ndim(values) == 1:
            if self._share_at is None:  # from here on another quantity is counted
                self._photons = 0.0
            self._share_at = (np.asarray(axis, float), np.asarray(values, float))

    def count(self, data: Mapping[str, Any]) -> dict[str, Scalar]:
        """Return the photons so far, nothing where no dose is told.

        Args:
            data: Values of an event, with the dose of each light so far.
        """
        found = False
        for name, value in data.items():
            if not name.endswith(_DOSE) or name.endswith(f"_probe{_DOSE}"):
                continue
            light = name.removesuffix(_DOSE)
            step_j_cm2 = float(value) - self._dose_j_cm2.get(light, 0.0)
            self._dose_j_cm2[light] = float(value)
            if light in self._wavelength_nm and step_j_cm2 >= 0.0:
                wavelength_nm = self._wavelength_nm[light]
                self._photons += (
                    step_j_cm2 / photon_energy_j(wavelength_nm) * self._share(wavelength_nm)
                )
                found = True
        return {COLUMNS[0 if self._share_at else 1]: self._photons} if found else {}

    def _share(self, wavelength_nm: float) -> float:
        if self._share_at is None:
            return 1.0
        axis, values = self._share_at
        known = np.isfinite(values)
        if not known.any():
            return 0.0
        return absorbed_share(float(np.interp(wavelength_nm, axis[known], values[known])))
