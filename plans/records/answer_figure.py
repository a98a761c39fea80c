"""The table of a plan as a picture: the curve that it is about, or how a search goes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, ScalarFormatter

from plans.records.answer import CURVES, Columns, Curve, with_uncertainty
from plans.records.figure import LINE, SOFT, TEXT, plain, png
from plans.records.quantities import value_text, worded

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito, Color Universal Design (2008)."""
SEARCH = "search"
OF_A_SEARCH = ("cell", "objective", "allowed", "best_so_far")
MOST_AXES = 4  # of a search that are drawn


def answer_png(plan_name: str, tables: Mapping[str, Columns]) -> bytes | None:
    """Return the picture of what a plan found, None when there is nothing to draw.

    Args:
        plan_name: Name of the plan.
        tables: Its tables so far, by stream.
    """
    if SEARCH in tables:
        return _search(tables[SEARCH])
    if plan_name == "map_scan" and "results" in tables:
        return _map(tables["results"])
    curve = CURVES.get(plan_name)
    columns = tables.get(curve.table, {}) if curve is not None else {}
    if curve is None or curve.across not in columns:
        return None
    figure = Figure(figsize=(9.5, 3.6), layout="constrained")
    axes = figure.subplots()
    _draw(axes, curve, columns)
    return png(figure, dpi=130)


def _numbers(values: Sequence[Any] | np.ndarray[Any, np.dtype[Any]]) -> np.ndarray[Any, Any]:
    return np.asarray([float(value) for value in values], dtype=np.float64)


def _draw(axes: Axes, curve: Curve, columns: Columns) -> None:
    across = _numbers(columns[curve.across])
    rows = np.asarray(columns[curve.by]) if curve.by in columns else np.zeros(len(across))
    kinds = list(dict.fromkeys(rows.tolist()))
    shown = [n for n in curve.up if n in columns and np.isfinite(_numbers(columns[n])).any()]
    errors = with_uncertainty(list(columns))
    for number, (kind, name) in enumerate((k, n) for k in kinds for n in shown):
        mine, colour = rows == kind, COLOURS[number % len(COLOURS)]
        words = [worded(name)[0]] if len(shown) > 1 else []
        words += [f"{worded(curve.by)[0].lower()} {value_text(kind)}"] if len(kinds) > 1 else []
        up = _numbers(columns[name])
        beside = errors.get(name)
        error = np.abs(_numbers(columns[beside])[mine]) if beside else None
        axes.errorbar(across[mine], up[mine], yerr=error, fmt="o-", color=colour, ms=4, lw=1.2,
                      elinewidth=1.0, capsize=2.0, label=", ".join(words))  # fmt: skip
    axes.set_xlabel(_label(curve.across), fontsize=9, color=TEXT)
    axes.set_ylabel(_label(shown[0]) if shown else "", fontsize=9, color=TEXT)
    if curve.log_across and np.all(across > 0):
        axes.set_xscale("log")
    if curve.log_up and all(np.nanmin(_numbers(columns[name])) > 0 for name in shown):
        axes.set_yscale("log")
    if len(kinds) * len(shown) > 1:
        axes.legend(frameon=False, fontsize=8.5)
    _finish(axes)


def _search(columns: Columns) -> bytes:
    """Draw the outcome of each run, and against each axis of the search."""
    names = [name for name in columns if name not in OF_A_SEARCH][:MOST_AXES]
    figure = Figure(figsize=(9.5, 3.6), layout="constrained")
    panels = np.atleast_1d(
        figure.subplots(1, 1 + len(names), width_ratios=[1.6, *[1.0] * len(names)], sharey=True)
    )
    cells, outcome = _numbers(columns["cell"]) + 1, _numbers(columns["objective"])
    allowed = _numbers(columns["allowed"]) > 0
    panels[0].step(cells, _numbers(columns["best_so_far"]), where="post", color=SOFT, lw=1.4,
                   label="best so far")  # fmt: skip
    panels[0].set_xlabel("Run", fontsize=9, color=TEXT)
    panels[0].set_ylabel("Objective", fontsize=9, color=TEXT)
    for axes, across in zip(panels, [cells, *(_numbers(columns[n]) for n in names)], strict=True):
        axes.plot(across[allowed], outcome[allowed], "o", color=LINE, ms=5, label="limits hold")
        axes.plot(across[~allowed], outcome[~allowed], "o", mfc="none", mec=COLOURS[1], ms=5,
                  label="a limit is broken")  # fmt: skip
        _finish(axes)
    panels[0].xaxis.set_major_locator(MaxNLocator(integer=True))
    best = np.flatnonzero(allowed & np.isfinite(outcome) & (outcome == columns["best_so_far"][-1]))
    for axes, name in zip(panels[1:], names, strict=True):
        axes.set_xlabel(_label(name), fontsize=9, color=TEXT)
        axes.plot(_numbers(columns[name])[best], outcome[best], "*", color=COLOURS[1], ms=13)
    panels[0].legend(frameon=False, fontsize=8.5)
    return png(figure, dpi=130)


def _map(columns: Columns) -> bytes:
    figure = Figure(figsize=(9.5, 4.0), layout="constrained")
    along, across = (_numbers(columns[name]) for name in ("along_mm", "across_mm"))
    if not np.isfinite(along).any() or not np.isfinite(across).any():
        along, across = (_numbers(columns[name]) for name in ("column", "row"))
    for axes, name in zip(figure.subplots(1, 2), ("peak_nm", "area"), strict=True):
        spots = axes.scatter(along, across, c=_numbers(columns[name]), s=60, cmap="viridis")
        axes.set_aspect("equal", adjustable="datalim")
        figure.colorbar(spots, ax=axes, label=_label(name), format="%.6g")
        _finish(axes)
    return png(figure, dpi=130)


def _finish(axes: Axes) -> None:
    """Write whole numbers on linear axes, without an offset to add in the head."""
    for axis in (axes.xaxis, axes.yaxis):
        if isinstance(axis.get_major_formatter(), ScalarFormatter):
            axis.set_major_formatter(ScalarFormatter(useOffset=False))
    plain(axes)


def _label(name: str) -> str:
    words, unit = worded(name)
    return f"{words} ({unit})" if unit else words
