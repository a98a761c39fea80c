"""A run as a NeXus file: spectra, what was tracked, sample, instrument."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from plans.records.course import TRACKED, Course, read_course
from plans.records.errors import RecordError
from plans.records.folder import local_time
from plans.records.run import Run


def write_nexus(run: Run, path: Path) -> None:
    """Write a run as one NeXus file that h5py, silx and nexpy open without help.

    The default plot is the spectra against time and wavelength, dark subtracted; the raw counts
    are kept beside them. All documents' start values are kept as JSON.

    Args:
        run: The run.
        path: The file; one that is there is replaced.

    Raises:
        RecordError: The file cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with h5py.File(part, "w") as file:
            file.attrs.update({"NX_class": "NXroot", "default": "entry"})
            _write_entry(file.create_group("entry"), run, read_course(run))
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise RecordError(
            path, f"the NeXus file cannot be written ({error}); check space and rights"
        ) from error


def _write_entry(entry: Any, run: Run, course: Course) -> None:
    start = run.start
    entry.attrs["NX_class"] = "NXentry"
    entry["title"] = str(start.get("plan_name") or "run")
    entry["entry_identifier"] = str(start["uid"])
    entry["start_time"] = local_time(float(start["time"])).isoformat()
    entry["end_time"] = local_time(run.last_time_s).isoformat()
    entry["exit_status"] = run.exit_status
    notes = entry.create_group("start_document")
    notes.attrs["NX_class"] = "NXnote"
    notes["type"] = "application/json"
    notes["data"] = json.dumps(dict(start), default=str)
    _write_sample(entry, start.get("sample"))
    _write_instrument(entry, run)
    if course.spectra is not None:
        _write_spectra(entry, course)
    _write_tracked(entry, run, course)


def _write_sample(entry: Any, sample: Any) -> None:
    group = entry.create_group("sample")
    group.attrs["NX_class"] = "NXsample"
    known = sample if isinstance(sample, dict) else {"name": sample or "not named"}
    for key, value in known.items():
        group[str(key)] = value if isinstance(value, int | float) else str(value)


def _write_instrument(entry: Any, run: Run) -> None:
    instrument = entry.create_group("instrument")
    instrument.attrs["NX_class"] = "NXinstrument"
    for device, described in run.configuration().items():
        group = instrument.create_group(str(device).replace("/", "_"))
        group.attrs["NX_class"] = "NXcollection"
        data = described.get("data", described)
        for key, value in dict(data).items():
            array = np.asarray(value)
            group[str(key)] = array if array.dtype.kind in "biuf" else str(value)


def _write_spectra(entry: Any, course: Course) -> None:
    spectra = course.spectra
    assert spectra is not None  # the caller looked
    data = entry.create_group("data")
    data.attrs.update({"NX_class": "NXdata", "signal": "counts"})
    data.attrs["axes"] = np.array(["time", "wavelength"], dtype=h5py.string_dtype())
    entry.attrs["default"] = "data"
    packed = {"compression": "gzip", "compression_opts": 4, "shuffle": True}
    for name, values, meaning in (
        ("counts", spectra.counts, "dark subtracted where a dark spectrum exists"),
        ("raw_counts", spectra.raw_counts, "as recorded"),
    ):
        held = data.create_dataset(name, data=np.asarray(values, dtype=np.float64), **packed)
        held.attrs.update({"units": spectra.units, "long_name": meaning})
    data["wavelength"] = spectra.wavelength_nm
    data["wavelength"].attrs["units"] = "nm" if spectra.has_wavelength else "pixel"
    data["time"] = course.time_s
    data["time"].attrs.update({"units": "s", "long_name": "time since the start of the run"})


def _write_tracked(entry: Any, run: Run, course: Course) -> None:
    table = run.table(TRACKED)
    group = entry.create_group("tracked")
    group.attrs.update({"NX_class": "NXdata"})
    keys = run.data_keys(TRACKED) if table else {}
    for key, column in table.items():
        values = np.asarray(column)
        if values.dtype.kind not in "biuf":
            values = np.array([str(value) for value in values], dtype=h5py.string_dtype())
        group[key] = values
        unit = str((keys.get(key) or {}).get("units") or "")
        if unit:
            group[key].attrs["units"] = unit
    peaks = [key for key in table if key.endswith("_peak_nm")]
    if peaks:
        group.attrs["signal"] = peaks[0]
        group.attrs["axes"] = "time"
    if course.spectra is None:
        entry.attrs["default"] = "tracked"
