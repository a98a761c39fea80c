"""Hotplate, balances, shutter and filter wheel on the simulated instruments, over real sockets."""

import contextlib
import threading
import time
from pathlib import Path

import pytest
from bluesky import plan_stubs as bps

from instruments.bench import load_bench
from instruments.errors import (
    DeviceFaultError,
    InstrumentError,
    InterlockOpenError,
    LinkError,
    ProtocolError,
)
from simulators.bench import SimulatedBench
from tests.unit.instruments.fake_drivers import an_engine

DEMO = Path(__file__).parents[2] / "simulators" / "benches" / "demo.toml"
MORE = """
[device.plate]
model = "ika-plate"
address = "TCPIP::127.0.0.1::57401::SOCKET"
limit_degc = 80
band_k = 1.0
hold_s = 60
watchdog_s = 30
settle_timeout_s = 600
probe = "plate"

[device.mettler]
model = "mt-sics"
address = "TCPIP::127.0.0.1::57402::SOCKET"

[device.sartorius]
model = "sartorius-sbi"
address = "TCPIP::127.0.0.1::57403::SOCKET"

[device.shutter]
model = "thorlabs-sc10"
address = "TCPIP::127.0.0.1::57404::SOCKET"

[device.wheel]
model = "thorlabs-fw102c"
address = "TCPIP::127.0.0.1::57405::SOCKET"

[device.wheel.filters]
none = 1
nd10 = 2
longpass = 5

[simulation]
"""
NAMES = ("plate", "mettler", "sartorius", "shutter", "wheel")
LINE_FAULTS = {
    "late": lambda faults: faults.late(3.0),
    "drop": lambda faults: faults.drop(),
    "lose": lambda faults: faults.lose(),
    "garble": lambda faults: faults.garble(),
    "truncate": lambda faults: faults.truncate(2),
    "disconnect": lambda faults: faults.disconnect(keep=2),
}


@pytest.fixture
def bench_file(tmp_path):
    path = tmp_path / "bench.toml"
    text = DEMO.read_text(encoding="utf-8")
    path.write_text(text.replace("[simulation]\n", MORE, 1), encoding="utf-8")
    return path


@pytest.fixture
def simulated(virtual_clock, bench_file):
    with SimulatedBench(bench_file, ports="any", seed=7) as simulated:
        yield simulated


@pytest.fixture
def bench(simulated, bench_file):
    bench = load_bench(bench_file, addresses=simulated.addresses)
    for name in NAMES:
        bench[name].connect()
    yield bench
    for name in NAMES:
        bench[name].make_safe()
        bench[name].disconnect()


def finished(status):
    status.wait(timeout=100_000)


def value(device, key):
    return device.read()[f"{device.name}_{key}"]["value"]


def test_all_connect_and_say_who_they_are(bench):
    makers = {name: bench[name].identity.maker for name in NAMES}
    assert makers == {
        "plate": "IKA",
        "mettler": "Mettler Toledo",
        "sartorius": "Sartorius",
        "shutter": "Thorlabs",
        "wheel": "Thorlabs",
    }
    for name in NAMES:
        assert bench[name].connected
        assert bench[name].read()


# -- hotplate


def test_the_plate_is_hot_when_its_status_is_done_and_off_when_stopped(bench, simulated):
    plate = bench["plate"]
    finished(plate.stirring_rpm.set(300))
    finished(plate.set(60.0))
    assert value(plate, "temperature_degc") == pytest.approx(60.0, abs=1.0)
    time.sleep(600)
    assert value(plate, "temperature_degc") == pytest.approx(60.0, abs=1.0)
    assert value(plate, "stirring_rpm") == pytest.approx(300, abs=5)
    assert value(plate, "fault") == ""
    assert not simulated.state("plate")["safe"]
    plate.stop()
    assert value(plate, "setpoint_degc") == 0.0
    time.sleep(600)
    assert value(plate, "temperature_degc") < 55.0
    assert value(plate, "stirring_rpm") == pytest.approx(300, abs=5)
    plate.make_safe()
    time.sleep(10)
    assert simulated.state("plate")["safe"]


def test_a_plate_whose_program_is_gone_switches_itself_off(bench, simulated):
    plate = bench["plate"]
    finished(plate.set(60.0))
    plate.disconnect()  # as when the program ends: nobody feeds the watchdog
    time.sleep(31)
    assert simulated.state("plate")["safe"]
    plate.connect()


def test_a_plate_that_was_out_of_reach_for_too_long_is_not_believed_to_heat(bench, simulated):
    plate = bench["plate"]
    finished(plate.set(60.0))
    simulated.unplug("plate")
    time.sleep(60)
    simulated.replug("plate")
    time.sleep(60)
    assert simulated.state("plate")["safe"]
    assert value(plate, "is_heating") == 0
    assert "the watchdog was not fed" in value(plate, "fault")
    assert "plate-beat" not in [thread.name for thread in threading.enumerate()]


