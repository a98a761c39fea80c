"""The thermostat: what "the temperature is there" means, the watch over it, and off."""

import math
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import (
    DeviceFaultError,
    InstrumentError,
    LimitError,
    LinkLostError,
    LinkTimeoutError,
    ProtocolError,
)
from instruments.thermal import Heating, Thermostat
from tests.unit.instruments.fake_drivers import FakeDriver

TAU_S = 60.0


class FakePlate(FakeDriver):
    """Its probe comes near to the set point, with an overshoot that dies away."""

    watchdog_s = 20.0

    def __init__(self):
        super().__init__("plate")
        self.ambient_degc = self.start_degc = 22.0
        self.since_s = 0.0
        self.target_degc = None
        self.overshoot_k = 3.0
        self.offset_k = 0.0
        self.rpm = 0.0
        self.fed_s = None
        self.longest_unfed_s = 0.0
        self.trouble = ""

    def prepare(self, limit_degc):
        self.do("prepare", limit_degc)
        self.target_degc = None

    def temperature_degc(self):
        self.do("temperature_degc")
        elapsed_s = time.monotonic() - self.since_s
        goal = self.ambient_degc if self.target_degc is None else self.target_degc
        swing = 0.0 if self.target_degc is None else self.overshoot_k
        approach = math.exp(-elapsed_s / TAU_S)
        over = swing * math.sin(elapsed_s / 40) * math.exp(-elapsed_s / 300)
        return goal + (self.start_degc - goal) * approach + over + self.offset_k

    def setpoint_degc(self):
        self.do("setpoint_degc")
        return self.target_degc or 0.0

    def _turn(self, target_degc):
        now_degc = self.temperature_degc()
        self.start_degc, self.since_s, self.target_degc = now_degc, time.monotonic(), target_degc

    def heat_to(self, temperature_degc):
        self._turn(temperature_degc)
        self.fed_s = time.monotonic()
        self.do("heat_to", temperature_degc)

    def feed_watchdog(self):
        self.do("feed_watchdog")
        self.longest_unfed_s = max(self.longest_unfed_s, time.monotonic() - self.fed_s)
        self.fed_s = time.monotonic()

    def stop_heating(self):
        self.do("stop_heating")
        self._turn(None)

    def is_heating(self):
        return self.target_degc is not None

    def fault(self):
        return self.trouble

    def speed_rpm(self):
        return self.rpm

    def set_speed_rpm(self, speed_rpm):
        self.do("set_speed_rpm", speed_rpm)
        self.rpm = speed_rpm

    def make_safe(self):
        self.do("make_safe")
        self.target_degc, self.rpm = None, 0.0


@pytest.fixture
def driver():
    return FakePlate()


def made(driver, **changes):
    about = {"limit_degc": 80.0, "band_k": 0.5, "hold_s": 60.0, "settle_timeout_s": 1800.0}
    return Thermostat(name="plate", driver=driver, heating=Heating(**(about | changes)))


@pytest.fixture
def plate(virtual_clock, driver):
    device = made(driver)
    device.connect()
    yield device
    device.disconnect()


def deviation_k(elapsed_s):
    """How far the probe is from 60 degC after heating from 22 degC."""
    swing_k = 3 * math.sin(elapsed_s / 40) * math.exp(-elapsed_s / 300)
    return -38 * math.exp(-elapsed_s / TAU_S) + swing_k


def beats():
    return [thread.name for thread in threading.enumerate() if thread.name == "plate-beat"]


def finished(status):
    status.wait(timeout=10_000)


def value(plate, key):
    return plate.read()[f"plate_{key}"]["value"]


def test_set_is_done_when_the_probe_has_stayed_in_the_band(plate, driver):
    began_s = time.monotonic()
    finished(plate.set(60.0))
    first_s = next(t for t in range(2000) if abs(deviation_k(t)) <= 0.5)
    done_s = time.monotonic() - began_s
    assert done_s > first_s + 100  # the overshoot has left the band once more
    assert all(abs(deviation_k(done_s - back_s)) <= 0.51 for back_s in range(61))
    assert value(plate, "temperature_degc") == pytest.approx(60.0, abs=0.5)
    assert (value(plate, "setpoint_degc"), value(plate, "is_heating")) == (60.0, 1)
    assert plate.hints["fields"] == ["plate_temperature_degc"]
    plate.stop()


