"""The command that tracks a peak through files."""

import csv
import json

import numpy as np
import pytest

from plans.importing.analyse import analyse_files

KEYS = "file column time_s peak_nm peak_nm_se fwhm_nm area snr flags".split()  # noqa: SIM905
NM = np.linspace(450, 600, 301)


def write(path, heights, *, heading=None, peak_nm=515.0):
    rng = np.random.default_rng(0)
    columns = [
        height * np.exp(-4 * np.log(2) * ((NM - peak_nm - i) / 20) ** 2) + rng.normal(size=NM.size)
        for i, height in enumerate(heights)
    ]
    names = heading or [f"{30 * (i + 1)} s" for i in range(len(heights))]
    rows = np.column_stack([NM, *columns])
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, rows, delimiter=",", header=",".join(["nm", *names]), comments="")
    return path


def is_png(path):
    return path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 5000


def test_json_lines_hold_the_promised_keys(tmp_path):
    path = write(tmp_path / "a.csv", [1000, 0, 1000])
    found, said = [], []
    assert analyse_files([path], json_lines=found.append, report=said.append) == 0
    rows = [json.loads(line) for line in found]
    assert [list(row) for row in rows] == [KEYS] * 3
    assert [row["time_s"] for row in rows] == [30.0, 60.0, 90.0]
    assert rows[0]["peak_nm"] == pytest.approx(515.0, abs=0.2)
    assert rows[0]["flags"] == []
    assert rows[1]["peak_nm"] is None
    assert rows[1]["peak_nm_se"] is None
    assert "no_peak" in rows[1]["flags"]
    assert rows[2]["file"] == str(path)
    assert said == []


def test_the_table_names_peaks_and_reasons(tmp_path):
    said = []
    path = write(tmp_path / "a.csv", [1000, 0])
    assert analyse_files([path], report=said.append) == 0
    assert said[0] == "a.csv: 1 of 2 spectra show a PL line"
    assert "515.1" in said[2]
    assert "no peak  nothing stands out of the noise" in said[3]


def test_a_file_that_cannot_be_read_does_not_stop_the_others(tmp_path):
    said, found = [], []
    files = [tmp_path / "gone.csv", write(tmp_path / "a.csv", [1000])]
    assert analyse_files(files, json_lines=found.append, report=said.append) == 1
    assert len(found) == 1
    assert "gone.csv" in said[0]


@pytest.mark.parametrize("heights", [[1000], [0], [1000, 1200, 900], [0, 0], [1000, 1000]])
def test_pictures_and_tables_are_written(tmp_path, heights):
    said = []
    out = tmp_path / "new" / "out"
    assert analyse_files([write(tmp_path / "a.csv", heights)], out_dir=out, report=said.append) == 0
    assert is_png(out / "a.peaks.png")
    with (out / "a.peaks.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == KEYS
    assert len(rows) == len(heights)
    assert "wrote" in said[-1]


@pytest.mark.parametrize("unit", ["min", "h", "of many"])
def test_long_runs_are_drawn_against_minutes_hours_or_numbers(tmp_path, unit):
    heading = [f"{n} {unit}" for n in (1, 40, 80)]
    path = write(tmp_path / "a.csv", [1000, 0, 500], heading=heading)
    analyse_files([path], out_dir=tmp_path, report=lambda line: None)
    assert is_png(tmp_path / "a.peaks.png")


def test_files_of_one_name_do_not_overwrite_each_other(tmp_path):
    paths = [write(tmp_path / folder / "a.csv", [1000]) for folder in ("x", "y")]
    analyse_files(paths, out_dir=tmp_path / "out", report=lambda line: None)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["a (2).peaks.csv", "a (2).peaks.png", "a.peaks.csv", "a.peaks.png"]


def test_a_folder_that_cannot_be_written_is_reported(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    said = []
    path = write(tmp_path / "a.csv", [1000])
    assert analyse_files([path], out_dir=blocked, report=said.append) == 1
    assert "cannot be written" in said[-1]


def test_a_known_excitation_and_band_are_passed_on(tmp_path):
    path = write(tmp_path / "a.csv", [1000], peak_nm=515.0)
    found = []
    analyse_files([path], json_lines=found.append, report=print, excitation_nm=[515.0])
    analyse_files([path], json_lines=found.append, report=print, band_nm=(530.0, 600.0))
    assert [json.loads(line)["peak_nm"] for line in found] == [None, None]
