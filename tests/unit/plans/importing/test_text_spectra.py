"""Files of many instruments are read, and what is no file of spectra is named."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.importing import SpectrumFileError, read_spectra
from plans.importing.table import find_table
from plans.importing.text_spectra import time_of

ROWS = [(400.0, 1.0, -2.5), (401.0, 3e2, 4.0), (402.0, 5.0, 6.25), (403.0, 7.0, 8.0)]


def lines(separator=",", decimal="."):
    return [separator.join(repr(v).replace(".", decimal) for v in row) for row in ROWS]


def read(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "spectra.csv"
    path.write_bytes(text.encode(encoding))
    return read_spectra(path)


def assert_rows(series):
    found = np.column_stack(
        [series.spectra[0].wavelength_nm, *(spectrum.counts for spectrum in series.spectra)]
    )
    assert found == pytest.approx(np.array(ROWS))


@pytest.mark.parametrize(
    ("separator", "decimal"),
    [(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), ("  ", "."), (", ", ".")],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_decimal_signs_and_encodings(tmp_path, separator, decimal, encoding, end):
    header = separator.join(("Wellenlänge", "30 s", "60 s"))
    series = read(tmp_path, end.join([header, *lines(separator, decimal)]), encoding)
    assert_rows(series)


def test_names_and_times_come_from_the_heading(tmp_path):
    series = read(tmp_path, "\n".join(["Wavelength (nm),30 s,1.5 min reaction", *lines()]))
    assert [spectrum.name for spectrum in series.spectra] == ["30 s", "1.5 min reaction"]
    assert [spectrum.time_s for spectrum in series.spectra] == [30.0, 90.0]
    assert series.has_times
    assert not series.descending
    assert series.skipped_lines == 0


def test_a_file_without_a_heading_gets_names(tmp_path):
    series = read(tmp_path, "\n".join(lines()))
    assert [spectrum.name for spectrum in series.spectra] == ["spectrum 1", "spectrum 2"]
    assert not series.has_times


def test_settings_above_and_text_below_are_left_out(tmp_path):
    text = "\n".join(
        [
            "Data from vial_3.txt Node",
            "Integration Time (sec): 1,0E-1",
            "Boxcar width: 0",
            "1,2",
            "Number of Pixels in Spectrum: 4",
            ">>>>>Begin Spectral Data<<<<<",
            "",
            "nm,a,b",
            *lines(),
            ",,",
            ",,",
            ", Old: 600.00,",
            "999,1,1",
        ]
    )
    series = read(tmp_path, text)
    assert_rows(series)
    assert series.skipped_lines > 0


def test_ragged_rows_are_filled_with_nothing(tmp_path):
    series = read(tmp_path, "nm,a,b\n400,1,2\n401,3\n402,,5\n403,x,7\n404,8,9,10\n")
    first, second, third = series.spectra
    assert first.counts == pytest.approx([1, 3, np.nan, np.nan, 8], nan_ok=True)
    assert second.counts == pytest.approx([2, np.nan, 5, 7, 9], nan_ok=True)
    assert third.name == "spectrum 3"


def test_a_falling_axis_is_kept_and_named(tmp_path):
    series = read(tmp_path, "\n".join(["nm,a,b", *lines()[::-1]]))
    assert series.descending
    assert series.spectra[0].wavelength_nm[0] == 403.0


@pytest.mark.parametrize(
    ("heading", "values"),
    [("Energy (eV)", (2.5, 2.4, 2.3)), ("", (2.5, 2.4, 2.3)), ("cm-1", (20164, 19357, 18551))],
)
def test_energy_axes_become_wavelengths(tmp_path, heading, values):
    rows = [f"{value},{i}" for i, value in enumerate(values)]
    nm = read(tmp_path, "\n".join([f"{heading},a", *rows])).spectra[0].wavelength_nm
    assert nm == pytest.approx([495.9, 516.6, 539.1], abs=0.1)


def test_every_spectrum_may_have_its_own_axis(tmp_path):
    text = "Wavelength (nm),Abs,Wavelength (nm),PL\n400,1,500,5\n401,2,501,6\n402,3,502,7\n"
    first, second = read(tmp_path, text).spectra
    assert (first.name, second.name) == ("Abs", "PL")
    assert second.wavelength_nm == pytest.approx([500, 501, 502])


def test_dates_as_headings_become_times(tmp_path):
    heading = "nm,2026-11-02 10:00:00,2026-11-02T10:05:30"
    series = read(tmp_path, "\n".join([heading, *lines()]))
    assert [spectrum.time_s for spectrum in series.spectra] == [0.0, 330.0]


@pytest.mark.parametrize(
    ("name", "time_s"),
    [
        ("30 s", 30.0),
        ("300 s ", 300.0),
        ("t=2min", 120.0),
        ("1,5 h", 5400.0),
        ("500 ms", 0.5),
        ("2 hours later", 7200.0),
        ("5 samples", None),
        ("sample 3", None),
        ("x30 s", None),
        ("Abs", None),
    ],
)
def test_times_in_headings(name, time_s):
    assert time_of(name) == time_s


@pytest.mark.parametrize(
    "text",
    ["", "hello\nworld\n", "1,2\n", "a,b\n1,x\n2,y\n", "400,\n401,\n402,\n", "nm\n1\n2\n3\n4"],
)
def test_a_file_without_a_table_is_named(tmp_path, text):
    with pytest.raises(SpectrumFileError, match=r"spectra\.csv: no table of numbers"):
        read(tmp_path, text)


def test_a_table_of_axes_alone_is_named(tmp_path):
    text = "nm,wavelength\n400,400\n401,401\n402,402\n"
    with pytest.raises(SpectrumFileError, match="no column of values"):
        read(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SpectrumFileError, match=r"gone\.csv: cannot be read"):
        read_spectra(tmp_path / "gone.csv")


def test_a_file_too_large_to_be_spectra_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("plans.importing.text_spectra._LARGEST_FILE_BYTES", 10)
    with pytest.raises(SpectrumFileError, match="larger than"):
        read(tmp_path, "\n".join(lines()))


def test_words_for_no_number_are_no_number(tmp_path):
    series = read(tmp_path, "nm,a\n400,NaN\n401,inf\n402,1D3\n403,2\n")
    assert series.spectra[0].counts == pytest.approx([np.nan, np.inf, 1000, 2], nan_ok=True)


@given(st.text(max_size=300))
def test_no_text_makes_the_table_search_raise(text):
    table = find_table(text)
    assert table is None or all(len(row) >= 2 for row in table.rows)


finite = st.floats(-1e12, 1e12, allow_nan=False).map(lambda value: float(f"{value:.9g}"))


@given(
    st.lists(st.tuples(finite, finite, finite), min_size=3, max_size=30),
    st.sampled_from([",", ";", "\t", " "]),
)
def test_what_is_written_is_read(rows, separator):
    text = "\n".join(separator.join(map(repr, row)) for row in rows)
    table = find_table(text)
    assert table is not None
    assert table.rows == tuple(rows)
