"""Response and stray light that the bench file names, through the whole stack."""

import datetime
import time

import numpy as np
import pytest

import regrow
from instruments.errors import ConfigurationError
from instruments.spectrometers.response_file import read_response
from plans.experiments.calibrate_spectrum import calibrate_spectral_response
from plans.experiments.light_regrowth import light_regrowth
from plans.importing.analyse import analyse_series
from plans.importing.end_product import read_end_product
from plans.importing.recorded import read_run
from plans.records import RunRecorder
from tests.system.conftest import DEMO, open_lab

FULL = DEMO.with_name("full.toml")
SHORT = {"max_time_min": 1.0, "dark_tail_min": 0.0, "baseline_frames": 3}
SLOPE = [(nm, 2.0 ** ((nm - 550.0) / 50.0)) for nm in range(180, 1200, 10)]


@pytest.fixture
def opened(tmp_path, virtual_clock, capfd):
    """Open the demo bench with further keys in the table of its spectrometer."""

    def open_with(keys, bench=DEMO):
        table = bench.read_text(encoding="utf-8").partition("[device.spectrometer]\n")
        assert table[1]
        changed = tmp_path / "changed.toml"
        changed.write_text(table[0] + table[1] + keys + table[2], encoding="utf-8")
        return open_lab(tmp_path, {}, file=changed)

    return open_with


def write_slope(folder, *, calibrated, expires):
    about = f"# calibration = 'slope'\n# calibrated = {calibrated}\n# expires = {expires}\n"
    rows = "".join(f"{nm},{factor}\n" for nm, factor in SLOPE)
    (folder / "response.csv").write_text(about + rows, encoding="utf-8")


def days_ago(days):
    now = datetime.datetime.fromtimestamp(time.time(), tz=datetime.UTC)
    return (now - datetime.timedelta(days=days)).date()


def regrow_shortly(lab, **settings):
    outcome = lab.engine.run(
        light_regrowth(**lab.devices("spectrometer", "light", "stage"), **SHORT, **settings)
    )
    assert outcome.exit_status == "success", outcome
    (chain,) = (
        doc["configuration"]["tracker"]["data"]["tracker_chain"]
        for kind, doc in lab.documents
        if kind == "descriptor" and doc["name"] == "tracked"
    )
    return chain, lab.stream("tracked")


def test_a_run_is_read_with_the_response_of_its_bench_and_keeps_the_counts(tmp_path, opened):
    with opened("") as lab:
        chain, plain = regrow_shortly(lab)
        assert "response off (no calibration)" in chain
        before = lab.stream("primary")
    write_slope(tmp_path, calibrated=days_ago(10), expires=days_ago(-10))
    keys = (
        'response = "response.csv"\nstray_light_dark_nm = [760, 800]\n'
        f"stray_light_calibrated = {days_ago(5)}\n"
    )
    with opened(keys) as lab:
        chain, tracked = regrow_shortly(lab)
        after = lab.stream("primary")
        primary = next(d for k, d in lab.documents if k == "descriptor" and d["name"] == "primary")
    assert "response on, slope, 10." in chain
    assert "stray_light on, dark at 760-800 nm, 5." in chain
    assert set(tracked[0]["tracker_corrections"].split(",")) >= {"response", "stray_light"}
    moved = tracked[0]["tracker_peak_nm"] - plain[0]["tracker_peak_nm"]
    assert 0.5 < moved < 1.5  # sigma^2 / 72 nm of a line of 8 nm is 0.9 nm
    first, second = (rows[0]["spectrometer_spectrum_counts"] for rows in (before, after))
    assert np.max(second) == pytest.approx(np.max(first), rel=0.05)
    assert "spectrometer_response_factor" not in primary["data_keys"]
    assert len(primary["configuration"]["spectrometer"]["data"]["spectrometer_response_factor"])


def test_a_run_that_is_read_again_is_corrected_as_it_was(tmp_path, opened):
    write_slope(tmp_path, calibrated=days_ago(10), expires=days_ago(-10))
    with opened('response = "response.csv"\n') as lab:
        lab.engine.run_engine.subscribe(RunRecorder(tmp_path / "runs"))
        _, tracked = regrow_shortly(lab)
    (folder,) = (tmp_path / "runs").glob("*_light_regrowth_*")
    again = analyse_series(read_run(folder))
    live_nm = [row["tracker_peak_nm"] for row in tracked]
    assert [item.peak.peak_nm for item in again] == pytest.approx(live_nm, abs=0.01)
    assert live_nm[0] > 516.2  # 515.7 nm without the response
    product = read_end_product(folder)
    assert product.wavelength_nm[np.argmax(product.counts)] > 516.0


