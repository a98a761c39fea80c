"""Stages of both makers on the simulated instruments, in virtual time."""

import time

import pytest

from instruments.bench import load_bench
from instruments.errors import (
    ConfigurationError,
    DeviceFaultError,
    InstrumentError,
    InterlockOpenError,
    LimitError,
    LinkError,
    StalledError,
)
from simulators.bench import SimulatedBench

AXES = """
[[device.stage.axis]]
name = "x"
number = 1
minimum_mm = 0.0
maximum_mm = 100.0
{x}
[[device.stage.axis]]
name = "y"
number = {y_number}
minimum_mm = 0.0
maximum_mm = 80.0
{y}
[device.stage.positions]
sample = {{ x = 12.5, y = 3.0 }}

[device.stage.plate]
rows = 8
columns = 12
a1 = {{ x = 0.5, y = 70.0 }}
row_pitch_mm = -9.0

[device.stage.grid.film]
rows = 2
columns = 3
pitch_mm = 0.5
first = {{ x = 20.0, y = 10.0 }}
"""
SIMULATION = """
[simulation]
seed = 1
sample = "as-synthesised"
"""
NEWPORT = (
    """
[device.stage]
model = "newport-esp301"
address = "TCPIP::127.0.0.1::57601::SOCKET"
"""
    + AXES.format(x="", y="", y_number=2)
    + SIMULATION
)
ZABER = (
    """
[device.stage]
model = "zaber-ascii"
address = "TCPIP::127.0.0.1::57601::SOCKET"
device_number = 1
"""
    + AXES.format(
        x="microstep_um = 0.49609375", y="microstep_um = 0.1\ndevice_number = 2", y_number=1
    )
    + """
[device.lift]
model = "zaber-ascii"
address = "TCPIP::127.0.0.1::57601::SOCKET"
device_number = 3

[[device.lift.axis]]
name = "z"
number = 1
microstep_um = 0.1
minimum_mm = 0.0
maximum_mm = 20.0
"""
    + SIMULATION
)


def served_by(text, tmp_path):
    path = tmp_path / "bench.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def served(request, virtual_clock, tmp_path):
    path = served_by(request.param, tmp_path)
    with (
        SimulatedBench(path, ports="any") as simulated,
        load_bench(path, addresses=simulated.addresses) as bench,
    ):
        bench["stage"].set("home").wait(timeout=1000)
        yield bench, simulated


either = pytest.mark.parametrize(
    "served", [NEWPORT, ZABER], indirect=True, ids=["newport", "zaber"]
)
newport = pytest.mark.parametrize("served", [NEWPORT], indirect=True)
zaber = pytest.mark.parametrize("served", [ZABER], indirect=True)


def place(simulated, name="stage"):
    axes = simulated.state(name)["axes"]
    return {axis: about["position_mm"] for axis, about in axes.items()}


@either
def test_a_stage_goes_to_places_by_name(served):
    bench, simulated = served
    stage = bench["stage"]
    assert stage.is_homed()
    stage.set("sample").wait(timeout=1000)
    assert place(simulated) == pytest.approx({"x": 12.5, "y": 3.0}, abs=0.001)
    assert stage.x.position_mm.get() == pytest.approx(12.5, abs=0.001)
    stage.set("H12").wait(timeout=1000)
    assert place(simulated) == pytest.approx({"x": 99.5, "y": 7.0}, abs=0.001)
    stage.set("film-2-1").wait(timeout=1000)
    assert place(simulated) == pytest.approx({"x": 20.0, "y": 10.5}, abs=0.001)


@either
def test_a_plate_and_a_grid_are_walked_the_shortest_way(served):
    stage = served[0]["stage"]
    assert len(stage.grids["plate"]) == 96
    assert stage.grids["plate"][:2] == ("A1", "A2")
    assert stage.grids["plate"][11:13] == ("A12", "B12")
    assert stage.grids["film"] == (
        *("film-1-1", "film-1-2", "film-1-3"),
        *("film-2-3", "film-2-2", "film-2-1"),
    )
    assert stage.positions["B1"] == {"x": 0.5, "y": 61.0}


@either
def test_a_place_out_of_reach_is_refused_before_a_byte_is_sent(served):
    bench, _ = served
    sent = len(bench["stage"]._driver.link.wire_log.entries())
    for wrong in ({"x": 100.1}, {"y": -0.1}, {"x": float("nan")}, {"x": float("inf")}):
        with pytest.raises(LimitError):
            bench["stage"].set(wrong)
    assert len(bench["stage"]._driver.link.wire_log.entries()) == sent


@either
def test_a_stall_ends_the_move_and_homing_helps(served):
    bench, simulated = served
    status = bench["stage"].set({"x": 90.0})
    time.sleep(1.0)
    simulated.faults("stage").device("stall")
    with pytest.raises(StalledError):
        status.wait(timeout=100)
    simulated.faults("stage").device("stall", on=False)
    bench["stage"].set("home").wait(timeout=1000)
    bench["stage"].set("sample").wait(timeout=1000)
    assert place(simulated) == pytest.approx({"x": 12.5, "y": 3.0}, abs=0.001)


