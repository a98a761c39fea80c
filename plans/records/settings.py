"""What was set: plan, sample, devices, software, as tables of a report."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from plans.records import html
from plans.records.folder import local_time
from plans.records.quantities import NO_VALUE, THIN_SPACE, pretty_unit, unit_of, value_text
from plans.records.run import Run

# Of the start document; everything else that a user put there is shown as a note.
KNOWN_START_KEYS = {
    "uid", "time", "scan_id", "plan_name", "plan_type", "plan_args", "versions", "sample", "bench",
    "operator", "python", "simulated", "detectors", "motors", "hints", "num_points",
    "num_intervals", "plan_pattern", "plan_pattern_args", "plan_pattern_module",
}  # fmt: skip


# 2026-06-02, or 02-JUN-2026 as instruments say it; their months are English everywhere.
DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)|(\d{1,2})-([A-Za-z]{3})-(\d{4})")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def plain(value: Any) -> str:
    """Return a value of the start document as text, a dash when it is not there.

    Args:
        value: Any JSON value.
    """
    return NO_VALUE if value is None else value_text(value)


def sample_rows(sample: object) -> list[tuple[str, str]]:
    """Return the rows of a sample that is more than a name.

    Args:
        sample: As the start document has it.
    """
    if not isinstance(sample, Mapping):
        return []
    return [
        (f"Sample, {html.escape(str(key).replace('_', ' '))}", _cell(str(key), value))
        for key, value in sample.items()
        if key != "name"
    ]


def plan(run: Run) -> Iterator[str]:
    """Yield the parameters of the plan and the notes of who started it.

    Args:
        run: The run.
    """
    yield html.table([("Plan", html.code(run.start.get("plan_name", NO_VALUE)))])
    arguments = run.start.get("plan_args")
    if isinstance(arguments, Mapping) and arguments:
        yield html.table(
            [(html.code(key), _cell(str(key), value)) for key, value in arguments.items()],
            heading=("Parameter", "Value"),
            kind="facts",
        )
    else:
        yield html.paragraph("The start document holds no parameters of the plan.")
    notes = {key: value for key, value in run.start.items() if key not in KNOWN_START_KEYS}
    if notes:
        yield "<h3>Also in the start document</h3>"
        rows = [(html.code(key), html.escape(value_text(value))) for key, value in notes.items()]
        yield html.table(rows)


def devices(run: Run) -> Iterator[str]:
    """Yield the configuration of every device and the dates of its calibrations.

    Args:
        run: The run.
    """
    configuration = {name: c for name, c in run.configuration().items() if c.get("data")}
    if not configuration:
        yield html.paragraph("No device recorded a setting.")
        return
    calibrations = _calibrations(run, configuration)
    if calibrations:
        yield "<h3>Calibrations</h3>"
        yield html.table(
            calibrations, heading=("Device", "Calibration", "Age at the start"), kind="flags"
        )
    else:
        yield html.paragraph("No device recorded the date of a calibration.")
    for name, part in configuration.items():
        yield f"<h3>{html.escape(name)}</h3>"
        yield html.table(list(_settings(name, part)), kind="facts")


def software(run: Run) -> Iterator[str]:
    """Yield the versions of the software that made the run.

    Args:
        run: The run.
    """
    named = run.start.get("versions")
    versions = dict(named) if isinstance(named, Mapping) else {}
    if "python" in run.start:
        versions["python"] = run.start["python"]
    if versions:
        yield html.table([(html.escape(k), html.code(plain(v))) for k, v in versions.items()])
    else:
        yield html.paragraph("The start document names no versions.")


def _settings(device: str, part: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in part["data"].items():
        described = part.get("data_keys", {}).get(key, {})
        unit = pretty_unit(str(described.get("units") or ""))
        yield html.code(key.removeprefix(f"{device}_")), _cell(key, value, unit)


def _cell(name: str, value: Any, unit: str = "") -> str:
    """Return a value with the unit that its description or else its name gives."""
    text = html.escape(value_text(value))
    is_number = isinstance(value, int | float | list) and not isinstance(value, bool)
    unit = unit or unit_of(name)
    if not (is_number and unit and text != NO_VALUE) or text == "none":
        return text
    return f"{text}{THIN_SPACE}{html.escape(unit)}"


def _calibrations(
    run: Run, configuration: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, str, str]]:
    began = local_time(float(run.start["time"])).date()
    rows = []
    for device, part in configuration.items():
        for key, value in part["data"].items():
            if "calibrat" in f"{key} {value}" and value is not None:
                text = html.escape(f"{key.removeprefix(f'{device}_')}: {value_text(value)}")
                rows.append((html.escape(device), text, _age(value, began)))
    return rows


def _age(value: Any, began: date) -> str:
    """Return the age of a date, or of the oldest in a list; a dash where there is none."""
    values = value if isinstance(value, list) else [value]
    days = []
    for item in values:
        found = _date(str(item))
        if found is not None:
            days.append((began - found).days)
    if not days:
        return NO_VALUE
    return f"{max(days)}{THIN_SPACE}{'day' if max(days) == 1 else 'days'}"


def _date(text: str) -> date | None:
    """Return the first date in a text, None without one."""
    found = DATE.search(text)
    if found is None:
        return None
    year, month, day, named_day, name, named_year = found.groups()
    try:
        if year:
            return date(int(year), int(month), int(day))
        return date(int(named_year), MONTHS.index(name.lower()) + 1, int(named_day))
    except ValueError:  # no such day or month
        return None
