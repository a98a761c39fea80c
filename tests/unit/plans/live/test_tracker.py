"""Documents of a run go in, the tracked peak comes out."""

import numpy as np
import pytest
from bluesky.protocols import HasHints, Readable
from event_model import compose_run

from plans.live.tracker import PLTracker

NM = np.linspace(400.0, 700.0, 1024)
DARK = 1500.0 + 40.0 * np.sin(np.arange(1024) / 3.0)


def pl(peak_nm=515.0, height=8000.0):
    return height * np.exp(-4 * np.log(2) * ((NM - peak_nm) / 19.0) ** 2)


def noisy(counts, seed):
    return counts + 30.0 * np.random.default_rng(seed).normal(size=counts.size)


class Run:
    """Writes the documents of a run into a tracker."""

    def __init__(self, tracker, *, axis=NM, averages=1, **config):
        self.tracker = tracker
        settings = {
            "spectrometer_averages": averages,
            "spectrometer_full_scale_counts": 65_535,
            **config,
        }
        if axis is not None:
            settings["spectrometer_wavelength_nm"] = axis
        tracker("start", {"uid": "run"})
        for stream in ("dark", "primary", "meter"):
            self.describe(stream, settings)
        self.count = 0

    def describe(self, stream, settings, uid=None):
        configuration = {"spectrometer": {"data": settings, "timestamps": {}, "data_keys": {}}}
        descriptor = {"uid": uid or stream, "name": stream, "configuration": configuration}
        self.tracker("descriptor", descriptor)

    def data(self, counts, *, integration_time_s=0.5, light_nm=405.0, time_s=1000.0, **more):
        return {
            "spectrometer_spectrum_counts": counts,
            "spectrometer_integration_time_s": integration_time_s,
            "spectrometer_exposure_start_s": time_s,
            "light_wavelength_nm": light_nm,
            "phase": "exposure",
            **more,
        }

    def event(self, stream, counts, **more):
        self.count += 1
        doc = {"descriptor": stream, "seq_num": self.count, "time": more.get("time_s", 1000.0)}
        self.tracker("event", {**doc, "data": self.data(counts, **more)})
        return self.tracker.latest


def test_the_peak_of_a_dark_corrected_spectrum_is_tracked():
    tracker = PLTracker()
    run = Run(tracker)
    run.event("dark", noisy(DARK, 1))
    tracked = run.event("primary", noisy(DARK + pl(517.3), 2))
    assert tracked.flags == ()
    assert tracked.peak.peak_nm == pytest.approx(517.3, abs=0.2)
    assert tracked.seq_num == 2
    assert tracked.data["phase"] == "exposure"
    assert "spectrometer_spectrum_counts" not in tracked.data
    assert np.median(tracked.counts_s) == pytest.approx(0.0, abs=60.0)
    assert tracker.history == [tracked]


def test_areas_of_different_exposures_agree():
    tracker = PLTracker()
    run = Run(tracker)
    for exposure_s in (0.5, 1.0):
        run.event("dark", DARK, integration_time_s=exposure_s)
        run.event("primary", DARK + pl(height=8000 * exposure_s), integration_time_s=exposure_s)
    first, second = tracker.history
    assert first.peak.area == pytest.approx(second.peak.area, rel=1e-3)


def test_a_spectrum_before_any_dark_is_flagged_and_still_read():
    tracked = Run(PLTracker()).event("primary", noisy(1500 + pl(), 0))
    assert tracked.flags == ("no_dark",)
    assert tracked.peak.peak_nm == pytest.approx(515.0, abs=0.2)


def test_a_dark_of_another_exposure_is_not_used():
    run = Run(PLTracker())
    run.event("dark", DARK, integration_time_s=0.5)
    assert "no_dark" in run.event("primary", DARK + pl(), integration_time_s=0.2).flags
    assert "no_dark" not in run.event("primary", DARK + pl(), integration_time_s=0.5).flags


