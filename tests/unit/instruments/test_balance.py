"""The balance."""

import math
import time

import pytest

from instruments.balances import Balance, Weight, in_grams
from instruments.errors import DeviceFaultError, InstrumentError, LinkTimeoutError
from tests.unit.instruments.fake_drivers import FakeDriver


class FakePan(FakeDriver):
    """Gives its readings one after the other, and the last one for ever."""

    def __init__(self):
        super().__init__("balance")
        self.readings = [(1.0, True)]
        self.after_tare = [(0.0, True)]

    def read_weight(self):
        self.do("read_weight")
        value = self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]
        if isinstance(value, Exception):
            raise value
        return Weight(mass_g=value[0], is_stable=value[1])

    def tare(self):
        self.do("tare")
        self.readings = self.after_tare


@pytest.fixture
def driver():
    return FakePan()


@pytest.fixture
def balance(virtual_clock, driver):
    device = Balance(name="balance", driver=driver)
    device.connect()
    return device


def finished(status):
    status.wait(timeout=1000)


def value(balance, key):
    return balance.read()[f"balance_{key}"]["value"]


def test_a_trigger_waits_for_a_stable_weight(balance, driver):
    driver.readings = [(0.2, False)] * 10 + [(1.2345, True)]
    began_s = time.monotonic()
    finished(balance.trigger())
    assert time.monotonic() - began_s == pytest.approx(2.0, abs=0.01)
    assert value(balance, "mass_g") == 1.2345
    assert value(balance, "is_stable") == 1
    assert driver.methods().count("read_weight") == 11  # reading it weighs no further time
    assert balance.hints["fields"] == ["balance_mass_g"]


def test_a_weight_that_is_never_stable_fails_and_leaves_no_mass(balance, driver):
    finished(balance.trigger())
    driver.readings = [(1.5, False)]
    with pytest.raises(DeviceFaultError, match=r"no stable weight in 10 s, last 1\.5 g"):
        finished(balance.trigger())
    assert math.isnan(value(balance, "mass_g"))


def test_without_a_wait_an_unstable_weight_is_taken_and_marked(virtual_clock, driver):
    balance = Balance(name="balance", driver=driver, stability_timeout_s=0.0)
    balance.connect()
    driver.readings = [(1.5, False)]
    finished(balance.trigger())
    assert (value(balance, "mass_g"), value(balance, "is_stable")) == (1.5, 0)
    assert balance.read_configuration()["balance_stability_timeout_s"]["value"] == 0.0


def test_before_the_first_trigger_there_is_no_mass(balance):
    assert math.isnan(value(balance, "mass_g"))
    assert value(balance, "is_stable") == 0


def test_taring_is_done_at_a_stable_zero(balance, driver):
    driver.readings = [(5.0, False), (5.1, True)]
    driver.after_tare = [(3.0, False), (0.5, True), (0.001, True)]
    finished(balance.tare())
    assert driver.methods() == ["identify", *["read_weight"] * 2, "tare", *["read_weight"] * 3]


def test_taring_while_something_flows_is_a_fault(balance, driver):
    driver.after_tare = [(0.1, True)]
    with pytest.raises(DeviceFaultError, match=r"reads 0\.1 g after it was tared"):
        finished(balance.tare())


def test_a_balance_that_does_not_answer_for_a_moment_is_asked_again(balance, driver):
    driver.readings = [LinkTimeoutError("balance", "nothing came")] * 3 + [(1.0, True)]
    finished(balance.trigger())
    assert value(balance, "mass_g") == 1.0
    driver.readings = [LinkTimeoutError("balance", "nothing came")]
    with pytest.raises(LinkTimeoutError, match="nothing came"):
        finished(balance.trigger())


@pytest.mark.parametrize("end", ["stop", "disconnect"])
def test_stop_ends_the_waiting(balance, driver, end):
    driver.readings = [(1.5, False)]
    status = balance.trigger()
    time.sleep(1)
    getattr(balance, end)()
    with pytest.raises(InstrumentError, match="stopped before the weight was stable"):
        finished(status)


def test_a_reading_that_failed_does_not_end_the_next_one(balance, driver):
    driver.readings = [DeviceFaultError("balance", "overloaded")]
    failed = balance.trigger()
    with pytest.raises(DeviceFaultError):
        finished(failed)
    driver.readings = [(1.5, False)] * 20 + [(2.0, True)]
    finished(balance.trigger())
    assert value(balance, "mass_g") == 2.0


def test_another_unit_is_refused():
    with pytest.raises(ValueError, match="set the balance to g, mg or kg"):
        in_grams("1.0", "oz")
