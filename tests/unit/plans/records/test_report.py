"""Report and picture: complete, self-contained, and in words where there is nothing."""

import hashlib
import html.parser
import io
import re

import matplotlib
import numpy as np
import pytest
from matplotlib.image import imread

from plans.records import open_run, write_report
from plans.records.figure import course_png, spectra_png, write_overview
from plans.records.report import report_page
from plans.records.view import phase_spans, view_of, with_gaps
from tests.unit.plans.records.synthetic import EPOCH_S, Regrowth, one_stream

VOID = {"meta", "img", "br", "link"}
EMPTY = {"baseline": 0, "exposure": 0, "dark_tail": 0, "with_ending": False, "pixels": 16}
FEW = {"baseline": 3, "exposure": 6, "dark_tail": 3, "pixels": 64}


class Page(html.parser.HTMLParser):
    """The text of a page, its pictures, and whether its tags are balanced."""

    def __init__(self, source):
        super().__init__()
        self.open, self.words, self.links, self.alternatives = [], [], [], []
        self.feed(source)
        self.close()
        assert self.open == []
        self.text = re.sub(r"\s+", " ", " ".join(self.words).replace("\u2009", " "))

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.links += [values[k] for k in ("src", "href") if k in values]
        if tag == "img":
            self.alternatives.append(values["alt"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)


@pytest.fixture
def page_of(record, monkeypatch):
    """Record a run and read its report without its pictures, which have tests of their own."""
    for picture in ("spectra_png", "course_png"):
        monkeypatch.setattr(f"plans.records.report.{picture}", lambda view: b"a picture")
    return lambda **changes: Page(report_page(open_run(record(**changes).run_folder.path)))


@pytest.fixture
def run_of(record):
    return lambda **changes: open_run(record(**changes).run_folder.path)


def test_the_report_says_what_was_done_and_how_it_ended(page_of):
    text = page_of(pixels=128).text
    for words in (
        "Light regrowth",
        "CsPbBr3 batch 12",
        "completed",
        "demo bench",
        "M. Curie",
        "42 min 40 s",
        "Plateau: the peak no longer moved (slope 0.006 ± 0.001 nm/min, held 5:00 of 5:00).",
        "Decided by spectrum 190, 31 min 35 s after the start, with its peak at (519.",
        "Peak 515.",
        "meV",
        "Start: mean of 10 frames; end: mean of 10.",
        "Half of the shift",
        "Dark tail peak",
        "Dose, all light 36.05 J/cm²",
        "Share of the probe light 0.139 % of the dose",
        "Power meter, before the run 19.92 mW/cm²",
        "Light was on for 30 min 50 s",
        "no_peak 2 0.8 %",
        "248 of 250 frames have a peak.",
        "irradiance_mw_cm2 20 mW/cm²",
        "target_peak_nm not set",
        "calibrated: 2025-11-02, 2025-06-02 213 days",
        "wavelength_nm 128 values, 339.24 … 1028 nm",
        "HDX01234",
        "concentration nm 20 nM",
        "at 4.0 s plateau: cannot be met",
        "bluesky 1.15.1",
        "python 3.11.7",
    ):
        assert words in text


def test_the_hashes_are_those_of_the_files(record):
    recorder = record(**FEW)
    text = Page(report_page(open_run(recorder.run_folder.path))).text
    for path in (recorder.run_folder.arrays, recorder.run_folder.journal):
        assert hashlib.sha256(path.read_bytes()).hexdigest() in text


def test_the_page_needs_nothing_from_outside(page_of):
    page = page_of(**FEW)
    assert len(page.links) == 2
    assert all(link.startswith("data:image/png;base64,") for link in page.links)
    assert all(page.alternatives)


def test_names_are_never_taken_for_markup(page_of):
    nasty = '<script>alert("1")</script> & $x_1$'
    metadata = {"plan_name": nasty, "sample": {"name": nasty, nasty: nasty}, "operator": nasty}
    metadata |= {"plan_args": {nasty: nasty}, "versions": {nasty: nasty}, "note": nasty}
    page = page_of(**FEW, metadata=metadata, exit_status="fail", reason=nasty)
    assert "script" not in page.open
    assert page.text.count('<script>alert("1")</script> & $x_1$') >= 8


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("abort", "The run was aborted"),
        ("fail", "The run ended with an error"),
    ],
)
def test_a_run_that_did_not_complete_says_so_with_its_reason(page_of, status, words):
    text = page_of(**FEW, with_ending=False, exit_status=status, reason="lamp: no reply").text
    assert words in text
    assert "lamp: no reply" in text


def test_an_abort_without_a_reason_says_that_there_is_none(page_of):
    assert "Reason none was recorded" in page_of(**FEW, exit_status="abort").text


def test_a_run_that_completed_without_a_rule_says_so(page_of):
    assert "It named no rule" in page_of(**FEW, with_ending=False).text


