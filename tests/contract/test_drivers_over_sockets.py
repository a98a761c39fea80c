"""The devices on the simulated instruments: real sockets, faults on the line and in the devices."""

import time
from pathlib import Path

import pytest

from instruments.bench import load_bench
from instruments.errors import (
    DeviceFaultError,
    InstrumentError,
    LinkError,
    LinkLostError,
    ProtocolError,
    StalledError,
)
from instruments.light_sources import Emission
from instruments.pumps import Dispense
from simulators.bench import SimulatedBench

DEMO = Path(__file__).parents[2] / "simulators" / "benches" / "demo.toml"
ACTINIC = Emission(wavelength_nm=405, irradiance_mw_cm2=20.02)


@pytest.fixture
def simulated(virtual_clock):
    with SimulatedBench(DEMO, ports="any", seed=7) as simulated:
        yield simulated


@pytest.fixture
def bench(simulated):
    with load_bench(DEMO, addresses=simulated.addresses) as bench:
        yield bench


def finished(status):
    status.wait(timeout=10_000)


def value(device, key):
    return device.read()[f"{device.name}_{key}"]["value"]


def to_sample(stage):
    finished(stage.x.home())
    finished(stage.set("sample"))


def test_the_whole_bench_connects_and_can_be_read(bench):
    report = bench.read_all()
    assert {name: entry["error"] for name, entry in report.items()} == dict.fromkeys(bench, "")
    assert report["spectrometer"]["identity"]["serial"] == "HDX00342"
    assert report["meter"]["configuration"]["meter_wavelength_nm"] == 405
    assert report["pump"]["readings"]["pump_remaining_ul"] == 8000


def test_the_booked_dose_is_the_dose_that_the_sample_got(bench, simulated):
    to_sample(bench["stage"])
    finished(bench["light"].set(ACTINIC))
    time.sleep(600)
    finished(bench["light"].set(Emission.off()))
    booked = value(bench["light"], "dose_j_cm2")
    assert booked == pytest.approx(12.012, abs=0.01)
    assert booked == pytest.approx(simulated.truth()["dose_j_cm2"], rel=1e-3)


def test_the_counted_volume_is_the_volume_that_was_delivered(bench, simulated):
    to_sample(bench["stage"])
    before_ul = simulated.truth()["volume_ul"]
    finished(bench["pump"].set(Dispense(volume_ul=40, rate_ul_min=50)))
    assert value(bench["pump"], "volume_infused_ul") == pytest.approx(40, abs=0.1)
    assert simulated.truth()["volume_ul"] - before_ul == pytest.approx(40, abs=0.2)


def test_a_dispense_that_is_stopped_delivers_no_more(bench, simulated):
    status = bench["pump"].set(Dispense(volume_ul=1000, rate_ul_min=600))
    time.sleep(10)
    bench["pump"].stop(success=True)
    finished(status)
    left_ul = value(bench["pump"], "remaining_ul")
    assert left_ul == pytest.approx(7900, abs=3)
    time.sleep(60)
    assert value(bench["pump"], "remaining_ul") == left_ul
    assert not simulated.state("pump")["pumping"]


def test_a_spectrum_shows_the_light(bench):
    to_sample(bench["stage"])
    finished(bench["spectrometer"].trigger())
    dark = value(bench["spectrometer"], "peak_counts")
    finished(bench["light"].set(ACTINIC))
    finished(bench["spectrometer"].trigger())
    assert value(bench["spectrometer"], "peak_counts") > dark + 1000


def test_the_meter_measures_the_irradiance_that_was_set(bench):
    finished(bench["stage"].x.home())
    finished(bench["stage"].set("meter"))
    finished(bench["light"].set(ACTINIC))
    finished(bench["meter"].trigger())
    assert value(bench["meter"], "irradiance_mw_cm2") == pytest.approx(20.02, rel=0.02)


# -- faults of the line


@pytest.mark.parametrize("fault", ["late", "drop", "lose", "garble", "truncate", "disconnect"])
def test_whatever_happens_to_one_reply_no_later_reading_is_wrong(bench, simulated, fault):
    finished(bench["light"].set(ACTINIC))
    faults = simulated.faults("light")
    {
        "late": lambda: faults.late(3.0),
        "drop": faults.drop,
        "lose": faults.lose,
        "garble": faults.garble,
        "truncate": lambda: faults.truncate(2),
        "disconnect": lambda: faults.disconnect(keep=2),
    }[fault]()
    with pytest.raises((LinkError, ProtocolError)):
        bench["light"].read()
    time.sleep(10)
    for _ in range(3):
        assert value(bench["light"], "irradiance_mw_cm2") == pytest.approx(20.02)
        assert value(bench["light"], "wavelength_nm") == 405
        assert value(bench["light"], "fault") == ""


@pytest.mark.parametrize("fault", ["late", "drop", "garble", "disconnect"])
def test_one_spoilt_reply_does_not_spoil_a_dispense(bench, simulated, fault):
    status = bench["pump"].set(Dispense(volume_ul=200, rate_ul_min=600))
    time.sleep(5)
    faults = simulated.faults("pump")
    {
        "late": lambda: faults.late(3.0),
        "drop": faults.drop,
        "garble": faults.garble,
        "disconnect": lambda: faults.disconnect(keep=2),
    }[fault]()
    finished(status)
    assert value(bench["pump"], "remaining_ul") == pytest.approx(7800, abs=0.5)


