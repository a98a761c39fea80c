"""A plan that does nothing but take spectra, for measuring what is around it."""

import time
from typing import Annotated, Any

import numpy as np
from bluesky.utils import Msg, MsgGenerator

from plans.parameters import Quantity

PIXELS = 2048


class Camera:
    """A readable that has a new spectrum at once."""

    name = "spectrometer"
    parent = None

    def __init__(self) -> None:
        self.axis_nm = np.linspace(350, 1000, PIXELS)
        noise = np.random.default_rng(1).normal(0, 5, (16, PIXELS))
        line = 2000 * np.exp(-0.5 * ((self.axis_nm - 515) / 8) ** 2)
        self._spectra = line + noise
        self._number = 0

    def read(self) -> dict[str, Any]:
        self._number += 1
        now = time.time()
        counts = self._spectra[self._number % 16]
        return {
            "spectrometer_spectrum_counts": {"value": counts, "timestamp": now},
            "spectrometer_integration_time_s": {"value": 0.01, "timestamp": now},
        }

    def describe(self) -> dict[str, Any]:
        return {
            "spectrometer_spectrum_counts": {
                "source": "benchmark", "dtype": "array", "shape": [PIXELS], "dtype_numpy": "<f8",
            },
            "spectrometer_integration_time_s": {
                "source": "benchmark", "dtype": "number", "shape": [], "units": "s",
            },
        }  # fmt: skip

    def read_configuration(self) -> dict[str, Any]:
        now = time.time()
        return {"spectrometer_wavelength_nm": {"value": self.axis_nm, "timestamp": now}}

    def describe_configuration(self) -> dict[str, Any]:
        return {
            "spectrometer_wavelength_nm": {
                "source": "benchmark", "dtype": "array", "shape": [PIXELS], "units": "nm",
            }
        }  # fmt: skip


def load(
    *,
    rate_hz: Annotated[float, Quantity(help="spectra per second, 0 as fast as it goes")] = 100.0,
    duration_s: Annotated[float, Quantity(help="how long", unit="s")] = 60.0,
    md: dict[str, Any] | None = None,
) -> MsgGenerator[None]:
    """Take spectra at a rate."""
    camera = Camera()
    yield Msg("open_run", None, plan_name="load", sample="", **(md or {}))
    start_s = time.perf_counter()
    number = 0
    while time.perf_counter() - start_s < duration_s:
        yield Msg("checkpoint")
        yield Msg("create", None, name="primary")
        yield Msg("read", camera)
        yield Msg("save")
        number += 1
        if rate_hz > 0:
            yield Msg("sleep", None, max(0.0, start_s + number / rate_hz - time.perf_counter()))
    yield Msg("close_run")


PLANS = {"load": load}
