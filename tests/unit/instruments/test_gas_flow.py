"""The gas flow and the Alicat controller."""

import time

import pytest

from instruments.errors import DeviceFaultError, LimitError, LinkTimeoutError, ProtocolError
from instruments.gas import FlowReading, GasFlow
from instruments.gas.alicat import AlicatMc
from tests.unit.instruments.fake_drivers import FakeDriver, finished
from tests.unit.instruments.loopback import driver_and_simulator
from tests.unit.instruments.test_drivers import link_for


class FakeFlow(FakeDriver):
    full_scale_sccm = 500.0
    resolution_sccm = 0.01

    def __init__(self):
        super().__init__("gas")
        self.setpoint = 0.0
        self.follows = True

    def prepare(self, gas):
        self.do("prepare", gas)

    def set_flow_sccm(self, flow_sccm):
        self.do("set_flow_sccm", flow_sccm)
        self.setpoint = flow_sccm

    def reading(self):
        self.do("reading")
        return FlowReading(
            flow_sccm=self.setpoint if self.follows else 0.0,
            setpoint_sccm=self.setpoint,
            pressure_kpa=200.0,
            temperature_degc=25.0,
            gas="N2",
            fault="",
        )

    def make_safe(self):
        self.do("make_safe")
        self.setpoint = 0.0


@pytest.fixture
def driver():
    return FakeFlow()


@pytest.fixture
def gas(driver):
    device = GasFlow(
        name="gas",
        driver=driver,
        gas="N2",
        limit_sccm=200.0,
        vapour="toluene",
        saturation=0.8,
        tolerance_sccm=2.0,
        settle_timeout_s=10.0,
    )
    device.connect()
    driver.done.clear()
    return device


def test_a_flow_is_done_when_it_has_settled(gas, driver):
    finished(gas.set(50.0))
    values = {key: each["value"] for key, each in gas.read().items()}
    assert values["gas_flow_sccm"] == values["gas_setpoint_sccm"] == 50.0
    assert values["gas_pressure_kpa"] == 200.0
    assert values["gas_temperature_degc"] == 25.0
    assert values["gas_fault"] == ""
    config = {key: each["value"] for key, each in gas.read_configuration().items()}
    assert (config["gas_gas"], config["gas_vapour"], config["gas_saturation"]) == (
        "N2",
        "toluene",
        0.8,
    )


@pytest.mark.parametrize("flow_sccm", [-1.0, 200.1, float("nan"), float("inf")])
def test_a_flow_outside_the_limits_is_never_sent(gas, driver, flow_sccm):
    with pytest.raises(LimitError, match="0 to 200"):
        gas.set(flow_sccm)
    assert driver.done == []


def test_a_flow_that_does_not_come_closes_the_valve(virtual_clock, gas, driver):
    driver.follows = False
    with pytest.raises(DeviceFaultError, match="check the gas supply"):
        finished(gas.set(50.0))
    assert driver.setpoint == 0.0


def test_a_valve_that_cannot_be_closed_at_once_is_tried_again(virtual_clock, gas, driver):
    driver.failing["set_flow_sccm"] = LinkTimeoutError("gas", "no answer")
    driver.failing["make_safe"] = LinkTimeoutError("gas", "no answer")
    with pytest.raises(LinkTimeoutError):
        finished(gas.set(50.0))
    assert driver.methods().count("make_safe") == 5


def test_a_pause_closes_the_valve_and_resuming_opens_it(gas, driver):
    finished(gas.set(50.0))
    gas.stop(success=True)
    gas.pause()
    assert driver.setpoint == 0.0
    gas.resume()
    assert driver.setpoint == 50.0


def test_after_the_red_button_nothing_flows_again(gas, driver):
    finished(gas.set(50.0))
    gas.stop()
    gas.pause()
    gas.make_safe()
    gas.resume()
    assert driver.setpoint == 0.0


def test_a_stop_ends_the_waiting_for_a_flow(virtual_clock, gas, driver):
    driver.follows = False
    status = gas.set(50.0)
    time.sleep(1.0)
    gas.stop(success=True)
    finished(status)
    assert driver.setpoint == 0.0


# -- Alicat


def alicat(*pairs, **settings):
    return AlicatMc(link_for("alicat-mc", *pairs), **settings)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ("?", DeviceFaultError),
        ("B +014.70 +025.00 +0.00 +0.00 +0.00 N2", ProtocolError),
        ("A +014.70 +025.00 +0.00 +0.00 N2", ProtocolError),
        ("A +014.70 +025.00 +0.00 +0.00 +0.00 12.0 N2", ProtocolError),
        ("A +014.70 +025.00 +0.00 +0.00 +x N2", ProtocolError),
        ("", ProtocolError),
    ],
)
def test_a_data_frame_that_does_not_fit_is_no_reading(reply, error):
    with pytest.raises(error):
        alicat(("A\r", f"{reply}\r")).reading()


def test_units_are_turned_in_one_place():
    frame = "A +01.500 +025.00 +000.25 +000.50 +000.50 Ar MOV LCK\r"
    reading = alicat(("A\r", frame), flow_unit="slpm", pressure_unit="bara").reading()
    assert (reading.flow_sccm, reading.setpoint_sccm) == (500.0, 500.0)
    assert reading.pressure_kpa == pytest.approx(150.0)
    assert reading.fault == "mass flow over range"


def frame(flow, gas="N2"):
    return f"A +014.70 +025.00 +000.00 +000.00 {flow} {gas}\r"


def test_connecting_refuses_another_gas_or_another_control():
    closed = ("AS0.00\r", frame("+000.00"))
    with pytest.raises(DeviceFaultError, match="register 34, not the mass flow"):
        alicat(closed, ("AR122\r", "A   122 = 34\r")).prepare("N2")
    control = ("AR122\r", "A   122 = 37\r")
    with pytest.raises(DeviceFaultError, match="Air is selected, the bench file says N2"):
        alicat(closed, control, ("A\r", frame("+000.00", "Air"))).prepare("N2")


def test_a_set_point_that_is_not_taken_is_a_fault():
    with pytest.raises(DeviceFaultError, match="reads 0 cm3/min after 50 cm3/min"):
        alicat(("AS50.00\r", frame("+000.00"))).set_flow_sccm(50.0)


def test_a_register_that_does_not_fit_is_a_protocol_error():
    with pytest.raises(ProtocolError):
        alicat(("AR122\r", "A 122 37\r"))._register("R122")


def test_after_a_power_cut_the_valve_is_closed():
    controller, _, instrument = driver_and_simulator("alicat-mc", AlicatMc)
    controller._restore()  # nothing to bring back yet
    controller.identify()
    controller.prepare("N2")
    controller.set_flow_sccm(20.0)
    controller._restore()
    assert instrument.state()["setpoint"] == 0.0
