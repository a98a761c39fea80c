"""The command that tracks a peak through files."""

import csv
import json

import numpy as np
import pytest

from plans.importing import read_spectra
from plans.importing.analyse import analyse_files
from plans.records import RunRecorder
from tests.unit.plans.records.synthetic import Regrowth

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
    assert "How it was read" in (out / "a.report.html").read_text(encoding="utf-8")
    with (out / "a.peaks.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0])[: len(KEYS)] == KEYS
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
    names = {path.name for path in (tmp_path / "out").iterdir()}
    kinds = ("peaks.csv", "peaks.png", "report.html")
    assert names == {f"{stem}.{kind}" for stem in ("a", "a (2)") for kind in kinds}


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


def test_a_series_is_laid_over_an_earlier_one(tmp_path):
    earlier = write(tmp_path / "earlier.csv", [1000, 1000, 1000])
    later = write(tmp_path / "later.csv", [1000, 1000, 1000], peak_nm=517.0)
    said = []
    settings = {"out_dir": tmp_path / "out", "against": earlier, "report": said.append}
    assert analyse_files([later], **settings) == 0
    (words,) = [line for line in said if "against earlier.csv" in line]
    assert "start +2.0" in words
    assert "end +2.0" in words
    assert "Against earlier.csv" in (tmp_path / "out" / "later.report.html").read_text("utf-8")
    gone = {**settings, "against": tmp_path / "gone.csv"}
    assert analyse_files([later], **gone) == 1
    dark = write(tmp_path / "dark.csv", [0, 0])
    said.clear()
    analyse_files([dark], against=earlier, report=said.append)
    assert "no peak to compare" in said[-1]


def test_a_long_series_tells_how_far_it_is_and_prints_its_ends(tmp_path):
    path = write(tmp_path / "a.csv", [1000.0] * 1100)
    said, progress = [], []
    assert analyse_files([path], report=said.append, progress=progress.append) == 0
    assert progress == ["a.csv: 1000 of 1100 spectra", "a.csv: 1100 of 1100 spectra"]
    assert len(said) == 2 + 41
    assert "1060 more" in said[22]


def test_a_folder_and_a_recorded_run_are_analysed(tmp_path):
    folder = tmp_path / "files"
    for number in range(3):
        write(folder / f"{number}.csv", [1000], heading=["counts"])
    (folder / "broken.csv").write_text("nothing")
    (folder / "notes.pdf").write_text("not a spectrum")
    found, said = [], []
    assert analyse_files([folder], json_lines=found.append, report=said.append) == 1
    assert [json.loads(line)["column"] for line in found] == ["0", "1", "2"]
    assert "broken.csv" in said[0]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert analyse_files([empty], report=said.append) == 1
    assert "holds no file of spectra" in said[-1]


def test_the_spectra_of_a_recorded_run_are_read_again(tmp_path):
    recorder = RunRecorder(tmp_path / "runs")
    for name, document in Regrowth(baseline=3, exposure=4, dark_tail=2).documents():
        recorder(name, document)
    recorder.finish()
    (run,) = (tmp_path / "runs").glob("*/run.jsonl")
    found = []
    assert analyse_files([run.parent], json_lines=found.append, report=print) == 0
    rows = [json.loads(line) for line in found]
    assert len(rows) == 9
    assert all(514 < row["peak_nm"] < 521 for row in rows)
    assert rows[0]["column"] == "baseline 1"
    again = read_spectra(run.parent / "run.nxs")
    assert len(again.spectra) == 9
    assert again.spectra[3].time_s == pytest.approx(rows[3]["time_s"])


def test_a_run_without_spectra_is_refused(tmp_path):
    (tmp_path / "run.jsonl").write_text("")
    said = []
    assert analyse_files([tmp_path], report=said.append) == 1
    assert "recorded" in said[0]


def test_a_series_is_read_with_the_shape_that_was_asked_for(tmp_path):
    path = write(tmp_path / "a.csv", [1000, 1000])
    found = {}
    for shape in ("split Gaussian", "Voigt"):
        rows = []
        out = tmp_path / shape
        settings = {"json_lines": rows.append, "report": print, "out_dir": out, "shape": shape}
        assert analyse_files([path], **settings) == 0
        found[shape] = [json.loads(row)["peak_nm"] for row in rows]
        assert f"A {shape} in photon energy" in (out / "a.report.html").read_text("utf-8")
    for peaks in found.values():
        assert peaks == pytest.approx([515.0, 516.0], abs=0.3)
    assert found["Voigt"] != found["split Gaussian"]


def mixed(path, shares):
    """Spectra of a line at 515 nm and one at 521 nm with these shares."""
    rng = np.random.default_rng(3)
    lines = [np.exp(-4 * np.log(2) * ((NM - at) / 18) ** 2) for at in (515.0, 521.0)]
    columns = [
        9e3 * ((1 - share) * lines[0] + share * lines[1]) + 2 * rng.normal(size=NM.size)
        for share in shares
    ]
    rows = np.column_stack([NM, *columns])
    names = ",".join(["nm", *(f"{30 * i} s" for i in range(len(columns)))])
    np.savetxt(path, rows, delimiter=",", header=names, comments="")
    return path


def test_a_reference_of_the_product_splits_the_shift_of_a_series(tmp_path):
    series = mixed(tmp_path / "run.csv", np.linspace(0.0, 0.5, 6))
    product = mixed(tmp_path / "wires.csv", [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    said = []
    out = tmp_path / "out"
    assert analyse_files([series], report=said.append, end=product, out_dir=out) == 0
    words = next(line for line in said if "split by population" in line)
    assert "share 0.50" in words
    assert "Split by population" in (out / "run.report.html").read_text(encoding="utf-8")


def test_a_file_is_not_split_unasked_and_a_series_without_peaks_says_why(tmp_path):
    series = mixed(tmp_path / "run.csv", [0.0, 0.5])
    nothing = write(tmp_path / "dark.csv", [0, 0])
    said = []
    analyse_files([series], report=said.append)
    assert not [line for line in said if "split" in line]
    analyse_files([nothing], report=said.append, end=series)
    assert "fewer than two spectra have a peak" in said[-1]
    analyse_files([series], report=said.append, end=nothing)
    assert "the spectra of the product have no peak" in said[-1]


def test_the_table_holds_the_colour_of_each_line(tmp_path):
    path = write(tmp_path / "a.csv", [1e5, 0], peak_nm=535.0)
    analyse_files([path], report=lambda text: None, out_dir=tmp_path / "out")
    with (tmp_path / "out" / "a.peaks.csv").open(encoding="utf-8") as stream:
        green, dark = csv.DictReader(stream)
    # 535 nm has (0.206, 0.768) with this width; the green of Rec. 2020 is (0.170, 0.797).
    assert float(green["cie_x"]) == pytest.approx(0.206, abs=0.012)
    assert float(green["cie_y"]) == pytest.approx(0.768, abs=0.012)
    assert float(green["rec2020_distance"]) == pytest.approx(0.046, abs=0.012)
    assert dark["cie_x"] == ""