def test_a_dark_of_other_averages_is_not_used():
    run = Run(PLTracker(), averages=1)
    run.event("dark", DARK)
    run.describe("primary", {"spectrometer_averages": 4, "spectrometer_wavelength_nm": NM}, "new")
    assert "no_dark" in run.event("new", DARK + pl()).flags
    assert "no_dark" not in run.event("primary", DARK + pl()).flags


def test_averages_in_the_event_go_before_those_of_the_descriptor():
    run = Run(PLTracker(), averages=1)
    run.event("dark", DARK, spectrometer_averages=4)
    assert "no_dark" not in run.event("primary", DARK + pl(), spectrometer_averages=4).flags


def test_a_dark_expires():
    run = Run(PLTracker(dark_expires_s=900.0))
    run.event("dark", DARK, time_s=1000.0)
    assert "no_dark" not in run.event("primary", DARK + pl(), time_s=1900.0).flags
    assert "no_dark" in run.event("primary", DARK + pl(), time_s=1901.0).flags
    run.event("dark", DARK, time_s=1950.0)
    assert "no_dark" not in run.event("primary", DARK + pl(), time_s=2000.0).flags


def test_darks_are_averaged_and_give_the_noise():
    tracker = PLTracker()
    run = Run(tracker)
    for seed in range(30):
        run.event("dark", noisy(DARK, seed))
    dark = tracker.darks.find((0.5, 1.0, 0.0), 1000.0, 1024)
    assert dark.frames == 16
    assert dark.noise == pytest.approx(30.0, rel=0.1)
    assert np.std(dark.counts - DARK) < 12.0
    assert tracker.darks.find((0.5, 1.0, 0.0), 1000.0, 99) is None


def test_a_dark_with_holes_is_not_taken():
    run = Run(PLTracker())
    run.event("dark", np.where(np.arange(1024) == 3, np.nan, DARK))
    assert "no_dark" in run.event("primary", DARK + pl()).flags


def test_saturation_is_judged_before_the_dark_is_subtracted():
    run = Run(PLTracker())
    run.event("dark", DARK)
    counts = np.minimum(DARK + pl(height=61_500), 65_535)
    tracked = run.event("primary", counts)
    assert "saturated" in tracked.flags
    assert not tracked.peak.is_usable


def test_the_light_that_is_on_is_never_the_peak():
    run = Run(PLTracker(band_nm=(420.0, 650.0)))
    leak = 40_000 * np.exp(-4 * np.log(2) * ((NM - 450.0) / 12.0) ** 2)
    tracked = run.event("primary", noisy(1500 + pl() + leak, 3), light_nm=450.0)
    assert tracked.peak.peak_nm == pytest.approx(515.0, abs=0.2)
    assert "leak" in tracked.flags
    alone = run.event("primary", noisy(1500 + leak, 4), light_nm=450.0)
    assert alone.peak.peak_nm is None


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"spectrometer_spectrum_counts": None}, "no spectrometer_spectrum_counts"),
        ({"spectrometer_spectrum_counts": "file-id/3"}, "no spectrometer_spectrum_counts"),
        ({"spectrometer_spectrum_counts": [["a"]]}, "no spectrometer_spectrum_counts"),
        ({"spectrometer_spectrum_counts": np.zeros(7)}, "7 counts on a wavelength axis of 1024"),
        ({"spectrometer_wavelength_nm": None}, "no spectrometer_wavelength_nm"),
    ],
)
def test_an_event_without_a_spectrum_is_flagged(change, missing):
    run = Run(PLTracker())
    tracked = run.event("primary", DARK, **change)
    assert tracked.flags == ("no_peak", "no_data")
    assert missing in tracked.peak.reason
    assert np.isnan(run.tracker.read()["tracker_peak_nm"]["value"])


def test_a_bare_stream_is_tracked_as_far_as_it_goes():
    tracker = PLTracker()
    tracker("descriptor", {"uid": "primary", "name": "primary"})
    data = {"spectrometer_spectrum_counts": pl().tolist(), "spectrometer_wavelength_nm": NM}
    tracker("event", {"descriptor": "primary", "seq_num": 1, "data": data})
    assert tracker.latest.flags == ("no_dark",)
    assert np.isnan(tracker.latest.integration_time_s)
    tracker("event", {"descriptor": "never seen", "seq_num": 1, "data": data})
    assert len(tracker.history) == 1


