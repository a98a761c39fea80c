"""Driver, wire, simulator, wire, driver: a legal set point survives, an illegal one is not sent."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.errors import LimitError
from instruments.gas.alicat import AlicatMc
from instruments.light_sources.coolled_pe300 import CoolledPe300
from instruments.light_sources.coolled_pe4000 import CoolledPe4000
from instruments.light_sources.omnicure_s2000 import OmnicureS2000
from instruments.light_sources.thorlabs_dc2100 import ThorlabsDc2100
from instruments.light_sources.thorlabs_dc2200 import ThorlabsDc2200
from instruments.light_sources.thorlabs_dc4100 import ThorlabsDc4100
from instruments.power_meters.thorlabs_pm100 import ThorlabsPm100
from instruments.shutters.thorlabs_fw102c import ThorlabsFw102c
from tests.unit.instruments.loopback import driver_and_simulator

LIGHTS = {
    "thorlabs-dc4100": (ThorlabsDc4100, 1, 800, 0),
    "thorlabs-dc2100": (ThorlabsDc2100, 0, 1200, 0),
    "thorlabs-dc2200": (ThorlabsDc2200, 0, 1500, 0),
    "coolled-pe300": (CoolledPe300, 2, 70, 0),
    "coolled-pe4000": (CoolledPe4000, 3, 70, 0),
    "omnicure-s2000": (OmnicureS2000, 0, 60, 1),
}
MODELS_OF_METERS = ("thorlabs-pm100d", "thorlabs-pm100d2")


def prepared(model):
    driver_class, channel, limit, _ = LIGHTS[model]
    driver, link, instrument = driver_and_simulator(model, driver_class)
    driver.identify()
    driver.prepare({channel: float(limit)})
    return driver, link, instrument


@pytest.mark.parametrize("model", LIGHTS)
def test_any_legal_level_survives_the_wire_and_is_what_shines(model):
    _, channel, limit, lowest = LIGHTS[model]
    driver, _, instrument = prepared(model)
    to_world = 1.0 if driver.level_unit == "mA" else 10.0  # 100 % are 1000 mA

    @settings(max_examples=60, deadline=None)
    @given(level=st.integers(lowest, limit).map(float))
    def survives(level):
        driver.set_level(channel, level)
        assert driver.level(channel) == level
        driver.switch_on(channel)
        assert driver.lit() == {channel: level}
        shone = [call[3] for call in instrument._world.calls if call[2] == channel]
        assert shone[-1] == pytest.approx(level * to_world)
        driver.make_safe()
        assert driver.lit() == {}
        assert instrument.state()["safe"]

    survives()


@pytest.mark.parametrize("model", LIGHTS)
def test_no_illegal_level_reaches_the_wire(model):
    _, channel, limit, lowest = LIGHTS[model]
    driver, link, _ = prepared(model)
    sent = link.sent

    @settings(max_examples=100, deadline=None)
    @given(
        level=st.floats(limit, 1e6, exclude_min=True)
        | st.floats(-1e6, lowest, exclude_max=True).filter(lambda value: value != 0 or lowest)
        | st.floats(lowest, limit).filter(lambda value: value != round(value))
        | st.sampled_from([math.nan, math.inf, -math.inf])
    )
    def refused(level):
        with pytest.raises(LimitError):
            driver.set_level(channel, level)

    refused()
    for stranger in (-1, 9):
        for order, words in ((driver.set_level, (10,)), (driver.switch_on, ()), (driver.level, ())):
            with pytest.raises(LimitError):
                order(stranger, *words)
    assert link.sent == sent


@pytest.mark.parametrize("model", LIGHTS)
def test_a_limit_beyond_the_instrument_is_refused_before_a_byte(model):
    driver_class, channel, _, _ = LIGHTS[model]
    driver, link, _ = driver_and_simulator(model, driver_class)
    for limit in (driver.full_level + 1, 0.5, -1.0, math.nan):
        with pytest.raises(LimitError):
            driver.prepare({channel: limit})
    with pytest.raises(LimitError):
        driver.prepare({7: 10.0})
    assert link.sent == 0


@pytest.mark.parametrize("model", MODELS_OF_METERS)
def test_any_legal_wavelength_and_average_survives_the_wire(model):
    meter, link, _ = driver_and_simulator(model, ThorlabsPm100)
    low_nm, high_nm = map(round, meter.wavelength_limits_nm())

    @settings(max_examples=60, deadline=None)
    @given(wavelength_nm=st.integers(low_nm, high_nm), averages=st.integers(1, 3000))
    def survives(wavelength_nm, averages):
        meter.set_wavelength_nm(wavelength_nm)
        meter.set_averages(averages)
        assert (meter.wavelength_nm(), meter.averages()) == (wavelength_nm, averages)

    survives()
    sent = link.sent

    @settings(max_examples=60, deadline=None)
    @given(
        wavelength_nm=st.floats(high_nm, 1e5, exclude_min=True)
        | st.floats(-10, low_nm, exclude_max=True)
        | st.floats(low_nm, high_nm).filter(lambda value: value != round(value)),
        averages=st.integers(3001, 10**6) | st.integers(-100, 0),
    )
    def refused(wavelength_nm, averages):
        with pytest.raises(LimitError):
            meter.set_wavelength_nm(wavelength_nm)
        with pytest.raises(LimitError):
            meter.set_averages(averages)

    refused()
    assert link.sent == sent


@pytest.mark.parametrize("model", MODELS_OF_METERS)
def test_any_power_survives_the_wire(model):
    @settings(max_examples=40, deadline=None)
    @given(power_w=st.floats(1e-9, 0.049))
    def survives(power_w):
        meter, _, instrument = driver_and_simulator(model, ThorlabsPm100)
        instrument._world.power_w = power_w
        reading = meter.read_power()
        assert reading.power_w == pytest.approx(power_w, rel=1e-7)
        assert reading.fault == ""

    survives()


def test_every_position_of_the_wheel_survives_the_wire_and_no_other_is_sent():
    wheel, link, _ = driver_and_simulator("thorlabs-fw102c", ThorlabsFw102c)
    count = wheel.prepare()
    for position in [*range(1, count + 1), *range(count, 0, -1)]:
        wheel.turn_to(position)
        assert wheel.position() == position
    sent = link.sent
    for stranger in (0, count + 1, -1, 1.5, True, "1"):
        with pytest.raises(LimitError):
            wheel.turn_to(stranger)
    assert link.sent == sent


@pytest.mark.parametrize(("unit", "sccm"), [("sccm", 1.0), ("slpm", 1000.0)])
def test_a_flow_is_never_a_thousand_times_another(unit, sccm):
    def make(link):
        return AlicatMc(link, full_scale=500.0, flow_unit=unit)

    controller, link, instrument = driver_and_simulator("alicat-mc", make)
    full_sccm = controller.full_scale_sccm
    assert full_sccm == 500.0 * sccm

    @settings(max_examples=60, deadline=None)
    @given(flow_sccm=st.floats(0, full_sccm))
    def survives(flow_sccm):
        controller.set_flow_sccm(flow_sccm)
        half_a_step = controller.resolution_sccm * 0.5001
        assert instrument.state()["setpoint"] * sccm == pytest.approx(flow_sccm, abs=half_a_step)
        assert controller.reading().setpoint_sccm == pytest.approx(flow_sccm, abs=half_a_step)

    survives()
    sent = link.sent
    for stranger in (full_sccm * 1.001, -1e-9, math.nan, math.inf):
        with pytest.raises(LimitError):
            controller.set_flow_sccm(stranger)
    assert link.sent == sent