def test_an_empty_run_says_in_words_what_is_missing(page_of):
    page = page_of(**EMPTY, exit_status="fail", reason="LimitError")
    assert page.links == []
    for words in (
        "No frame was recorded: the run ended before its first exposure.",
        "There are no numbers: no frame was recorded",
        "No dose was recorded",
        "There is no frame to judge.",
    ):
        assert words in page.text


def test_a_run_with_nothing_but_a_start_is_reported(record):
    class OnlyStart:
        def documents(self):
            yield "start", {"uid": "abcdefgh-1", "time": EPOCH_S}

    page = Page(report_page(open_run(record(OnlyStart()).run_folder.path)))
    for words in (
        "not closed",
        "Sample: not named",
        "There is no arrays.h5",
        "No device recorded a setting.",
        "The start document names no versions.",
        "holds no parameters",
    ):
        assert words in page.text


def test_a_run_that_goes_on_says_up_to_when(page_of):
    text = page_of(stop_after=6, pixels=32).text
    assert "55.0 s up to the last event" in text
    assert "swmr=True" in text


def test_a_run_without_tracking_says_so_everywhere(page_of):
    text = page_of(**FEW, with_tracker=False, with_dark=False).text
    assert "There are no numbers: nothing was tracked." in text
    assert "12 frames were recorded; none was judged" in text
    assert "Decided by spectrum 9, 1 min 25 s after the start." in text


def test_a_run_without_flags_says_so(page_of):
    assert "None of the 12 frames has a flag." in page_of(**FEW).text


def test_what_could_not_be_read_is_in_the_report(record):
    folder = record(**FEW).run_folder
    with folder.journal.open("ab") as file:
        file.write(b'["event",{"half')
    assert "was cut while it was written" in Page(report_page(open_run(folder.path))).text


class Ends(Regrowth):
    """A run with an ending of one's own."""

    changes: dict = {}  # noqa: RUF012 - replaced by the tests

    def _ending(self, run):
        for name, document in super()._ending(run):
            if name == "event":
                document["data"].update(self.changes)
            yield name, document


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ending_seq_num": 0}, "Decided 1 min 25 s after the start."),
        ({"ending_seq_num": 999}, "Decided by spectrum 999, 1 min 25 s after the start (that"),
        ({"ending_rule": "moon", "ending_text": "full"}, "Rule 'moon' (full). Decided by"),
        ({"ending_text": "", "ending_seq_num": 0}, "Plateau: the peak no longer moved. Decided"),
        (
            {"ending_elapsed_s": float("nan"), "ending_seq_num": 0, "ending_text": "x"},
            "Plateau: the peak no longer moved (x). The plan",
        ),
        ({"ending_elapsed_s": float("nan")}, "Decided by spectrum 9, with its peak"),
    ],
)
def test_any_ending_is_told_in_words(page_of, changes, words):
    run = Ends(**FEW)
    run.changes = changes
    assert words in page_of(run=run).text


def test_a_trigger_without_a_peak_is_told(page_of):
    class Lost(Regrowth):
        def _track(self, *args):
            values = super()._track(*args)
            return {**values, "tracker_peak_nm": float("nan"), "tracker_flags": "odd_flag"}

    text = page_of(run=Lost(**FEW)).text
    assert "after the start, which has no peak." in text
    assert "There are no numbers: no frame has a peak." in text
    assert "odd_flag 12 100.0 % –" in text


def test_a_start_document_with_more_than_usual_shows_it(page_of):
    text = page_of(**FEW, metadata={"humidity": 41, "versions": None, "plan_args": None}).text
    assert "Also in the start document humidity 41" in text


def test_calibrations_without_a_date_have_no_age(page_of):
    class Uncalibrated(Regrowth):
        def _configuration(self, wavelength_nm):
            configuration = super()._configuration(wavelength_nm)
            data = configuration["spectrometer"]["data"]
            data["spectrometer_calibration"] = "in the works"
            data["spectrometer_sensor"] = "S120VC, calibrated 25-DEC-2025"
            data["spectrometer_calibrated"] = "2025-31-12, 31-FOO-2025"
            data["spectrometer_is_cooled"] = True
            return configuration

    text = page_of(run=Uncalibrated(**FEW)).text
    assert "calibration: in the works –" in text
    assert "sensor: S120VC, calibrated 25-DEC-2025 7 days" in text
    assert "calibrated: 2025-31-12, 31-FOO-2025 –" in text
    assert "is_cooled yes" in text


def test_a_device_without_a_calibration_date_is_said_to_have_none(page_of):
    class NoLight(Regrowth):
        def documents(self):
            for name, document in super().documents():
                if name == "descriptor":
                    document.get("configuration", {}).pop("light", None)
                yield name, document

    assert "No device recorded the date" in page_of(run=NoLight(**FEW)).text


