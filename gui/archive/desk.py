"""Reads the folders of runs for the window."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gui import archive_messages as messages
from gui.archive.instruments import look_for
from gui.archive.notes import add_note, read_notes
from gui.archive.samples import attach_result, list_samples, put_sample
from gui.messages import Column
from plans.records import RecordError, list_runs, open_run, write_exports

_TRACKED = ("tracked", "primary")
_MOST_ROWS = 1500
_DEVICES = frozenset({"spectrometer", "light", "stage", "meter", "pump", "md"})


def answer(request: object) -> object:
    """Answer a request of the window.

    Args:
        request: A message of `gui.archive_messages`.
    """
    if isinstance(request, messages.ListRuns):
        return _list(request)
    if isinstance(request, messages.ReadRun):
        return _read(Path(request.path))
    if isinstance(request, messages.AddNote):
        return _note(request)
    if isinstance(request, messages.Export):
        return _export(Path(request.path))
    if isinstance(request, messages.LookForInstruments):
        return look_for(request)
    if isinstance(request, messages.ListSamples):
        return list_samples(Path(request.folder))
    if isinstance(request, messages.PutSample):
        return put_sample(request)
    if isinstance(request, messages.AttachResult):
        return attach_result(request)
    raise TypeError(f"no such request: {request!r}")


def _list(request: messages.ListRuns) -> messages.RunList:
    folder = Path(request.folder)
    if not folder.is_dir():
        return messages.RunList(rows=())
    try:
        found = list_runs(folder)
    except RecordError as error:
        return messages.RunList(rows=(), problem=str(error))
    rows = tuple(
        messages.RunRow(
            path=str(run.path),
            uid=run.uid,
            scan_id=run.scan_id,
            plan=run.plan_name,
            sample=run.sample,
            time_s=run.time_s,
            duration_s=run.duration_s,
            exit_status=run.exit_status,
            reason=run.reason,
        )
        for run in found
    )
    return messages.RunList(rows=rows)


def _read(path: Path) -> messages.RunData:
    try:
        run = open_run(path)
        stream = next((name for name in _TRACKED if name in run.streams), "")
        table = run.table(stream) if stream else {}
        keys = run.data_keys(stream) if stream else {}
        ending = run.table("ending")
    except (RecordError, OSError) as error:
        return messages.RunData(path=str(path), problem=str(error))
    return messages.RunData(
        path=str(path),
        columns=_columns(table, float(run.start["time"])),
        units={key: str(entry.get("units") or "") for key, entry in keys.items()},
        plan=str(run.start.get("plan_name", "")),
        arguments=_arguments(run.start.get("plan_args") or {}),
        notes=read_notes(path),
        ending=_ending(ending, run.reason),
        report=_report(run.folder.report_html),
    )


def _columns(table: Mapping[str, Any], start_s: float) -> dict[str, Column]:
    columns = {
        key: column
        for key, column in table.items()
        if column.ndim == 1 and column.dtype.kind == "f" and key != "time"
    }
    if "time" in table:
        columns["time_min"] = (table["time"] - start_s) / 60.0
    step = max(1, -(-len(next(iter(columns.values()), [])) // _MOST_ROWS))
    return {key: np.ascontiguousarray(column[::step]) for key, column in columns.items()}


def _arguments(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in found.items()
        if key not in _DEVICES and _is_plain(value)
    }


def _is_plain(value: object) -> bool:
    """Whether a form can hold a value: a number, a word, or several of them."""
    if isinstance(value, list):
        return all(isinstance(each, int | float | str) for each in value)
    return value is None or isinstance(value, bool | int | float | str)


def _ending(table: Mapping[str, Any], reason: str) -> str:
    texts = table.get("ending_text")
    return str(texts[-1]) if texts is not None and len(texts) else reason


def _report(path: Path) -> str:
    return str(path) if path.is_file() else ""


def _note(request: messages.AddNote) -> messages.RunData:
    path = Path(request.path)
    try:
        add_note(path, request.text)
    except OSError as error:
        return messages.RunData(path=request.path, problem=f"the note was not written: {error}")
    return _read(path)


def _export(path: Path) -> messages.Exported:
    try:
        run = open_run(path)
        write_exports(run.folder)
    except (RecordError, OSError, ValueError) as error:
        return messages.Exported(path=str(path), problem=str(error))
    return messages.Exported(path=str(path), report=_report(run.folder.report_html))