def test_an_expired_response_is_recorded_as_off(tmp_path, opened):
    write_slope(tmp_path, calibrated=days_ago(400), expires=days_ago(35))
    with opened('response = "response.csv"\n') as lab:
        chain, tracked = regrow_shortly(lab)
    assert "response off, slope, 400." in chain
    assert "(the calibration has expired)" in chain
    assert "response" not in tracked[0]["tracker_corrections"].split(",")


def test_a_bench_whose_response_is_not_there_is_not_loaded(opened):
    with (
        pytest.raises(ConfigurationError, match=r"response\.csv.*cannot be read"),
        opened('response = "response.csv"\n'),
    ):
        pass


def white_lamp():
    """Return the certificate of the white lamp of the full bench: photons per nm of its bands."""
    nm = np.arange(350.0, 851.0, 2.0)
    bands = ((405.0, 30.0, 0.25), (470.0, 60.0, 0.25), (580.0, 160.0, 0.50))
    photons = sum(
        share * at / width * np.exp(-4 * np.log(2) * ((nm - at) / width) ** 2)
        for at, width, share in bands
    )
    return "".join(f"{x:g},{y:.8g}\n" for x, y in zip(nm, photons, strict=True))


def test_what_the_calibration_measures_is_saved_and_used(tmp_path, opened, capfd):
    certificate = tmp_path / "lamp.csv"
    certificate.write_text(white_lamp(), encoding="utf-8")
    with opened("", FULL) as lab:
        lab.engine.run_engine.subscribe(RunRecorder(tmp_path / "runs"))
        outcome = lab.engine.run(
            calibrate_spectral_response(
                **lab.devices("spectrometer", "light", "stage"),
                lamp=lab.bench["light"],
                shutter=lab.bench["shutter"],
                certificate=str(certificate),
                lamp_position="empty",
                lamp_irradiance_mw_cm2=0.02,
            )
        )
        assert outcome.exit_status == "success", outcome
    (run,) = (tmp_path / "runs").glob("*_calibrate_spectral_response_*")
    file = tmp_path / "response.csv"
    assert regrow.main(["response", str(run), str(file), "--valid-days", "30"]) == 0
    assert 'response = "response.csv"' in capfd.readouterr().out
    saved = read_response(file)
    assert saved.serial
    assert saved.calibration.startswith("calibrate_spectral_response ")
    assert regrow.main(["response", str(run), str(file)]) == 1  # never overwritten
    with opened('response = "response.csv"\n', FULL) as lab:
        chain, tracked = regrow_shortly(lab, position="A2", shutter=lab.bench["shutter"])
    assert f"response on, {saved.calibration}, " in chain
    assert tracked[0]["tracker_peak_nm"] == pytest.approx(515.7, abs=0.5)


def test_a_lamp_that_stays_dark_gives_no_response(tmp_path, opened, capfd):
    certificate = tmp_path / "lamp.csv"
    certificate.write_text(white_lamp(), encoding="utf-8")
    with opened("", FULL) as lab:
        lab.engine.run_engine.subscribe(RunRecorder(tmp_path / "runs"))
        outcome = lab.engine.run(
            calibrate_spectral_response(
                **lab.devices("spectrometer", "light", "stage"),
                certificate=str(certificate),
                lamp_position="empty",
                dark_position="empty",
            )
        )
        assert outcome.exit_status == "success", outcome
    (run,) = (tmp_path / "runs").glob("*_calibrate_spectral_response_*")
    assert regrow.main(["response", str(run), str(tmp_path / "x.csv")]) == 1
    assert "fails: no lamp seen" in capfd.readouterr().err


def test_a_run_that_measured_no_response_gives_no_file(tmp_path, opened, capfd):
    with opened("") as lab:
        lab.engine.run_engine.subscribe(RunRecorder(tmp_path / "runs"))
        regrow_shortly(lab)
    (run,) = (tmp_path / "runs").glob("*_light_regrowth_*")
    assert regrow.main(["response", str(run), str(tmp_path / "x.csv")]) == 1
    assert not (tmp_path / "x.csv").exists()


@pytest.mark.parametrize("days", ["0", "3651"])
def test_a_response_is_valid_for_days_that_make_sense(tmp_path, days, capsys):
    with pytest.raises(SystemExit):
        regrow.main(["response", "run", str(tmp_path / "x.csv"), "--valid-days", days])
    assert f"must be 1 to 3650 days, got {days}" in capsys.readouterr().err
