"""Irradiance at the sample as a function of a source's level.

A calibration is a table measured with a power meter at the sample plane. Between its points the
irradiance is interpolated linearly, which is monotone and never overshoots; beyond its points
nothing is set. The one who measured it leaves date, distance and meter behind.
"""

import datetime
import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

_ROUNDING = 1e-9  # a value computed from the ends of the range must be in it


@dataclass(frozen=True, kw_only=True)
class IrradianceCalibration:
    """A table of levels and irradiances.

    Attributes:
        points: Pairs of level (mA or percent) and irradiance at the sample (mW/cm2), both rising.
        calibrated: Day of the measurement.
        expires: Last day on which it holds, ``None`` for no such day.
        distance_mm: From the exit of the source to the sample plane, NaN when nobody noted it.
        meter_serial: Serial number of the meter or head that measured, "" when nobody noted it.
    """

    points: tuple[tuple[float, float], ...]
    calibrated: datetime.date
    expires: datetime.date | None = None
    distance_mm: float = math.nan
    meter_serial: str = ""

    def __post_init__(self) -> None:
        """Refuse a table that is no monotone function."""
        if len(self.points) < 2:
            raise ValueError(f"a calibration needs two points or more, got {len(self.points)}")
        if not all(math.isfinite(value) and value >= 0 for value in itertools.chain(*self.points)):
            raise ValueError("levels and irradiances must be finite numbers >= 0")
        for (level, irradiance), (next_level, next_irradiance) in itertools.pairwise(self.points):
            if next_level <= level or next_irradiance <= irradiance:
                raise ValueError(
                    f"levels and irradiances must rise from point to point, but "
                    f"{level:g} gives {irradiance:g} and {next_level:g} gives {next_irradiance:g}"
                )

    @classmethod
    def proportional(
        cls,
        slope: float,
        limit: float,
        *,
        calibrated: datetime.date,
        expires: datetime.date | None = None,
        distance_mm: float = math.nan,
        meter_serial: str = "",
    ) -> Self:
        """Return the calibration of a source whose irradiance is proportional to its level.

        Args:
            slope: Irradiance per mA or per percent, mW/cm2.
            limit: Highest level.
            calibrated: Day of the measurement.
            expires: Last day on which it holds.
            distance_mm: From the exit of the source to the sample plane.
            meter_serial: Serial number of the meter.
        """
        return cls(
            points=((0.0, 0.0), (limit, slope * limit)),
            calibrated=calibrated,
            expires=expires,
            distance_mm=distance_mm,
            meter_serial=meter_serial,
        )

    @functools.cached_property
    def levels(self) -> tuple[float, ...]:
        """Levels of the points."""
        return tuple(level for level, _ in self.points)

    @functools.cached_property
    def irradiances_mw_cm2(self) -> tuple[float, ...]:
        """Irradiances of the points."""
        return tuple(irradiance for _, irradiance in self.points)

    def is_expired(self, today: datetime.date) -> bool:
        """Return whether it holds no more.

        Args:
            today: The day that is asked about.
        """
        return self.expires is not None and today > self.expires

    def covers(self, level: float) -> bool:
        """Return whether a level lies within the table.

        Args:
            level: In the unit of the source.
        """
        low, high = self.levels[0], self.levels[-1]
        return low * (1 - _ROUNDING) <= level <= high * (1 + _ROUNDING)

    def irradiance_mw_cm2(self, level: float) -> float:
        """Return the irradiance at the sample.

        Beyond the table, where a level is never set, only found, the nearest point is scaled: a
        dose must be booked even for light that somebody switched on at the instrument.

        Args:
            level: In the unit of the source.
        """
        if self.covers(level):
            return float(np.interp(level, self.levels, self.irradiances_mw_cm2))
        first, last = self.points[0], self.points[-1]
        near = first if level < first[0] else last
        return near[1] * level / near[0]

    def level_for(self, irradiance_mw_cm2: float) -> float:
        """Return the level that gives an irradiance within the table; the ends beyond it.

        Args:
            irradiance_mw_cm2: At the sample.
        """
        return float(np.interp(irradiance_mw_cm2, self.irradiances_mw_cm2, self.levels))

    def words(self, unit: str) -> str:
        """Return it in words, for the record.

        Args:
            unit: Unit of the level.
        """
        first, last = self.points[0], self.points[-1]
        if len(self.points) == 2 and first == (0.0, 0.0):
            what = f"{last[1] / last[0]:g} mW/cm2 per {unit}"
        else:
            what = (
                f"{first[1]:g} to {last[1]:g} mW/cm2 at {first[0]:g} to {last[0]:g} {unit} "
                f"({len(self.points)} points)"
            )
        words = [what, f"calibrated {self.calibrated}"]
        if self.expires is not None:
            words.append(f"expires {self.expires}")
        if math.isfinite(self.distance_mm):
            words.append(f"at {self.distance_mm:g} mm")
        if self.meter_serial:
            words.append(f"meter {self.meter_serial}")
        return ", ".join(words)


def steps_within(low: float, high: float, step: float) -> Sequence[int]:
    """Return the whole numbers of steps that lie in a range of levels, without zero.

    Args:
        low: Lowest level.
        high: Highest level.
        step: Smallest step of a level.
    """
    first = max(1, math.ceil(low / step * (1 - _ROUNDING)))
    last = math.floor(high / step * (1 + _ROUNDING))
    return range(first, last + 1)
