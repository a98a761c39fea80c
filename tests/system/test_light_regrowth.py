"""The main job through the whole stack, against the sample's own truth."""

import numpy as np
import pytest

from plans.experiments.light_regrowth import light_regrowth
from plans.records import RunRecorder, open_run
from tests.system.conftest import open_lab

FADES = {
    "min_area_fraction": 1.0,
    "baseline_frames": 5,
    "irradiance_mw_cm2": 50.0,
    "interval_s": 30.0,
    "plateau": False,
    "max_time_min": 120.0,
}


def run(lab, **settings):
    devices = lab.devices("spectrometer", "light", "stage", "meter", "pump")
    outcome = lab.engine.run(light_regrowth(**devices, **settings))
    assert outcome.exit_status == "success", outcome
    return {
        key: np.array([event[key] for event in lab.stream("tracked")])
        for key in lab.stream("tracked")[0]
    }


@pytest.mark.timeout(480)  # hours of chemistry, frame by frame
def test_without_an_endpoint_the_reference_run_goes_from_515_7_to_519_7_nm(lab):
    tracked = run(lab, plateau=False, dark_tail_min=0.0, interval_s=30.0)
    baseline = tracked["tracker_peak_nm"][tracked["phase"] == "baseline"]
    assert baseline.mean() == pytest.approx(515.7, abs=0.5)
    assert tracked["tracker_peak_nm"][-20:].mean() == pytest.approx(519.7, abs=0.5)
    assert lab.stream("ending")[0]["ending_rule"] == "time"
    area = tracked["tracker_area"] / tracked["tracker_area"][tracked["phase"] == "baseline"].mean()
    assert np.median(np.sort(area)[-20:]) == pytest.approx(1.19, abs=0.04)
    truth = lab.simulators.truth()
    assert tracked["light_dose_j_cm2"][-1] == pytest.approx(truth["dose_j_cm2"], rel=0.005)
    assert 0.97 * 288 < truth["dose_j_cm2"] < 0.99 * 288  # the rest of the time is for the probe


@pytest.mark.timeout(480)  # hours of chemistry, frame by frame
def test_by_default_a_plateau_ends_the_exposure_and_the_tail_is_watched(lab):
    tracked = run(lab, interval_s=20.0)
    ending = lab.stream("ending")[0]
    assert ending["ending_rule"] == "plateau"
    assert 120 <= ending["ending_elapsed_s"] / 60 <= 205  # 162 min at 0.05 nm noise
    assert set(tracked["phase"]) == {"baseline", "exposure", "dark_tail"}
    tail = tracked["elapsed_s"][tracked["phase"] == "dark_tail"]
    assert tail[-1] - ending["ending_elapsed_s"] == pytest.approx(3600, abs=90)
    truth = lab.simulators.truth()
    assert tracked["light_dose_j_cm2"][-1] == pytest.approx(truth["dose_j_cm2"], rel=0.005)
    assert lab.lamp_is_off()


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"max_dose_j_cm2": 12.0}, "dose"),
        ({"max_time_min": 6.0}, "time"),
        ({"target_peak_nm": 516.2}, "target"),
        (FADES, "degradation"),
    ],
)
def test_each_rule_can_end_the_exposure(lab, settings, rule):
    run(lab, **{"max_time_min": 60.0, "dark_tail_min": 0.0, "baseline_frames": 3, **settings})
    assert lab.stream("ending")[0]["ending_rule"] == rule


def test_ligand_is_added_and_the_meter_is_asked(lab):
    run(lab, max_time_min=1.0, dark_tail_min=0.0, baseline_frames=3, ligand_volume_ul=300.0)
    truth = lab.simulators.truth()
    assert truth["volume_ul"] == pytest.approx(3300, abs=1)
    assert truth["ligand_mm"] == pytest.approx((3000 * 1 + 300 * 10) / 3300, rel=1e-3)
    assert lab.stream("meter")[0]["meter_irradiance_mw_cm2"] == pytest.approx(20, rel=0.05)


def test_the_run_is_on_disk_as_it_came(lab, tmp_path):
    recorder = RunRecorder(tmp_path)
    lab.engine.run_engine.subscribe(recorder)
    tracked = run(lab, max_time_min=2.0, dark_tail_min=0.0, baseline_frames=3)
    recorded = open_run(next(tmp_path.glob("*_light_regrowth_*")))
    table = recorded.table("tracked")
    assert np.array_equal(table["tracker_peak_nm"], tracked["tracker_peak_nm"])
    spectra = recorded.table("primary")["spectrometer_spectrum_counts"]
    assert spectra.shape == (len(tracked["elapsed_s"]), 2068)
    assert recorded.exit_status == "success"


def test_a_wavelength_that_the_bench_lacks_is_refused_before_a_run_is_opened(lab):
    devices = lab.devices("spectrometer", "light")
    outcome = lab.engine.run(light_regrowth(**devices, wavelength_nm=385.0))
    assert outcome.exit_status == "fail"
    assert "has no 385 nm" in outcome.reason
    assert not lab.documents
    assert lab.lamp_is_off()


