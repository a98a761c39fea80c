"""One event with a spectrum, taken apart."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from math import isfinite
from typing import Any, Final

import numpy as np

from plans.analysis.noise import FloatArray
from plans.analysis.spectrum import LARGEST_VALUE, are_physical, physical

NO_NUMBER: Final = float("nan")


class Frame:
    """One event with a spectrum; what it lacks is None or NaN."""

    def __init__(
        self, spectrometer: str, settings: Mapping[str, Any], doc: Mapping[str, Any]
    ) -> None:
        self.doc = doc
        self._prefix = spectrometer
        self._settings = settings
        counts = as_array(self._of("spectrum_counts"))
        self.counts = counts if counts is None or are_physical(counts) else physical(counts)
        self.wavelength_nm = as_array(self._of("wavelength_nm"))
        self.integration_time_s = as_number(self._of("integration_time_s"))
        full_scale = as_number(self._of("full_scale_counts"))
        self.full_scale_counts = full_scale if full_scale > 0 else None
        self.temperature_degc = as_number(self._of("detector_temperature_degc"))
        self.electric_counts = as_number(self._of("electric_dark_counts"))
        resolution_nm = as_number(self._of("resolution_nm"))
        self.resolution_nm = resolution_nm if resolution_nm > 0.0 else None
        start = as_number(self._of("exposure_start_s"))
        self.time_s = start if isfinite(start) else float(doc.get("time", NO_NUMBER))

    @cached_property
    def settings(self) -> tuple[float, float, float]:
        """What a dark must share: integration time, averages, boxcar (0.0 where not given)."""
        averages, boxcar = (as_number(self._of(key)) for key in ("averages", "boxcar_px"))
        known = (
            value if isfinite(value) else 0.0
            for value in (self.integration_time_s, averages, boxcar)
        )
        time_s, averages, boxcar = known
        return round(time_s, 9), averages, boxcar

    def what_is_missing(self) -> str:
        """Say which part of a spectrum the documents do not hold."""
        if self.counts is None:
            return f"the event holds no {self._prefix}_spectrum_counts"
        if self.wavelength_nm is None:
            return f"the descriptor holds no {self._prefix}_wavelength_nm"
        return (
            f"{self._prefix}: {self.counts.size} counts on a wavelength axis of "
            f"{self.wavelength_nm.size}"
        )

    def _of(self, key: str) -> Any:
        full = f"{self._prefix}_{key}"
        data = self.doc["data"]
        return data[full] if full in data else self._settings.get(full)


def as_array(value: Any) -> FloatArray | None:
    """Return an array of numbers, None for anything else (such as the id of a stored array)."""
    if value is None or isinstance(value, str):
        return None
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return array if array.ndim == 1 and array.size > 1 else None


def as_number(value: Any) -> float:
    """Return a number, NaN for anything else and for what no instrument gives."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return NO_NUMBER
    return number if abs(number) < LARGEST_VALUE else NO_NUMBER


def events_of(page: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Take an event page apart."""
    numbers: Iterable[Any] = page["seq_num"]
    times = page.get("time") or ()
    for row, seq_num in enumerate(numbers):
        yield {
            "descriptor": page["descriptor"],
            "seq_num": seq_num,
            "time": times[row] if row < len(times) else NO_NUMBER,
            "data": {key: column[row] for key, column in page["data"].items()},
        }