def test_the_watchdog_is_fed_while_it_heats_and_no_longer(plate, driver):
    finished(plate.set(60.0))
    time.sleep(3600)
    assert beats() == ["plate-beat"]
    assert driver.longest_unfed_s <= driver.watchdog_s / 2
    plate.stop()
    assert beats() == []
    fed = driver.methods().count("feed_watchdog")
    assert fed > 700
    time.sleep(100)
    assert driver.methods().count("feed_watchdog") == fed


def test_disconnecting_ends_the_beat_and_leaves_the_rest_to_the_watchdog(plate, driver):
    finished(plate.set(60.0))
    plate.disconnect()
    time.sleep(10)
    assert beats() == []
    assert driver.is_heating()


def test_stop_switches_the_heater_off_and_lets_it_stir(plate, driver):
    plate.stirring_rpm.set(300).wait(timeout=100)
    status = plate.set(60.0)
    time.sleep(30)
    plate.stop()
    with pytest.raises(InstrumentError, match="stopped before 60 degC"):
        finished(status)
    assert not driver.is_heating()
    assert value(plate, "stirring_rpm") == 300
    plate.stop()  # repeatable


def test_make_safe_ends_heating_and_stirring(plate, driver):
    plate.stirring_rpm.set(300).wait(timeout=100)
    status = plate.set(60.0)
    time.sleep(30)
    plate.make_safe()
    with pytest.raises(InstrumentError):
        finished(status)
    assert (driver.is_heating(), driver.rpm) == (False, 0.0)
    time.sleep(10)
    assert beats() == []


def test_off_is_an_order_of_its_own(plate, driver):
    finished(plate.set(60.0))
    finished(plate.set("off"))
    assert not driver.is_heating()
    assert beats() == []
    with pytest.raises(LimitError, match="takes a temperature or 'off'"):
        plate.set("hot")


@given(st.one_of(st.floats(80.01, 1e9), st.floats(max_value=-0.01), st.just(math.nan)))
def test_a_temperature_outside_the_limits_is_never_sent(temperature_degc):
    driver = FakePlate()
    with pytest.raises(LimitError, match="outside 0 to 80 degC"):
        made(driver).set(temperature_degc)
    assert driver.done == []


@pytest.mark.parametrize("rpm", [-1, 1501, 1e6])
def test_a_speed_outside_the_limits_is_never_sent(plate, driver, rpm):
    with pytest.raises(LimitError, match="outside 0 to 1500 rpm"):
        plate.stirring_rpm.set(rpm).wait(timeout=100)
    assert "set_speed_rpm" not in driver.methods()


def test_a_temperature_that_does_not_come_fails_and_switches_off(virtual_clock, driver):
    plate = made(driver, settle_timeout_s=120.0)
    plate.connect()
    driver.offset_k = -20.0
    with pytest.raises(LinkTimeoutError, match=r"has not stayed within 0\.5 K of 60 degC"):
        finished(plate.set(60.0))
    assert not driver.is_heating()
    assert beats() == []
    plate.disconnect()


def test_over_temperature_switches_off_and_is_said(plate, driver):
    finished(plate.set(60.0))
    driver.offset_k = 30.0
    time.sleep(10)
    assert not driver.is_heating()
    assert beats() == []
    assert "over temperature: the probe reads" in value(plate, "fault")
    assert "with the heater off: pull the mains plug" in value(plate, "fault")
    driver.offset_k = 0.0
    finished(plate.set(40.0))  # the operator knows
    assert value(plate, "fault") == ""
    plate.stop()


