"""Shutter and filter wheel."""

import threading
import time

import numpy as np
import pytest

from instruments.errors import (
    ConfigurationError,
    DeviceFaultError,
    InstrumentError,
    InterlockOpenError,
    LimitError,
    LinkTimeoutError,
)
from instruments.shutters import FilterWheel, Shutter
from tests.unit.instruments.fake_drivers import FakeDriver


class FakeShutter(FakeDriver):
    def __init__(self):
        super().__init__("shutter")
        self.open = False
        self.interlock_open = False

    def prepare(self):
        self.do("prepare")
        self.open = False

    def is_open(self):
        return self.open

    def is_interlock_open(self):
        return self.interlock_open

    def open_shutter(self):
        self.do("open_shutter")
        if self.interlock_open:
            raise InterlockOpenError("shutter", "the interlock is open")
        self.open = True

    def close_shutter(self):
        self.do("close_shutter")
        self.open = False

    def make_safe(self):
        self.do("make_safe")
        self.open = False


class FakeWheel(FakeDriver):
    turn_timeout_s = 5.0

    def __init__(self):
        super().__init__("wheel")
        self.at = 1

    def prepare(self):
        self.do("prepare")
        return 6

    def position(self):
        return self.at

    def turn_to(self, position):
        self.do("turn_to", position)
        self.at = position


@pytest.fixture
def driver():
    return FakeShutter()


@pytest.fixture
def shutter(virtual_clock, driver):
    device = Shutter(name="shutter", driver=driver)
    device.connect()
    return device


def finished(status):
    status.wait(timeout=1000)


def value(device, key):
    return device.read()[f"{device.name}_{key}"]["value"]


def test_it_opens_and_closes_and_says_so(shutter, driver):
    finished(shutter.set("open"))
    assert value(shutter, "is_open") == 1
    finished(shutter.set("closed"))
    assert value(shutter, "is_open") == 0
    assert driver.methods() == ["identify", "prepare", "open_shutter", "close_shutter"]
    assert shutter.hints["fields"] == ["shutter_is_open"]


@pytest.mark.parametrize("position", ["opened", "", True, 1, None])
def test_anything_but_open_and_closed_is_refused(shutter, driver, position):
    with pytest.raises(LimitError, match="takes 'open' or 'closed'"):
        shutter.set(position)
    assert driver.methods() == ["identify", "prepare"]


def test_an_open_interlock_fails_the_order_and_nothing_is_resumed(shutter, driver):
    driver.interlock_open = True
    with pytest.raises(InterlockOpenError):
        finished(shutter.set("open"))
    assert value(shutter, "is_interlock_open") == 1
    driver.interlock_open = False
    shutter.stop()
    shutter.pause()
    shutter.resume()
    assert value(shutter, "is_open") == 0


def test_a_failed_order_leaves_it_closed_even_if_the_line_is_disturbed(shutter, driver):
    driver.open = True
    driver.failing["open_shutter"] = LinkTimeoutError("shutter", "no answer")
    driver.failing["close_shutter"] = LinkTimeoutError("shutter", "no answer")

    def mend():
        time.sleep(2.5)
        del driver.failing["close_shutter"]

    mending = threading.Thread(target=mend)
    mending.start()
    with pytest.raises(LinkTimeoutError):
        finished(shutter.set("open"))
    assert not driver.open
    mending.join()


def test_make_safe_closes_for_good(shutter, driver):
    finished(shutter.set("open"))
    shutter.make_safe()
    assert not driver.open
    shutter.pause()
    shutter.resume()
    assert not driver.open


def test_a_pause_closes_and_resuming_opens_again(shutter, driver):
    finished(shutter.set("open"))
    shutter.stop(success=True)
    assert not driver.open
    shutter.pause()
    shutter.resume()
    assert driver.open
    finished(shutter.set("closed"))
    shutter.stop(success=True)
    shutter.pause()
    shutter.resume()
    assert not driver.open


@pytest.mark.parametrize("success", [True, False])
def test_an_order_that_waits_for_the_line_never_opens_after_a_stop(shutter, driver, success):
    with driver.link.exchange():
        status = shutter.set("open")
        time.sleep(1)
        shutter.stop(success=success)
    if success:
        finished(status)
    else:
        with pytest.raises(InstrumentError, match="overtaken"):
            finished(status)
    assert not driver.open
    assert "open_shutter" not in driver.methods()


def test_a_stop_that_is_not_confirmed_is_no_stop(shutter, driver):
    driver.failing["close_shutter"] = DeviceFaultError("shutter", "is not closed")
    with pytest.raises(DeviceFaultError):
        shutter.stop()


# -- filter wheel


def wheel(driver, **filters):
    return FilterWheel(name="wheel", driver=driver, filters=filters, settle_s=0.5)


def test_filters_are_found_by_name_and_by_number(virtual_clock):
    driver = FakeWheel()
    device = wheel(driver, none=1, nd10=2)
    device.connect()
    began_s = time.monotonic()
    finished(device.set("nd10"))
    assert time.monotonic() - began_s == pytest.approx(0.5, abs=0.01)
    assert (value(device, "filter_position"), value(device, "filter_name")) == (2, "nd10")
    finished(device.set(np.int64(6)))
    assert (value(device, "filter_position"), value(device, "filter_name")) == (6, "")
    device.stop()


@pytest.mark.parametrize("where", ["nd100", 0, 7, -1, 1.0, True])
def test_a_filter_that_there_is_not_is_refused(where):
    driver = FakeWheel()
    device = wheel(driver, none=1, nd10=2)
    device.connect()
    with pytest.raises(LimitError, match=r"no (filter|position)"):
        device.set(where)
    assert "turn_to" not in driver.methods()


def test_a_name_for_a_position_that_the_wheel_has_not_is_refused():
    with pytest.raises(ConfigurationError, match="is at position 9, but the wheel has 6"):
        wheel(FakeWheel(), far=9).connect()


def test_a_wheel_that_fails_fails_the_order(virtual_clock):
    driver = FakeWheel()
    driver.failing["turn_to"] = DeviceFaultError("wheel", "stands at position 2")
    with pytest.raises(DeviceFaultError):
        finished(wheel(driver).set(3))
