"""What a plan found: its answer, its tables, and the curves to draw of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from plans.records.quantities import (
    NO_VALUE,
    Measured,
    rounded,
    unit_of,
    value_text,
    worded,
)
from plans.records.run import Run

SUMMARY = "summary"
TABLES = ("results", "spots", "search", "readings", "failed_cells")
"""Streams that are tables of results, in the order of a report."""
WORDS = ("explanation", "verdict", "threshold_reason", "budget_reason", "reason")
"""Parts of an answer that are sentences."""
_DIGITS = 4  # of a value whose uncertainty is not known; two more from 100, as peaks need them
NOT_SHOWN = ("seq_num", "time")

Column = Sequence[Any] | np.ndarray[Any, np.dtype[Any]]
Columns = Mapping[str, Column]


@dataclass(frozen=True, kw_only=True)
class Curve:
    """What of a table is drawn against what.

    Attributes:
        table: Name of the stream.
        across: Column on the horizontal axis.
        up: Columns on the vertical one.
        log_across: Whether the horizontal axis is logarithmic.
        log_up: Whether the vertical one is.
        by: Column whose values are told apart by colour.
    """

    table: str = "results"
    across: str
    up: tuple[str, ...]
    log_across: bool = False
    log_up: bool = False
    by: str = ""


_ADDED = Curve(across="added_ul", up=("peak_nm", "peak_corrected_nm"))
CURVES: Mapping[str, Curve] = {
    "action_spectrum": Curve(across="wavelength_nm", up=("relative_action",)),
    "antisolvent_titration": _ADDED,
    "calibrate_dark": Curve(across="integration_time_s", up=("mean_counts",), log_across=True),
    "calibrate_irradiance": Curve(
        table="readings", across="level", up=("irradiance_mw_cm2",), by="wavelength_nm"
    ),
    "calibrate_nonlinearity": Curve(across="fill", up=("counts_per_s",), log_across=True),
    "calibrate_spectral_response": Curve(across="wavelength_nm", up=("factor",)),
    "calibrate_wavelength": Curve(across="true_nm", up=("offset_nm",)),
    "condition_matrix": Curve(across="cell", up=("shift_nm",)),
    "dose_reciprocity": Curve(across="irradiance_mw_cm2", up=("shift_nm",), log_across=True),
    "ife_check": Curve(across="dilution", up=("peak_nm", "peak_corrected_nm"), log_across=True),
    "interface_nanoplates": Curve(across="height_mm", up=("peak_nm",), by="scan"),
    "led_lifetime": Curve(
        across="luminance_start_cd_m2", up=("t50_s",), log_across=True, log_up=True
    ),
    "lifetime_series": Curve(
        across="dose_j_cm2", up=("intensity_average_ns", "amplitude_average_ns"), log_up=True
    ),
    "ligand_titration": _ADDED,
    "plqy_relative": Curve(across="absorbed_share", up=("photons",), by="kind"),
    "power_series": Curve(
        across="irradiance_mw_cm2", up=("area",), log_across=True, log_up=True, by="way"
    ),
    "thermal_regrowth": Curve(across="held_s", up=("peak_nm",)),
    "ultrasonication_assembly": Curve(across="sonicated_s", up=("peak_nm",)),
    "uv_photostability": Curve(
        across="exposure_s", up=("area_ratio",), log_across=True, by="position"
    ),
    "water_stability": Curve(across="in_water_s", up=("area_ratio",), log_across=True),
}
"""The curve that each plan is about."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the summary of a run says.

    Attributes:
        sentences: Name and words of each conclusion.
        figures: Name and value of everything else, as text.
    """

    sentences: tuple[tuple[str, str], ...]
    figures: tuple[tuple[str, str], ...]


def answer(run: Run) -> Answer | None:
    """Return what the summary of a run says, None without one.

    Args:
        run: The run.
    """
    if SUMMARY not in run.streams:
        return None
    columns = run.table(SUMMARY)
    found = {name: columns[name][-1] for name in columns if name not in NOT_SHOWN}
    sentences = tuple(
        (worded(name)[0], str(found[name])) for name in WORDS if str(found.get(name, "")).strip()
    )
    return Answer(sentences=sentences, figures=tuple(_figures(found)))


def tables(run: Run) -> dict[str, Columns]:
    """Return the tables of results that a run has, without numbers of events.

    Args:
        run: The run.
    """
    return {
        stream: {k: v for k, v in run.table(stream).items() if k not in NOT_SHOWN}
        for stream in TABLES
        if stream in run.streams
    }


def cell_text(name: str, value: Any, uncertainty: float = float("nan")) -> str:
    """Return a value of a table as text, without its unit.

    Args:
        name: Of its column.
        value: The value.
        uncertainty: One standard deviation, where it is known.
    """
    if isinstance(value, (int, float, np.number)):
        if name.startswith("is_"):
            return "yes" if value else "no"
        plain = float(value)
        if uncertainty > 0:
            return Measured(value=plain, uncertainty=uncertainty).text()
        return rounded(plain, _DIGITS if abs(plain) < 100 else _DIGITS + 2)
    return value_text(value)


def with_uncertainty(names: Sequence[str]) -> dict[str, str]:
    """Return the columns, each with that of its standard error, "" where it has none.

    Args:
        names: All columns.
    """
    errors = {_without_error(name): name for name in names if _without_error(name) != name}
    return {name: errors.get(name, "") for name in names if name not in errors.values()}


def _without_error(name: str) -> str:
    """Return the name of what a standard error belongs to; other names as they are."""
    return name.removesuffix("_se").replace("_se_", "_")


def _figures(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, error in with_uncertainty(list(found)).items():
        if name in WORDS:
            continue
        uncertainty = float(found[error]) if error else float("nan")
        text, unit = cell_text(name, found[name], uncertainty), unit_of(name)
        has_unit = unit and text != NO_VALUE
        yield worded(name)[0], f"{text}\N{THIN SPACE}{unit}" if has_unit else text
