"""What every spectrometer takes from its table."""

from typing import Any

from instruments.bench_file import Table
from instruments.spectrometers.corrections import read_corrections
from instruments.spectrometers.exposure import WavelengthOffset

_LARGEST_OFFSET_NM = 20.0


def settings(table: Table, limits_s: tuple[float, float]) -> dict[str, Any]:
    """Return the arguments of a ``Spectrometer`` that stand in its table.

    Args:
        table: Its table in the bench file.
        limits_s: Limits of the integration time.

    Raises:
        ConfigurationError: A value or a file that makes no sense, or an offset or a correction
            without its date.
    """
    low_s, high_s = limits_s
    found: dict[str, Any] = {
        "integration_time_s": table.number(
            "integration_time_s", 0.1, minimum=low_s, maximum=high_s
        ),
        "averages": table.integer("averages", 1, minimum=1, maximum=1000),
        "boxcar_px": table.integer("boxcar_px", 0, minimum=0, maximum=100),
    }
    offset_nm = table.number(
        "wavelength_offset_nm", 0.0, minimum=-_LARGEST_OFFSET_NM, maximum=_LARGEST_OFFSET_NM
    )
    if offset_nm or "wavelength_calibrated" in table:
        date = table.date("wavelength_calibrated")
        found["wavelength_offset"] = WavelengthOffset(
            offset_nm=offset_nm, calibrated=date.isoformat()
        )
    corrections = read_corrections(table)
    if corrections is not None:
        found["corrections"] = corrections
    return found


def discards(table: Table) -> int:
    """Return how many spectra are thrown away after a change."""
    return table.integer("discard_after_change", 1, minimum=0, maximum=20)
