"""Whatever may be set arrives as it was meant; whatever may not is never sent."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instruments.errors import DeviceFaultError, LimitError
from instruments.pumps.harvard_ultra import HarvardUltra
from instruments.pumps.ne1000 import Ne1000
from instruments.stages.newport_esp301 import Esp301
from instruments.stages.zaber_ascii import ZaberStage
from instruments.thermal.ika_plate import IkaPlate
from simulators.harvard_ultra import HarvardUltra as HarvardSimulator
from simulators.ika_plate import IkaPlate as IkaSimulator
from simulators.newera_ne1000 import NewEraNE1000
from simulators.newera_plunger import Syringe
from simulators.newport_axis import AxisTable as NewportAxis
from simulators.newport_esp301 import NewportESP301
from simulators.zaber_ascii import ZaberStage as ZaberSimulator
from simulators.zaber_axis import AxisTable as ZaberAxis
from tests.unit.instruments.wired import Wired
from tests.unit.simulators.fake_world import FakeWorld

FEW = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
HUGE_SYRINGE = Syringe(diameter_mm=14.43, volume_ul=1e9, loaded_ul=5e8)
PUMPS = ["newera-ne1000", "harvard-ultra"]


def pump(model, diameter_mm=14.43, tamper=lambda data: data):
    if model == "newera-ne1000":
        simulator = NewEraNE1000(FakeWorld(), syringe=HUGE_SYRINGE)
        wired = Wired(model, Ne1000, simulator, tamper)
    else:
        wired = Wired(
            model, HarvardUltra, HarvardSimulator(FakeWorld(), syringe=HUGE_SYRINGE), tamper
        )
    wired.driver.identify()
    wired.driver.prepare(diameter_mm)
    return wired


def log_uniform(low, high):
    return st.floats(math.log(low), math.log(high)).map(math.exp)


not_a_number = st.sampled_from([math.nan, math.inf, -math.inf])


# -- pumps


@pytest.mark.parametrize("model", PUMPS)
@FEW
@given(
    rate_ul_min=log_uniform(0.2, 8000),
    volume_ul=log_uniform(0.5, 200_000),
    direction=st.sampled_from(["infuse", "withdraw"]),
)
def test_a_dispense_arrives_as_it_was_meant(model, rate_ul_min, volume_ul, direction):
    wired = pump(model)
    wired.driver.start(volume_ul=volume_ul, rate_ul_min=rate_ul_min, direction=direction)
    state = wired.state()
    assert state["pumping"]
    # What the plunger does, not what the driver says: a unit that is off by 1000 shows here.
    assert abs(state["flow_ul_min"]) == pytest.approx(rate_ul_min, rel=6e-4)
    assert (state["flow_ul_min"] > 0) == (direction == "infuse")
    rate_back = {"newera-ne1000": wired.driver.rate_ul_min}.get(
        model, lambda: wired.driver.rate_ul_min(direction)
    )()
    assert rate_back == pytest.approx(rate_ul_min, rel=6e-4)
    wired.wire.pass_time(volume_ul / rate_ul_min * 60 * 1.002 + 1)
    moved = wired.state()["infused_ul" if direction == "infuse" else "withdrawn_ul"]
    assert moved == pytest.approx(volume_ul, rel=6e-4, abs=5.1e-4)
    progress = wired.driver.progress()
    assert not progress.is_pumping
    assert progress.volume_ul(direction) == pytest.approx(
        volume_ul, rel=1e-3, abs=progress.resolution_ul
    )


@pytest.mark.parametrize("model", PUMPS)
@FEW
@given(diameter_mm=st.floats(0.1, 50.0))
def test_a_diameter_arrives_as_it_was_meant(model, diameter_mm):
    wired = pump(model, diameter_mm)
    assert wired.state()["diameter_mm"] == pytest.approx(diameter_mm, rel=1e-3, abs=5.1e-4)
    assert wired.driver.diameter_mm() == pytest.approx(diameter_mm, rel=1e-3, abs=5.1e-4)


@pytest.mark.parametrize("model", PUMPS)
@FEW
@given(rate_ul_min=st.one_of(st.floats(max_value=1e-6), st.floats(min_value=30_000), not_a_number))
def test_a_rate_outside_is_never_sent(model, rate_ul_min):
    wired = pump(model)
    before = len(wired.sent())
    with pytest.raises(LimitError):
        wired.driver.start(volume_ul=100.0, rate_ul_min=rate_ul_min, direction="infuse")
    assert len(wired.sent()) == before
    assert not wired.state()["pumping"]


@pytest.mark.parametrize("model", PUMPS)
@FEW
@given(diameter_mm=st.one_of(st.floats(max_value=0.099), st.floats(min_value=50.1), not_a_number))
def test_a_diameter_outside_is_never_sent(model, diameter_mm):
    wired = pump(model)
    before = len(wired.sent())
    with pytest.raises(LimitError):
        wired.driver.prepare(diameter_mm)
    assert len(wired.sent()) == before


def test_fifty_microlitres_a_minute_are_no_millilitres():
    """A published bench asked for 0.05 mL/min and sent 50 mL/min, inside its own limit check."""
    newera, harvard = pump("newera-ne1000"), pump("harvard-ultra")
    for wired in (newera, harvard):
        wired.driver.start(volume_ul=100.0, rate_ul_min=0.05 * 1000, direction="infuse")
        assert wired.state()["flow_ul_min"] == pytest.approx(50.0)
    assert b"0RAT50.00UM\r" in newera.sent()
    assert b"irate 50 ul/min\r\n" in harvard.sent()


@pytest.mark.parametrize(
    ("model", "said", "heard"),
    [
        ("newera-ne1000", b"UM\r", b"MM\r"),
        ("newera-ne1000", b"UM\r", b"UH\r"),
        ("newera-ne1000", b"VOLUL\r", b"VOLML\r"),
        ("harvard-ultra", b"rate 5 ul/min", b"rate 5 ml/min"),
        ("harvard-ultra", b"rate 5 ul/min", b"rate 5 ul/hr"),
        ("harvard-ultra", b"tvolume 100 ul", b"tvolume 100 ml"),
    ],
)
def test_a_pump_that_takes_another_unit_is_not_started(model, said, heard):
    wired = pump(model, tamper=lambda data: data.replace(said, heard))
    with pytest.raises(DeviceFaultError, match=r"nothing was started|was refused"):
        wired.driver.start(volume_ul=100.0, rate_ul_min=5.0, direction="infuse")
    assert not wired.state()["pumping"]
    assert wired.state()["infused_ul"] == 0.0


# -- stages


def zaber():
    tables = [ZaberAxis(number=1, microstep_um=0.49609375)]
    wired = Wired("zaber-ascii", ZaberStage, ZaberSimulator(FakeWorld(), axes=tables))
    return wired, wired.driver.add_axis(
        1, name="x", microstep_um=0.49609375, limits_mm=(0.0, 100.0)
    )


def newport():
    wired = Wired(
        "newport-esp301", Esp301, NewportESP301(FakeWorld(), axes=[NewportAxis(number=1)])
    )
    return wired, wired.driver.add_axis(1, name="x", limits_mm=(0.0, 100.0))


def homed(make):
    wired, axis = make()
    axis.prepare()
    axis.start_home()
    wired.wire.pass_time(100.0)
    assert not axis.motion().is_moving
    return wired, axis


STAGES = [pytest.param(zaber, id="zaber"), pytest.param(newport, id="newport")]


@pytest.mark.parametrize("make", STAGES)
@FEW
@given(position_mm=st.floats(0.0, 99.999))
def test_a_position_arrives_as_it_was_meant(make, position_mm):
    wired, axis = homed(make)
    axis.start_move_to_mm(position_mm)
    wired.wire.pass_time(100.0)
    assert not axis.motion().is_moving
    there_mm = wired.state()["axes"]["x"]["position_mm"]
    step_mm = max(axis.resolution_mm / 2, 5e-5) * 1.001
    assert there_mm == pytest.approx(position_mm, abs=step_mm)
    assert axis.position_mm() == pytest.approx(position_mm, abs=step_mm)


@pytest.mark.parametrize("make", STAGES)
@FEW
@given(
    position_mm=st.one_of(st.floats(max_value=-0.001), st.floats(min_value=100.001), not_a_number)
)
def test_a_position_outside_is_never_sent(make, position_mm):
    wired, axis = homed(make)
    before = len(wired.sent())
    with pytest.raises(LimitError):
        axis.start_move_to_mm(position_mm)
    assert len(wired.sent()) == before


# -- hotplate


def plate():
    wired = Wired("ika-plate", IkaPlate, IkaSimulator(FakeWorld()))
    wired.driver.prepare(80.0)
    return wired


@FEW
@given(tenths=st.integers(0, 800))
def test_a_temperature_arrives_as_it_was_meant(tenths):
    wired = plate()
    wired.driver.heat_to(tenths / 10)
    assert wired.driver.setpoint_degc() == pytest.approx(tenths / 10, abs=0.5)


@FEW
@given(
    temperature_degc=st.one_of(
        st.floats(max_value=-0.1), st.floats(min_value=80.1), not_a_number, st.just(40.05)
    )
)
def test_a_temperature_outside_is_never_sent(temperature_degc):
    wired = plate()
    before = len(wired.sent())
    with pytest.raises(LimitError):
        wired.driver.heat_to(temperature_degc)
    assert len(wired.sent()) == before


@FEW
@given(speed_rpm=st.integers(100, 1500))
def test_a_stirring_speed_arrives_as_it_was_meant(speed_rpm):
    wired = plate()
    wired.driver.set_speed_rpm(speed_rpm)
    wired.wire.pass_time(60.0)
    assert wired.driver.speed_rpm() == pytest.approx(speed_rpm, abs=5)


@FEW
@given(speed_rpm=st.one_of(st.floats(max_value=-1), st.floats(min_value=1501), not_a_number))
def test_a_stirring_speed_outside_is_never_sent(speed_rpm):
    wired = plate()
    before = len(wired.sent())
    with pytest.raises(LimitError):
        wired.driver.set_speed_rpm(speed_rpm)
    assert len(wired.sent()) == before