def test_notes_are_written_into_the_run(lab):
    run(
        lab,
        max_time_min=1.0,
        dark_tail_min=0.0,
        baseline_frames=3,
        plateau_window_min=1.0,
        plateau_threshold_nm_min=0.001,
        probe_irradiance_mw_cm2=5.0,
    )
    notes = [event["note"] for event in lab.stream("notes")]
    assert len(notes) == 3
    assert notes[0].startswith("stage reference: stage has none and will be homed")
    assert notes[1].startswith("probe share of the dose: 1")
    assert notes[2].startswith("the plateau rule cannot be met with this noise")


@pytest.mark.parametrize("lab", [{"sample": "blank"}], indirect=True)
def test_a_sample_without_pl_is_never_exposed(lab):
    devices = lab.devices("spectrometer", "light", "stage")
    outcome = lab.engine.run(light_regrowth(**devices))
    assert outcome.exit_status == "fail"
    assert "0 of 10 baseline spectra show a PL peak" in outcome.reason
    assert lab.simulators.truth()["dose_j_cm2"] < 0.02  # the probe light alone
    assert lab.lamp_is_off()


@pytest.mark.parametrize("lab", [{"lamp_factor": 1.3}], indirect=True)
def test_a_lamp_that_is_brighter_than_calibrated_is_noticed_before_the_sample_is_lit(lab):
    devices = lab.devices("spectrometer", "light", "stage", "meter")
    outcome = lab.engine.run(light_regrowth(**devices))
    assert outcome.exit_status == "fail"
    assert "meter reads 26 mW/cm² where 20 mW/cm² was asked of light" in outcome.reason
    assert lab.simulators.truth()["dose_j_cm2"] == 0
    assert lab.lamp_is_off()


def test_more_ligand_than_the_syringe_holds_is_refused(lab):
    devices = lab.devices("spectrometer", "light", "pump")
    outcome = lab.engine.run(light_regrowth(**devices, ligand_volume_ul=9000.0))
    assert "9000 µL asked, 8000 µL in the syringe" in outcome.reason
    without = lab.devices("spectrometer", "light")
    outcome = lab.engine.run(light_regrowth(**without, ligand_volume_ul=10.0))
    assert "there is no pump" in outcome.reason
    assert not lab.documents


def test_an_interval_too_short_for_a_spectrum_is_refused(lab):
    devices = lab.devices("spectrometer", "light")
    outcome = lab.engine.run(light_regrowth(**devices, interval_s=1.0, integration_time_s=1.0))
    assert "a spectrum takes about 2.5 s of 1 s" in outcome.reason


def test_an_unknown_position_is_refused(lab):
    devices = lab.devices("spectrometer", "light", "stage")
    outcome = lab.engine.run(light_regrowth(**devices, position="A1"))
    assert "no position A1; stage knows sample, meter" in outcome.reason


def test_a_monitor_is_read_with_every_frame_and_its_drift_is_taken_out(lab, monkeypatch):
    def beside_the_sample(world, now_s, aperture_area_cm2):
        world.advance(now_s)
        world._settle()
        fading = 1.0 / (1.0 + now_s / 1e4)
        return world._light.irradiance_mw_cm2 * 1e-3 * aperture_area_cm2 * fading

    monkeypatch.setattr("simulators.sample.world.World.meter_power_w", beside_the_sample)
    devices = {**lab.devices("spectrometer", "light", "stage"), "monitor": lab.bench["meter"]}
    plan = light_regrowth(**devices, max_time_min=2.0, dark_tail_min=0.0, baseline_frames=3)
    assert lab.engine.run(plan).exit_status == "success"
    power = np.array([event["meter_power_w"] for event in lab.stream("primary")])
    assert np.all(power > 0.0)
    assert np.all(np.diff(power) < 0.0)
    assert lab.bench["meter"].wavelength_nm.get() == 405.0
    for event in lab.stream("tracked"):
        assert "lamp" in event["tracker_corrections"].split(",")


def test_the_only_meter_of_a_bench_is_no_monitor_unasked(lab):
    devices = lab.devices("spectrometer", "light", "stage")
    plan = light_regrowth(**devices, max_time_min=1.0, dark_tail_min=0.0, baseline_frames=3)
    assert lab.engine.run(plan).exit_status == "success"
    start = next(doc for kind, doc in lab.documents if kind == "start")
    assert "monitor" not in start["plan_args"]
    assert "meter_power_w" not in lab.stream("primary")[0]


def test_the_share_of_a_known_end_product_is_followed(tmp_path, virtual_clock):
    """The end of one run is the product of the next, which then ends near a share of one."""
    settings = {
        "max_time_min": 60.0, "interval_s": 120.0, "dark_tail_min": 0.0, "plateau": False,
        "irradiance_mw_cm2": 40.0,
    }  # fmt: skip
    with open_lab(tmp_path, {}) as lab:
        lab.engine.run_engine.subscribe(RunRecorder(tmp_path / "runs"))
        run(lab, **settings)
    (folder,) = (tmp_path / "runs").glob("*_light_regrowth_*")
    with open_lab(tmp_path, {}) as lab:
        share = run(lab, end_product=str(folder), **settings)["tracker_end_fraction"]
    assert np.isnan(share[:5]).all()  # the first spectra are what the others are compared with
    assert share[5:8].max() < 0.06
    assert np.all(np.diff(share[10:]) > -0.01)
    assert share[-1] > 0.95
