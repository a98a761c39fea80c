"""Tables of a run, whole or not there."""

import csv
import locale

import numpy as np
import pytest

from plans.records import RecordError, open_run, write_exports
from plans.records.export import write_spectra, write_tracked
from plans.records.files import write_text
from tests.unit.plans.records.synthetic import Regrowth

SPECTRUM = "spectrometer_spectrum_counts"


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture
def run(small):
    return open_run(small.run_folder.path)


def test_the_tracked_table_has_a_row_per_frame_and_its_units_in_the_heading(run, tmp_path):
    write_tracked(run, tmp_path / "t.csv")
    heading, *rows = read(tmp_path / "t.csv")
    assert heading[:3] == ["seq_num", "time", "elapsed_s"]
    assert {"peak_nm", "peak_nm_se", "fwhm_nm", "light_dose_j_cm2", "phase", "flags"} <= {*heading}
    assert len(heading) == len(set(heading))
    assert [row[0] for row in rows] == [str(n) for n in range(1, 13)]
    tracked = run.table("tracked")
    peaks = [float(row[heading.index("peak_nm")]) for row in rows]
    np.testing.assert_allclose(peaks, tracked["tracker_peak_nm"], rtol=1e-9)
    assert rows[0][1].startswith("202")


def test_the_spectra_table_has_wavelengths_first_and_a_column_per_frame(run, tmp_path):
    write_spectra(run, tmp_path / "s.csv")
    heading, *rows = read(tmp_path / "s.csv")
    assert heading[:3] == ["wavelength_nm", "5.000 s (counts)", "15.000 s (counts)"]
    numbers = np.array(rows, dtype=float)
    np.testing.assert_allclose(numbers[:, 0], np.linspace(339.24, 1028.0, 64), rtol=1e-9)
    np.testing.assert_allclose(numbers[:, 1:].T, run.table("primary")[SPECTRUM], rtol=1e-9)


def test_numbers_have_a_point_whatever_the_language(run, tmp_path, monkeypatch):
    monkeypatch.setattr(locale, "localeconv", lambda: {"decimal_point": ","})
    monkeypatch.setattr(locale, "getpreferredencoding", lambda _=True: "cp1252")
    write_tracked(run, tmp_path / "t.csv")
    assert b"515." in (tmp_path / "t.csv").read_bytes()
    assert (tmp_path / "t.csv").read_bytes().count(b"\r\n") == 13


def test_a_value_that_is_not_there_is_an_empty_cell(record, tmp_path):
    run = open_run(record(exposure=70, pixels=8).run_folder.path)
    write_tracked(run, tmp_path / "t.csv")
    heading, *rows = read(tmp_path / "t.csv")
    lost = rows[60]
    assert lost[heading.index("peak_nm")] == ""
    assert lost[heading.index("flags")] == "no_peak"
    assert rows[30][heading.index("flags")] == "saturated,leak"


def test_a_row_without_tracking_has_empty_cells_and_a_lost_spectrum_too(record, tmp_path):
    documents = list(Regrowth(stop_after=3, pixels=8).documents())[:-1]

    class Cut:
        def documents(self):
            return iter(documents)

    folder = record(Cut()).run_folder
    folder.arrays.unlink()
    run = open_run(folder.path)
    write_tracked(run, tmp_path / "t.csv")
    heading, *rows = read(tmp_path / "t.csv")
    assert rows[2][heading.index("peak_nm")] == ""
    write_spectra(run, tmp_path / "s.csv")
    assert read(tmp_path / "s.csv") == [["wavelength_nm"]]


def test_a_lost_row_is_an_empty_column(record, tmp_path):
    import h5py

    folder = record(exposure=2, pixels=8).run_folder
    with h5py.File(folder.arrays, "r+") as file:
        file[f"primary/{SPECTRUM}"].resize(5, axis=0)
    write_spectra(open_run(folder.path), tmp_path / "s.csv")
    rows = read(tmp_path / "s.csv")[1:]
    assert all(row[5] and not row[6] for row in rows)


def test_spectra_without_wavelengths_are_numbered_by_pixel(record, tmp_path):
    class Blind(Regrowth):
        def _configuration(self, _):
            return {}

    run = open_run(record(Blind(exposure=2, pixels=8)).run_folder.path)
    write_spectra(run, tmp_path / "s.csv")
    assert [row[0] for row in read(tmp_path / "s.csv")][:3] == ["pixel", "0", "1"]


def test_an_empty_run_gives_tables_with_a_heading_only(record, tmp_path):
    changes = {"baseline": 0, "exposure": 0, "dark_tail": 0, "with_ending": False}
    run = open_run(record(**changes, pixels=8).run_folder.path)
    write_tracked(run, tmp_path / "t.csv")
    write_spectra(run, tmp_path / "s.csv")
    assert read(tmp_path / "t.csv") == [["seq_num", "time", "elapsed_s"]]
    assert read(tmp_path / "s.csv") == [["wavelength_nm"]]


def test_a_file_that_cannot_be_written_is_told_and_the_others_are(small, monkeypatch):
    folder = small.run_folder
    folder.tracked_csv.mkdir()  # as good as a file that a spreadsheet holds
    with pytest.raises(RecordError, match=r"tracked\.csv.*close it in other programs"):
        write_exports(folder)
    assert folder.report_html.exists()
    assert folder.spectra_csv.exists()


def test_a_file_is_whole_or_not_there(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("before")

    def pieces():
        yield "half"
        raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError):
        write_text(path, pieces())
    assert path.read_text() == "before"


def test_half_of_a_surrogate_pair_is_replaced(tmp_path):
    write_text(tmp_path / "a.txt", ["a\ud800b"])
    assert (tmp_path / "a.txt").read_bytes() == b"a?b"