def test_one_day_is_one_day(page_of):
    class Fresh(Regrowth):
        def documents(self):
            for name, document in super().documents():
                light = document.get("configuration", {}).get("light")
                if light:
                    light["data"]["light_calibrated"] = "2025-12-31"
                yield name, document

    assert "2025-12-31 1 day" in page_of(run=Fresh(**FEW)).text


def test_any_plan_s_run_is_reported(record):
    class Count:
        def documents(self):
            return one_stream([np.arange(4.0), np.arange(4.0)])

    page = Page(report_page(open_run(record(Count()).run_folder.path)))
    assert "No dose was recorded: no light source took part" in page.text
    assert len(page.links) == 2


def test_a_report_is_written_again_on_demand(small):
    path = write_report(small.run_folder.path)
    assert path == small.run_folder.report_html
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


# -- the picture


def ink(png):
    """Return the share of a picture that is not white."""
    pixels = imread(io.BytesIO(png))[..., :3]
    return float((pixels < 0.99).any(axis=-1).mean())


def test_the_overview_shows_a_run(run_of, tmp_path):
    write_overview(run_of(**FEW), tmp_path / "o.png")
    pixels = imread(tmp_path / "o.png")
    assert pixels.shape[0] > pixels.shape[1] > 900
    assert ink((tmp_path / "o.png").read_bytes()) > 0.2


def test_the_overview_of_an_empty_run_is_a_sentence(run_of, tmp_path):
    write_overview(run_of(**EMPTY), tmp_path / "o.png")
    assert 0.0005 < ink((tmp_path / "o.png").read_bytes()) < 0.1


@pytest.mark.parametrize(
    "changes",
    [
        {"with_tracker": False, "with_dark": False},
        {"stop_after": 1},
        {"stop_after": 2},
        {"interval_s": 60.0, "exposure": 30},
        {"interval_s": 600.0, "exposure": 40},
    ],
)
def test_every_kind_of_run_can_be_drawn(run_of, changes):
    view = view_of(run_of(**{**FEW, **changes}))
    assert ink(spectra_png(view)) > 0.01
    assert ink(course_png(view)) > 0.01


def test_the_time_axis_has_a_handy_unit(run_of):
    units = [
        view_of(run_of(**{**FEW, "interval_s": interval_s})).time_unit
        for interval_s in (1.0, 60.0, 3600.0)
    ]
    assert units == ["s", "min", "h"]


def test_a_long_or_foreign_name_is_drawn_without_a_warning(run_of, tmp_path):
    metadata = {"sample": "東京 $x_1$ " + "n" * 200, "plan_name": "p" * 60}
    write_overview(run_of(**FEW, metadata=metadata), tmp_path / "o.png")
    assert (tmp_path / "o.png").stat().st_size > 10_000


def test_drawing_never_touches_pyplot(run_of):
    before = matplotlib.get_backend(auto_select=False)
    spectra_png(view_of(run_of(**FEW)))
    assert matplotlib.get_backend(auto_select=False) == before


def test_runs_without_spectra_or_light_say_so(record):
    class Numbers:
        def documents(self):
            key = {"source": "x", "dtype": "number", "shape": []}
            return one_stream([1.0, 2.0, 3.0], key, "balance_mass_mg")

    view = view_of(open_run(record(Numbers()).run_folder.path))
    assert view.course.spectra is None
    assert 0.002 < ink(spectra_png(view)) < 0.05
    assert 0.002 < ink(course_png(view)) < 0.05


def test_spectra_of_zeros_and_without_wavelengths_can_be_drawn(run_of):
    class Dark(Regrowth):
        def _configuration(self, _):
            return {}

        def _counts(self, photons, rng):
            return np.zeros_like(photons)

    assert ink(course_png(view_of(run_of(run=Dark(**FEW))))) > 0.05


def test_a_pause_is_left_white():
    time = np.array([0.0, 1, 2, 3, 20, 21, 22])
    gapped, values = with_gaps(time, np.arange(7.0))
    np.testing.assert_array_equal(gapped, [0, 1, 2, 3, 4, 19, 20, 21, 22])
    np.testing.assert_array_equal(np.isnan(values), [False] * 4 + [True] * 2 + [False] * 3)
    slower = np.array([0.0, 1, 2, 3, 4, 10, 16, 22, 28])  # another cadence is no pause
    np.testing.assert_array_equal(with_gaps(slower, np.ones(9))[0], slower)
    _, rows = with_gaps(time, np.ones((7, 3)))
    assert rows.shape == (9, 3)


def test_a_phase_lasts_until_the_next_one_begins(run_of):
    spans = phase_spans(view_of(run_of(**FEW)).course)
    assert spans == [("baseline", 5.0, 35.0), ("exposure", 35.0, 95.0), ("dark_tail", 95.0, 115.0)]


def test_a_simulated_run_is_never_taken_for_a_real_one(page_of):
    assert "demo bench, simulated" in page_of(**FEW, metadata={"simulated": True}).text
