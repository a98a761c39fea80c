"""Samples in words, and what is asked of a new one."""

from gui.archive_messages import SampleRow
from gui.messages import FieldInfo, Value
from gui.presenters.numbers import with_unit

SAMPLE_FIELDS = (
    FieldInfo(name="name", kind="str", help="as on the vial", required=True),
    FieldInfo(name="batch", kind="str", help="the synthesis it is from", default=""),
    FieldInfo(name="made", kind="str", help="day, such as 2026-11-26", default=""),
    FieldInfo(
        name="concentration_nm", unit="nmol/L", help="nanocrystals", optional=True, minimum=1e-6,
        maximum=1e6,
    ),
    FieldInfo(name="edge_nm", unit="nm", help="edge length", optional=True, minimum=0.1,
              maximum=1000.0),
    FieldInfo(name="volume_ul", unit="µL", help="volume at the start", optional=True, minimum=0.1,
              maximum=1e6),
    FieldInfo(name="note", kind="str", help="anything else", default=""),
)  # fmt: skip
RESULT_FIELDS = (
    FieldInfo(
        name="method", kind="str", help="how it was found", default="TEM",
        choices=("TEM", "XRD", "AFM", "TCSPC", "PLQY", "absorbance", "other"),
    ),
    FieldInfo(name="quantity", kind="str", help="what was found, such as wire_length_nm",
              required=True),
    FieldInfo(name="value", help="the figure", optional=True),
    FieldInfo(name="uncertainty", help="standard uncertainty", optional=True),
    FieldInfo(name="unit", kind="str", help="of both", default=""),
    FieldInfo(name="text", kind="str", help="a result in words", default=""),
    FieldInfo(name="note", kind="str", help="anything else", default=""),
)  # fmt: skip
HEADS = ("sample", "batch", "made", "concentr.", "edge", "volume", "note", "results")


def cells(row: SampleRow) -> tuple[str, ...]:
    """Return a sample as the table shows it.

    Args:
        row: The sample.
    """
    values = row.values
    return (
        row.name,
        str(values.get("batch") or ""),
        str(values.get("made") or ""),
        _number(values.get("concentration_nm"), "nmol/L"),
        _number(values.get("edge_nm"), "nm"),
        _number(values.get("volume_ul"), "µL"),
        str(values.get("note") or ""),
        str(len(row.details)) if row.details else "",
    )


def details(row: SampleRow) -> str:
    """Return all that is known of a sample.

    Args:
        row: The sample.
    """
    note = str(row.values.get("note") or "")
    return "\n".join(each for each in (note, *row.details) if each) or "no results yet"


def _number(value: Value, unit: str) -> str:
    """Return a number with the digits that somebody has given it."""
    return with_unit(f"{float(value):.6g}", unit) if isinstance(value, int | float) else ""
