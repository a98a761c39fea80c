"""A run is one NeXus file for other programs."""

import json

import h5py
import numpy as np
import pytest

from plans.records import open_run
from plans.records.course import read_course
from plans.records.errors import RecordError
from plans.records.nexus import write_nexus
from tests.unit.plans.records.synthetic import one_stream


def opened(recorder):
    recorder.close()
    (journal,) = recorder.parent.glob("*/run.jsonl")
    return open_run(journal.parent)


@pytest.fixture
def run(small, tmp_path):
    (journal,) = (tmp_path / "runs").glob("*/run.jsonl")
    return open_run(journal.parent)


def test_the_default_plot_is_the_spectra_against_time_and_wavelength(run, tmp_path):
    write_nexus(run, tmp_path / "run.nxs")
    course = read_course(run)
    with h5py.File(tmp_path / "run.nxs") as file:
        assert file.attrs["NX_class"] == "NXroot"
        entry = file[file.attrs["default"]]
        assert entry.attrs["NX_class"] == "NXentry"
        data = entry[entry.attrs["default"]]
        assert data.attrs["NX_class"] == "NXdata"
        signal = data[data.attrs["signal"]]
        axes = [data[name] for name in data.attrs["axes"]]
        assert signal.shape == tuple(axis.size for axis in axes)
        assert signal[...] == pytest.approx(course.spectra.counts)
        assert data["raw_counts"][...] == pytest.approx(course.spectra.raw_counts)
        assert axes[1].attrs["units"] == "nm"
        assert entry["instrument"].attrs["NX_class"] == "NXinstrument"
        assert entry["sample"].attrs["NX_class"] == "NXsample"
        start = json.loads(entry["start_document/data"].asstr()[()])
        assert start["uid"] == run.start["uid"]
        assert entry["exit_status"].asstr()[()] == "success"


def test_what_was_tracked_is_kept_with_its_units(run, tmp_path):
    write_nexus(run, tmp_path / "run.nxs")
    with h5py.File(tmp_path / "run.nxs") as file:
        tracked = file["entry/tracked"]
        assert tracked.attrs["signal"] == "tracker_peak_nm"
        assert tracked["tracker_peak_nm"].attrs["units"] == "nm"
        peaks = run.table("tracked")["tracker_peak_nm"]
        np.testing.assert_array_equal(tracked["tracker_peak_nm"][...], peaks)
        assert tracked["tracker_flags"].asstr()[0] == run.table("tracked")["tracker_flags"][0]


def test_a_file_that_cannot_be_written_is_named(run, tmp_path):
    with pytest.raises(RecordError, match="NeXus"):
        write_nexus(run, tmp_path / "gone" / "run.nxs")


class Images:
    def documents(self):
        return one_stream([np.ones((3, 4)), np.ones((3, 4))])


def test_a_run_without_spectra_is_written_too(record, tmp_path):
    record(Images())
    (journal,) = (tmp_path / "runs").glob("*/run.jsonl")
    write_nexus(open_run(journal.parent), tmp_path / "run.nxs")
    with h5py.File(tmp_path / "run.nxs") as file:
        assert "data" not in file["entry"]
        assert file["entry"].attrs["default"] == "tracked"