@either
def test_a_controller_that_was_switched_off_must_be_homed(served):
    bench, simulated = served
    time.sleep(60.0)
    assert bench["stage"].is_homed()
    simulated.power_cycle("stage")
    time.sleep(1.0)
    assert not bench["stage"].is_homed()
    with pytest.raises(DeviceFaultError, match="not homed"):
        bench["stage"].set({"x": 1.0}).wait(timeout=1000)


@either
def test_a_stop_is_at_once_and_the_move_fails(served):
    bench, simulated = served
    status = bench["stage"].set({"x": 90.0, "y": 70.0})
    time.sleep(1.0)
    bench["stage"].stop()
    assert not simulated.state("stage")["moving"]
    with pytest.raises(InstrumentError, match="stopped before"):
        status.wait(timeout=100)


@either
@pytest.mark.parametrize(
    "fault", ["drop", "garble", "truncate", "one_byte_at_a_time", "disconnect"]
)
def test_a_spoilt_exchange_does_not_end_a_move(served, fault):
    bench, simulated = served
    status = bench["stage"].set({"x": 90.0})
    time.sleep(1.0)
    getattr(simulated.faults("stage"), fault)()
    status.wait(timeout=100)
    assert place(simulated)["x"] == pytest.approx(90.0, abs=0.001)


@either
def test_a_stage_that_is_unplugged_during_a_move_arrives_all_the_same(served):
    bench, simulated = served
    status = bench["stage"].set({"x": 90.0})
    time.sleep(1.0)
    simulated.unplug("stage")
    time.sleep(2.0)
    simulated.replug("stage")
    status.wait(timeout=100)
    assert bench["stage"].x.position_mm.get() == pytest.approx(90.0, abs=0.001)


@either
def test_a_stage_that_stays_unplugged_fails_and_comes_back_without_a_restart(served):
    bench, simulated = served
    status = bench["stage"].set({"x": 90.0})
    time.sleep(1.0)
    simulated.unplug("stage")
    with pytest.raises(LinkError):
        status.wait(timeout=100)
    simulated.replug("stage")
    time.sleep(10.0)
    bench["stage"].set("sample").wait(timeout=100)
    assert place(simulated) == pytest.approx({"x": 12.5, "y": 3.0}, abs=0.001)


@newport
def test_an_emergency_stop_is_an_interlock(served):
    bench, simulated = served
    status = bench["stage"].set({"x": 90.0})
    time.sleep(1.0)
    simulated.faults("stage").device("emergency-stop")
    with pytest.raises(InterlockOpenError, match="EMERGENCY STOP"):
        status.wait(timeout=100)
    with pytest.raises(InstrumentError):
        bench["stage"].set("home").wait(timeout=100)
    simulated.faults("stage").device("emergency-stop", on=False)
    bench["stage"].set("home").wait(timeout=1000)
    bench["stage"].set("sample").wait(timeout=100)


@newport
def test_a_motor_that_somebody_switched_off_is_told(served):
    bench, _ = served
    bench["stage"]._driver.command("1MF")
    with pytest.raises(DeviceFaultError, match="its motor is off"):
        bench["stage"].set({"x": 1.0}).wait(timeout=100)


@newport
def test_a_position_is_sent_with_all_its_digits(served):
    bench, simulated = served
    bench["stage"].set({"x": 12.345678}).wait(timeout=100)
    log = bench["stage"]._driver.link.wire_log.as_text()
    assert "1PA12.345678\\r" in log
    assert place(simulated)["x"] == pytest.approx(12.3457, abs=1e-9)


@zaber
def test_two_devices_carry_a_stage_and_a_third_is_a_stage_of_its_own(served):
    bench, simulated = served
    bench["lift"].set("home").wait(timeout=1000)
    both = [bench["stage"].set("sample"), bench["lift"].set({"z": 5.0})]
    for status in both:
        status.wait(timeout=1000)
    assert place(simulated) == pytest.approx({"x": 12.5, "y": 3.0}, abs=0.001)
    assert place(simulated, "lift") == pytest.approx({"z": 5.0}, abs=0.001)
    assert bench["lift"]._driver.link.line is bench["stage"]._driver.link.line


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("rows = 8\n", "rows = 9\n", r"position 'I\d+' is at y = -2 mm, outside 0 to 80 mm"),
        ("a1 = { x = 0.5, y = 70.0 }", "a1 = { x = 0.5 }", "a1 must give x and y, in mm"),
        ("row_pitch_mm = -9.0", "row_pitch_mm = 0.0", "row_pitch_mm must not be 0"),
        ("sample = {", "A1 = {", "position 'A1' is already taken"),
        ("[device.stage.grid.film]", "[device.stage.grid.plate]", "may not be called 'plate'"),
        ("columns = 3", 'columns = 3\ncolumns_along = "z"', "first must give z and y"),
        ("columns = 12", "columns = 0", "columns must be 1 to 1000"),
    ],
)
def test_a_plate_that_makes_no_sense_is_refused(tmp_path, old, new, match):
    assert old in NEWPORT
    with pytest.raises(ConfigurationError, match=match):
        load_bench(served_by(NEWPORT.replace(old, new, 1), tmp_path))