def test_a_set_point_near_the_safety_circuit_is_refused_by_the_read_back(simulated, bench_file):
    text = bench_file.read_text(encoding="utf-8").replace("limit_degc = 80", "limit_degc = 499")
    bench_file.write_text(text, encoding="utf-8")
    plate = load_bench(bench_file, addresses=simulated.addresses)["plate"]
    plate.connect()
    with pytest.raises(InstrumentError, match="set point reads"):
        finished(plate.set(499.0))
    plate.disconnect()
    assert simulated.state("plate")["safe"]


@pytest.mark.parametrize("fault", LINE_FAULTS)
def test_one_spoilt_reply_does_not_spoil_the_heating(bench, simulated, fault):
    plate = bench["plate"]
    status = plate.set(60.0)
    time.sleep(20)
    LINE_FAULTS[fault](simulated.faults("plate"))
    finished(status)
    assert value(plate, "temperature_degc") == pytest.approx(60.0, abs=1.0)
    assert value(plate, "setpoint_degc") == 60.0
    assert value(plate, "is_heating") == 1
    assert value(plate, "fault") == ""


# -- balances


@pytest.mark.parametrize("name", ["mettler", "sartorius"])
def test_a_balance_weighs_and_tares(bench, simulated, name):
    balance = bench[name]
    finished(balance.trigger())
    gross_g = value(balance, "mass_g")
    assert gross_g > 0
    assert value(balance, "is_stable") == 1
    finished(balance.tare())
    finished(balance.trigger())
    assert value(balance, "mass_g") == pytest.approx(0.0, abs=0.002)


@pytest.mark.parametrize("fault", LINE_FAULTS)
@pytest.mark.parametrize("name", ["mettler", "sartorius"])
def test_no_later_weight_is_wrong_and_the_tare_is_kept(bench, simulated, name, fault):
    balance = bench[name]
    finished(balance.tare())
    LINE_FAULTS[fault](simulated.faults(name))
    with contextlib.suppress(LinkError, ProtocolError):
        finished(balance.trigger())
        assert value(balance, "mass_g") == pytest.approx(0.0, abs=0.002)
    time.sleep(10)
    for _ in range(3):
        finished(balance.trigger())
        assert value(balance, "mass_g") == pytest.approx(0.0, abs=0.002)


# -- shutter


def test_the_shutter_opens_and_closes_once_however_often_it_is_told(bench, simulated):
    shutter = bench["shutter"]
    for position, is_open in [("open", 1), ("open", 1), ("closed", 0), ("closed", 0), ("open", 1)]:
        finished(shutter.set(position))
        assert value(shutter, "is_open") == is_open
        assert simulated.state("shutter")["safe"] == (not is_open)
    shutter.make_safe()
    assert value(shutter, "is_open") == 0
    assert simulated.state("shutter")["safe"]


@pytest.mark.parametrize("fault", LINE_FAULTS)
@pytest.mark.parametrize("position", ["open", "closed"])
def test_a_spoilt_reply_never_leaves_the_shutter_the_wrong_way_round(
    bench, simulated, fault, position
):
    shutter = bench["shutter"]
    finished(shutter.set("closed" if position == "open" else "open"))
    LINE_FAULTS[fault](simulated.faults("shutter"))
    try:
        finished(shutter.set(position))
    except (LinkError, ProtocolError):
        time.sleep(10)
        assert value(shutter, "is_open") == 0
    else:
        assert value(shutter, "is_open") == (position == "open")
    finished(shutter.set(position))
    assert value(shutter, "is_open") == (position == "open")


# -- filter wheel


def test_the_wheel_turns_to_filters_by_name_and_number(bench):
    wheel = bench["wheel"]
    finished(wheel.set("longpass"))
    assert (value(wheel, "filter_position"), value(wheel, "filter_name")) == (5, "longpass")
    finished(wheel.set(3))
    assert (value(wheel, "filter_position"), value(wheel, "filter_name")) == (3, "")


@pytest.mark.parametrize("fault", LINE_FAULTS)
def test_whatever_happens_to_one_reply_no_later_position_is_wrong(bench, simulated, fault):
    wheel = bench["wheel"]
    finished(wheel.set(2))
    LINE_FAULTS[fault](simulated.faults("wheel"))
    with pytest.raises((LinkError, ProtocolError)):
        wheel.read()
    time.sleep(10)
    finished(wheel.set(4))
    for _ in range(3):
        assert value(wheel, "filter_position") == 4


# -- faults of the instruments


def test_a_plate_that_gets_too_hot_is_switched_off_and_the_operator_called(bench, simulated):
    plate = bench["plate"]
    finished(plate.set(60.0))
    simulated.faults("plate").device("over-temperature")  # its relay sticks
    time.sleep(60)
    assert not simulated.state("plate")["heater_on"]
    assert value(plate, "is_heating") == 0
    assert "over temperature" in value(plate, "fault")
    assert "pull the mains plug" in value(plate, "fault")