@pytest.mark.parametrize("fault", ["late", "drop", "garble", "disconnect"])
def test_one_spoilt_reply_does_not_spoil_a_move(bench, simulated, fault):
    finished(bench["stage"].x.home())
    status = bench["stage"].x.set(90.0)
    time.sleep(0.2)
    faults = simulated.faults("stage")
    {
        "late": lambda: faults.late(1.5),
        "drop": faults.drop,
        "garble": faults.garble,
        "disconnect": lambda: faults.disconnect(keep=2),
    }[fault]()
    finished(status)
    assert value(bench["stage"], "x_position_mm") == pytest.approx(90.0, abs=0.001)


def test_a_late_spectrum_is_never_taken_for_the_next(bench, simulated):
    spectrometer = bench["spectrometer"]
    finished(spectrometer.trigger())
    simulated.faults("spectrometer").late(5.0)
    with pytest.raises(LinkError):
        finished(spectrometer.trigger())
    time.sleep(10)
    finished(bench["light"].set(ACTINIC))
    to_sample(bench["stage"])
    finished(spectrometer.trigger())
    assert value(spectrometer, "peak_counts") > 1000


def test_light_of_an_unplugged_driver_counts_until_it_is_known_to_be_off(bench, simulated):
    to_sample(bench["stage"])
    light = bench["light"]
    finished(light.set(ACTINIC))
    time.sleep(100)
    simulated.unplug("light")
    with pytest.raises(LinkError):
        light.read()
    with pytest.raises(LinkError):
        light.stop()
    assert not bench.make_safe()[1].confirmed
    time.sleep(100)
    assert light.ledger.known_until_s < time.monotonic() - 100
    assert light.dose_j_cm2.get() == pytest.approx(20.02 * 0.2, rel=0.05)
    simulated.replug("light")
    light.stop()
    assert value(light, "is_on") == 0
    assert value(light, "dose_j_cm2") == pytest.approx(simulated.truth()["dose_j_cm2"], rel=0.01)


def test_a_controller_that_lost_its_power_gets_its_limits_back(bench, simulated):
    light = bench["light"]
    finished(light.set(ACTINIC))
    simulated.unplug("light")
    simulated.power_cycle("light")
    simulated.replug("light")
    with pytest.raises(LinkLostError):
        light.read()
    time.sleep(10)
    assert value(light, "is_on") == 0
    assert "is dark though 405 nm" in value(light, "fault")
    assert simulated.state("light")["channels"]["0"]["limit_ma"] == 700
    finished(light.set(ACTINIC))
    assert value(light, "is_on") == 1


# -- faults of the instruments


def test_an_open_led_fails_the_order_and_leaves_it_dark(bench, simulated):
    simulated.faults("light").device("led-open", channel=1)
    with pytest.raises(InstrumentError, match="channel 1"):
        finished(bench["light"].set(ACTINIC))
    assert not simulated.state("light")["emitting"]


def test_a_stalled_pump_fails_the_dispense_and_stands_still(bench, simulated):
    status = bench["pump"].set(Dispense(volume_ul=1000, rate_ul_min=600))
    time.sleep(5)
    simulated.faults("pump").device("stall")
    with pytest.raises(StalledError, match="stalled"):
        finished(status)
    assert not simulated.state("pump")["pumping"]
    assert "stalled" in bench["pump"].fault.get()


def test_a_pump_that_lost_its_power_in_mid_run_fails_the_dispense(bench, simulated):
    status = bench["pump"].set(Dispense(volume_ul=1000, rate_ul_min=600))
    time.sleep(5)
    simulated.power_cycle("pump")
    with pytest.raises(DeviceFaultError, match="was reset"):
        finished(status)
    assert not simulated.state("pump")["pumping"]
    # It has forgotten its syringe or not: a further dispense runs with the right one or not at all.
    try:
        finished(bench["pump"].set(Dispense(volume_ul=10, rate_ul_min=600)))
    except DeviceFaultError as error:
        assert "DIA reads back" in str(error)  # noqa: PT017


def test_a_pump_that_was_left_in_safe_mode_is_brought_back(bench):
    link = bench["pump"]._driver.link
    with link.exchange():
        link.write("0SAF10")
        link.flush_read_buffer()
    bench["pump"].disconnect()
    bench["pump"].connect()
    finished(bench["pump"].set(Dispense(volume_ul=10, rate_ul_min=600)))


def test_a_stage_that_is_not_homed_does_not_move(bench):
    with pytest.raises(DeviceFaultError, match="is not homed"):
        finished(bench["stage"].set("sample"))


# -- the red button


def test_the_red_button_makes_all_safe_while_everything_runs(bench, simulated):
    finished(bench["stage"].x.home())
    finished(bench["light"].set(ACTINIC))
    dose = bench["pump"].set(Dispense(volume_ul=1000, rate_ul_min=600))
    move = bench["stage"].x.set(99.0)
    finished(bench["spectrometer"].integration_time_s.set(5.0))
    exposure = bench["spectrometer"].trigger()
    time.sleep(0.3)
    began_s = time.monotonic()
    outcomes = bench.make_safe(timeout_s=2.0)
    assert time.monotonic() - began_s < 2.5
    assert all(outcome.confirmed for outcome in outcomes), outcomes
    for name in ("light", "pump", "stage"):
        assert simulated.state(name)["safe"], name
    for status in (dose, move, exposure):
        with pytest.raises(InstrumentError):
            finished(status)