def test_event_pages_are_taken_apart():
    tracker = PLTracker()
    run = Run(tracker)
    rows = [run.data(DARK + pl(peak)) for peak in (510.0, 520.0)]
    columns = {key: [row[key] for row in rows] for key in rows[0]}
    run.event("dark", DARK)
    page = {"descriptor": "primary", "seq_num": [1, 2], "time": [1.0, 2.0], "data": columns}
    tracker("event_page", page)
    tracker("event_page", {**page, "time": []})
    peaks = [tracked.peak.peak_nm for tracked in tracker.history]
    assert peaks == pytest.approx([510, 520, 510, 520], abs=0.2)


def test_the_tracked_values_make_a_valid_event():
    tracker = PLTracker()
    run = Run(tracker)
    run.event("primary", noisy(DARK + pl(), 1))
    reading = tracker.read()
    descriptor = compose_run().compose_descriptor(
        name="tracked",
        data_keys=tracker.describe(),
        hints={tracker.name: tracker.hints},
        object_keys={tracker.name: list(tracker.describe())},
    )
    event = descriptor.compose_event(
        data={key: entry["value"] for key, entry in reading.items()},
        timestamps={key: entry["timestamp"] for key, entry in reading.items()},
    )
    assert event["data"]["tracker_peak_nm"] == tracker.latest.peak.peak_nm


def test_other_streams_and_documents_are_passed_over():
    tracker = PLTracker()
    run = Run(tracker)
    run.event("meter", DARK + pl())
    for name in ("stop", "resource", "datum", "stream_resource", "stream_datum"):
        tracker(name, {"uid": "x"})
    assert tracker.latest is None


def test_a_new_run_starts_from_nothing():
    tracker = PLTracker()
    run = Run(tracker)
    run.event("dark", DARK)
    run.event("primary", DARK + pl())
    run = Run(tracker)
    assert tracker.history == []
    assert "no_dark" in run.event("primary", DARK + pl()).flags


def test_the_history_is_bounded():
    tracker = PLTracker(keep=3)
    run = Run(tracker)
    for _ in range(5):
        run.event("primary", DARK + pl())
    assert [tracked.seq_num for tracked in tracker.history] == [3, 4, 5]


def test_bluesky_reads_what_is_described():
    tracker = PLTracker(name="tracker")
    assert isinstance(tracker, Readable)
    assert isinstance(tracker, HasHints)
    assert tracker.parent is None
    before = tracker.read()
    assert before["tracker_flags"]["value"] == "no_peak,no_data"
    run = Run(tracker)
    run.event("primary", noisy(DARK + pl(), 1))
    reading = tracker.read()
    assert set(reading) == set(tracker.describe())
    stable = ("peak_nm", "peak_nm_se", "peak_ev", "fwhm_nm", "area", "snr", "flags")
    assert {f"tracker_{key}" for key in stable} <= set(reading)
    assert reading["tracker_peak_nm"]["value"] == tracker.latest.peak.peak_nm
    assert reading["tracker_peak_nm"]["timestamp"] == 1000.0
    assert reading["tracker_flags"]["value"] == "no_dark"
    assert set(tracker.hints["fields"]) <= set(reading)
    assert tracker.describe()["tracker_peak_nm"]["units"] == "nm"
    assert set(tracker.read_configuration()) == set(tracker.describe_configuration())


def test_the_peak_may_be_read_with_another_shape():
    usual, other = PLTracker(), PLTracker(shape="Gaussian")
    for tracker in (usual, other):
        Run(tracker).event("primary", noisy(pl(), 1) + 1500.0)
    assert other.read()["tracker_peak_nm"]["value"] == pytest.approx(515.0, abs=0.5)
    assert other.latest.peak.peak_nm != usual.latest.peak.peak_nm
    method = other.read_configuration()["tracker_method"]["value"]
    assert method.startswith("Gaussian")
