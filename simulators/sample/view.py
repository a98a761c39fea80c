"""The world as one instrument of a bench sees it.

On a bench with several pumps, lamps or hotplates the world must know which of them acts. The
instruments need not: each is given a view that knows its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from simulators.sample.decay import Counter
    from simulators.sample.detector import Detector
    from simulators.sample.optics import Floats
    from simulators.sample.world import World


class WorldView:
    """A world in which an instrument acts under its own name; the methods are those of ``World``.

    Args:
        world: The world.
        device: Name of the instrument on the bench.
    """

    def __init__(self, world: World, device: str) -> None:
        self._world = world
        self._device = device

    @property
    def detector(self) -> Detector:
        """The detector of the spectrometer that looks at the sample."""
        return self._world.detector

    def exposure_rng(self, exposure: int) -> np.random.Generator:
        """Return the noise of an exposure."""
        return self._world.exposure_rng(exposure)

    def advance(self, now_s: float) -> None:
        """Let time pass."""
        self._world.advance(now_s)

    def set_light(self, now_s: float, channel: int, current_ma: float) -> None:
        """Drive an LED of this light source."""
        self._world.set_light(now_s, channel, current_ma, self._device)

    def set_shutter(self, now_s: float, open: bool) -> None:
        """Open or close this shutter."""
        self._world.set_shutter(now_s, open, self._device)

    def set_filter(self, now_s: float, position: int) -> None:
        """Turn this filter wheel."""
        self._world.set_filter(now_s, position, self._device)

    def set_temperature(self, now_s: float, temperature_degc: float) -> None:
        """Bring what this thermostat heats to a temperature."""
        self._world.set_temperature(now_s, temperature_degc, self._device)

    def set_sonication(self, now_s: float, share: float) -> None:
        """Change the ultrasound of a bath; as ``World.set_sonication``."""
        self._world.set_sonication(now_s, share, self._device)

    def set_gas(self, now_s: float, flow_sccm: float) -> None:
        """Change the flow of gas through this controller."""
        self._world.set_gas(now_s, flow_sccm, self._device)

    def set_flow(self, now_s: float, rate_ul_min: float) -> None:
        """Change the flow of this pump."""
        self._world.set_flow(now_s, rate_ul_min, self._device)

    def set_stage(self, now_s: float, x_mm: float | None, y_mm: float | None = 0.0) -> None:
        """Change the place of the stage."""
        self._world.set_stage(now_s, x_mm, y_mm)

    def open_exposure(self, now_s: float, wavelength_nm: Floats) -> int:
        """Begin to collect light and return a handle."""
        return self._world.open_exposure(now_s, wavelength_nm)

    def close_exposure(self, now_s: float, handle: int) -> Floats:
        """End an exposure and return the expected photons in each pixel."""
        return self._world.close_exposure(now_s, handle)

    def meter_power_w(self, now_s: float, aperture_area_cm2: float) -> float:
        """Return the power on the head of the power meter."""
        return self._world.meter_power_w(now_s, aperture_area_cm2)

    def mass_g(self, now_s: float) -> float:
        """Return the mass of what stands on this balance."""
        return self._world.mass_g(now_s, self._device)

    def decay(self, now_s: float, seconds: float, counter: Counter) -> npt.NDArray[np.int64]:
        """Return a histogram of single photons from what is in the beam."""
        return self._world.decay(now_s, seconds, counter)

    def truth(self, now_s: float) -> dict[str, Any]:
        """Return what an ideal observer knows."""
        return self._world.truth(now_s)
