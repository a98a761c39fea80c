"""Channels of a light source in a bench file."""

from collections.abc import Sequence

from instruments.bench_file import Table
from instruments.light_sources.calibration import IrradianceCalibration, steps_within
from instruments.light_sources.channel import Geometry, LevelUnit, LightChannel

_GEOMETRIES: dict[str, Geometry] = {"right-angle": "right-angle", "transmission": "transmission"}
_KEYS: dict[LevelUnit, str] = {"mA": "ma", "%": "percent"}
_LEVEL_KEYS: dict[LevelUnit, str] = {"mA": "current_ma", "%": "percent"}


def read_channels(
    table: Table, *, numbers: Sequence[int], full_level: float, unit: LevelUnit = "mA"
) -> list[LightChannel]:
    """Return the channels that the ``[[device.NAME.channel]]`` tables describe.

    Args:
        table: Table of the light source.
        numbers: Channels that the model has; one alone need not be written.
        full_level: Highest level that the model knows.
        unit: Unit of its levels.

    Raises:
        ConfigurationError: A key is missing or unknown, or a value makes no sense.
    """
    channels = [
        _channel(part, numbers=numbers, full_level=full_level, unit=unit)
        for part in table.tables("channel")
    ]
    same: dict[str, list[float]] = {
        "number": [channel.number for channel in channels],
        "wavelength_nm": [channel.wavelength_nm for channel in channels],
    }
    for quantity, values in same.items():
        if len(set(values)) != len(values):
            raise table.error(f"two channels have the same {quantity}: {values}")
    return channels


def _channel(
    table: Table, *, numbers: Sequence[int], full_level: float, unit: LevelUnit
) -> LightChannel:
    only = numbers[0] if len(numbers) == 1 else None
    limit = float(table.integer(f"limit_{_KEYS[unit]}", minimum=1, maximum=round(full_level)))
    geometry = table.text("geometry", "right-angle")
    if geometry not in _GEOMETRIES:
        raise table.error(f"geometry must be one of {', '.join(_GEOMETRIES)}, got {geometry!r}")
    channel = LightChannel(
        number=table.integer("number", only, minimum=numbers[0], maximum=numbers[-1]),
        wavelength_nm=table.number("wavelength_nm", minimum=200, maximum=2000),
        fwhm_nm=table.number("fwhm_nm", minimum=0.1, maximum=500),
        limit=limit,
        unit=unit,
        calibration=_calibration(table, limit=limit, unit=unit),
        geometry=_GEOMETRIES[geometry],
    )
    levels = channel.calibration.levels
    if not steps_within(levels[0], min(levels[-1], limit), 1.0):
        raise table.error(
            f"the calibration begins at {levels[0]:g} {unit}, above the limit of {limit:g} {unit}"
        )
    table.finish()
    return channel


def _calibration(table: Table, *, limit: float, unit: LevelUnit) -> IrradianceCalibration:
    """Return the table of points, or the straight line of a slope."""
    slope_key = f"irradiance_mw_cm2_per_{_KEYS[unit]}"
    if "calibration" not in table:
        return IrradianceCalibration.proportional(
            table.number(slope_key, minimum=1e-9, maximum=1e4),
            limit,
            calibrated=table.date("calibrated"),
            expires=table.date("expires") if "expires" in table else None,
            distance_mm=table.number("distance_mm", minimum=0, maximum=1e4)
            if "distance_mm" in table
            else float("nan"),
            meter_serial=table.text("meter_serial", ""),
        )
    points = table.table("calibration")
    levels = points.series(_LEVEL_KEYS[unit], minimum=0, maximum=1e4)
    irradiances = points.series("irradiance_mw_cm2", minimum=0, maximum=1e6)
    if len(levels) != len(irradiances):
        raise points.error(f"{len(levels)} levels, but {len(irradiances)} irradiances")
    try:
        calibration = IrradianceCalibration(
            points=tuple(zip(levels, irradiances, strict=True)),
            calibrated=points.date("calibrated"),
            expires=points.date("expires") if "expires" in points else None,
            distance_mm=points.number("distance_mm", minimum=0, maximum=1e4),
            meter_serial=points.text("meter_serial"),
        )
    except ValueError as error:
        raise points.error(str(error)) from error
    points.finish()
    return calibration