def test_a_plate_with_a_broken_heater_fails_and_is_switched_off(bench, simulated):
    simulated.faults("plate").device("heater-open")
    with pytest.raises(InstrumentError, match="has not stayed within"):
        finished(bench["plate"].set(60.0))
    assert simulated.state("plate")["safe"]


def test_a_plate_that_lost_its_power_does_not_pass_for_one_that_heats(bench, simulated):
    plate = bench["plate"]
    finished(plate.set(60.0))
    simulated.power_cycle("plate")
    time.sleep(10)
    assert "lost its power" in value(plate, "fault")
    assert simulated.state("plate")["safe"]


def test_make_safe_while_it_heats_is_quick_and_final(bench, simulated):
    plate = bench["plate"]
    finished(plate.stirring_rpm.set(500))
    status = plate.set(60.0)
    time.sleep(30)
    began_s = time.monotonic()
    plate.make_safe(timeout_s=2.0)
    assert time.monotonic() - began_s < 2.0
    with pytest.raises(InstrumentError):
        finished(status)
    time.sleep(60)
    assert simulated.state("plate")["safe"]


@pytest.mark.parametrize(
    ("name", "match"), [("mettler", "overloaded"), ("sartorius", "overloaded")]
)
def test_an_overloaded_pan_has_no_mass(bench, simulated, name, match):
    simulated.faults(name).device("overload")
    with pytest.raises(DeviceFaultError, match=match):
        finished(bench[name].trigger())
    assert value(bench[name], "is_stable") == 0


@pytest.mark.parametrize("name", ["mettler", "sartorius"])
def test_a_weight_that_never_becomes_stable_is_no_reading(bench, simulated, name):
    simulated.faults(name).device("unstable")
    began_s = time.monotonic()
    with pytest.raises(DeviceFaultError, match="no stable weight in 10 s"):
        finished(bench[name].trigger())
    assert time.monotonic() - began_s == pytest.approx(10, abs=1)


def test_an_open_interlock_keeps_the_shutter_closed(bench, simulated):
    shutter = bench["shutter"]
    simulated.faults("shutter").device("interlock-open")
    with pytest.raises(InterlockOpenError, match="the interlock is open"):
        finished(shutter.set("open"))
    assert value(shutter, "is_open") == 0
    assert value(shutter, "is_interlock_open") == 1
    finished(shutter.set("closed"))


def test_a_shutter_that_sticks_is_a_fault(bench, simulated):
    simulated.faults("shutter").device("stall")
    with pytest.raises(DeviceFaultError, match="the shutter is not open"):
        finished(bench["shutter"].set("open"))
    assert not simulated.state("shutter")["enabled"]


def test_a_wheel_that_sticks_is_a_fault(bench, simulated):
    finished(bench["wheel"].set(2))
    simulated.faults("wheel").device("stall")
    with pytest.raises(InstrumentError):
        finished(bench["wheel"].set(5))


def test_a_controller_that_lost_its_power_comes_back_closed_and_manual(bench, simulated):
    shutter = bench["shutter"]
    finished(shutter.set("open"))
    simulated.unplug("shutter")
    simulated.power_cycle("shutter")
    simulated.replug("shutter")
    with pytest.raises(LinkError):
        shutter.read()
    time.sleep(10)
    assert value(shutter, "is_open") == 0
    finished(shutter.set("open"))
    assert value(shutter, "is_open") == 1


# -- in a plan


def test_a_plan_heats_filters_shuts_and_weighs(bench):
    names = [bench[name] for name in ("plate", "wheel", "shutter", "mettler")]
    documents = []

    def plan():
        plate, wheel, shutter, _ = names
        yield from bps.open_run()
        yield from bps.mv(plate, 40.0, wheel, "nd10", shutter, "open")
        yield from bps.trigger_and_read(names)
        yield from bps.mv(shutter, "closed", plate, "off")
        yield from bps.trigger_and_read(names)
        yield from bps.close_run()

    with an_engine() as engine:
        engine(plan(), lambda name, doc: documents.append((name, doc)))
    first, second = (doc["data"] for name, doc in documents if name == "event")
    assert first["plate_temperature_degc"] == pytest.approx(40.0, abs=1.0)
    assert (first["plate_is_heating"], second["plate_is_heating"]) == (1, 0)
    assert (first["shutter_is_open"], second["shutter_is_open"]) == (1, 0)
    assert first["wheel_filter_name"] == "nd10"
    assert first["mettler_is_stable"] == 1
    units = next(doc for name, doc in documents if name == "descriptor")["data_keys"]
    assert units["plate_temperature_degc"]["units"] == "degC"
    assert units["mettler_mass_g"]["units"] == "g"
