"""Checks of stage positions, time and disk."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from instruments.stages.stage import Stage
from plans.preflight import Check

_DISK_MARGIN: Final = 3.0  # exports and report come on top of the raw data
_MB: Final = 1e6


def check_positions(stage: Stage | None, positions: Sequence[str]) -> Iterator[Check]:
    """Yield whether a stage knows positions; their limits were checked when it was connected.

    Args:
        stage: The stage, or None; then only one position can be looked at.
        positions: Names of all positions that are needed.
    """
    if stage is None:
        if len(set(positions)) > 1:
            detail = f"{len(set(positions))} positions need a stage"
            yield Check(name="stage", verdict="refused", detail=detail)
        return
    missing = [name for name in positions if name not in stage.positions]
    known = ", ".join(stage.positions)
    yield Check(
        name="stage",
        verdict="refused" if missing else "ok",
        detail=f"no position {', '.join(missing)}; {stage.name} knows {known}"
        if missing
        else f"positions {', '.join(positions)}",
    )
    if not stage.is_homed():
        yield Check(
            name="stage reference",
            verdict="note",
            detail=f"{stage.name} has none and will be homed; see that nothing is in its way",
        )


def check_disk(folder: Path, needed_bytes: float) -> Check:
    """Return whether the disk has room for a run.

    Args:
        folder: Where the run's folder will be made.
        needed_bytes: What its raw data take.
    """
    there = next(parent for parent in (folder, *folder.resolve().parents) if parent.exists())
    free = shutil.disk_usage(there).free
    needed = _DISK_MARGIN * needed_bytes
    return Check(
        name="disk",
        verdict="ok" if needed <= free else "refused",
        detail=f"about {needed / _MB:.0f} MB of {free / _MB:.0f} MB free",
    )