def test_over_temperature_while_it_warms_up_fails_the_order(plate, driver):
    status = plate.set(60.0)
    time.sleep(20)
    driver.offset_k = 70.0
    with pytest.raises(InstrumentError, match="over temperature"):
        finished(status)
    assert not driver.is_heating()


def test_a_heater_that_cannot_be_switched_off_is_tried_again_and_not_fed(plate, driver):
    finished(plate.set(60.0))
    driver.failing["stop_heating"] = LinkTimeoutError("plate", "no answer")
    driver.offset_k = 30.0
    time.sleep(30)
    fed = driver.methods().count("feed_watchdog")
    time.sleep(30)
    assert driver.methods().count("feed_watchdog") == fed
    assert driver.methods().count("stop_heating") > 5
    del driver.failing["stop_heating"]
    time.sleep(10)
    assert not driver.is_heating()
    assert beats() == []


def test_a_probe_that_cannot_be_read_starves_the_watchdog(plate, driver):
    finished(plate.set(60.0))
    driver.failing["temperature_degc"] = ProtocolError("plate", "no number")
    time.sleep(6)
    fed = driver.methods().count("feed_watchdog")
    time.sleep(driver.watchdog_s + 10)
    assert driver.methods().count("feed_watchdog") == fed
    del driver.failing["temperature_degc"]
    time.sleep(6)
    assert "the watchdog was not fed" in value(plate, "fault")
    assert value(plate, "is_heating") == 0


def test_one_bad_reading_does_not_spoil_the_order(plate, driver):
    status = plate.set(60.0)
    time.sleep(20)
    driver.failing["temperature_degc"] = LinkTimeoutError("plate", "nothing came")
    time.sleep(5)
    del driver.failing["temperature_degc"]
    finished(status)
    plate.stop()


def test_a_line_that_stays_away_fails_the_order(plate, driver):
    status = plate.set(60.0)
    time.sleep(20)
    driver.failing["temperature_degc"] = LinkLostError("plate", "gone")
    with pytest.raises(LinkLostError):
        finished(status)


def test_a_heater_of_which_nothing_was_heard_is_switched_off(plate, driver):
    driver.failing["heat_to"] = LinkTimeoutError("plate", "no answer")
    with pytest.raises(LinkTimeoutError):
        finished(plate.set(60.0))
    assert driver.methods()[-1] == "temperature_degc"
    assert "stop_heating" in driver.methods()
    assert beats() == []


def test_a_later_order_overtakes_and_the_heater_stays_on(plate, driver):
    first = plate.set(40.0)
    time.sleep(10)
    second = plate.set(60.0)
    with pytest.raises(InstrumentError, match="stopped before 40 degC"):
        finished(first)
    finished(second)
    assert value(plate, "setpoint_degc") == 60.0
    assert beats() == ["plate-beat"]
    plate.stop()


def test_a_pause_ends_heating_and_resuming_begins_it_again(plate, driver):
    status = plate.set(60.0)
    time.sleep(10)
    plate.stop(success=True)
    finished(status)  # it does not fail
    plate.pause()
    assert not driver.is_heating()
    time.sleep(100)
    plate.resume()
    time.sleep(1000)
    assert driver.is_heating()
    assert value(plate, "temperature_degc") == pytest.approx(60.0, abs=0.5)
    plate.stop()
    plate.make_safe()
    plate.pause()
    plate.resume()
    assert not driver.is_heating()


def test_a_fault_of_the_instrument_is_shown(plate, driver):
    driver.trouble = "set point reads 20 degC"
    assert value(plate, "fault") == "set point reads 20 degC"


def test_connecting_switches_off_and_hands_over_the_limit(plate, driver):
    assert ("prepare", 80.0) in driver.done
    assert plate.read_configuration()["plate_limit_degc"]["value"] == 80.0


def test_stop_that_fails_says_so_and_ends_the_beat(plate, driver):
    finished(plate.set(60.0))
    driver.failing["stop_heating"] = DeviceFaultError("plate", "still hot")
    with pytest.raises(DeviceFaultError, match="still hot"):
        plate.stop()
    time.sleep(10)
    assert beats() == []
