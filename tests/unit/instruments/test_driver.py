"""What all drivers have in common, against a script."""

import threading
import time

import pytest

from instruments.driver import LinkedInstrument, limited
from instruments.errors import (
    DeviceFaultError,
    LimitError,
    LinkLostError,
    LinkTimeoutError,
    ProtocolError,
)
from instruments.links import ScriptedLink


class Lamp(LinkedInstrument):
    """A lamp with the kinds of property that a driver may have."""

    current_ma = LinkedInstrument.control(
        "I?",
        "I %d",
        "Current, mA.",
        validator=limited("current", "mA"),
        values=(0, 700),
        cast=int,
        check_set_errors=True,
    )
    limit_ma = LinkedInstrument.control(
        "L?",
        "L %g",
        "Limit current, mA.",
        validator=limited("limit current", "mA"),
        values=(0, 700),
        dynamic=True,
    )
    mode = LinkedInstrument.control(
        "M?", "M %d", "Mode.", map_values=True, values={"constant": 0, "pulsed": 1}, cast=int
    )
    temperature_degc = LinkedInstrument.measurement("T?", "Temperature, degC.")
    beep = LinkedInstrument.setting("B %d", "Beeper.")

    def check_errors(self):
        code = int(self.ask("E?"))
        if code:
            raise DeviceFaultError(self.name, f"error {code}", code=code)
        return []


def lamp(*pairs, **kwargs):
    return Lamp(ScriptedLink(pairs, name="lamp", **kwargs))


def test_a_property_is_read_and_set():
    driver = lamp(("I?\n", "12\n"), ("I 30\n", ""), ("E?\n", "0\n"), ("B 1\n", ""))
    assert driver.current_ma == 12
    driver.current_ma = 30
    driver.beep = 1
    driver.link.assert_finished()


@pytest.mark.parametrize("asked", [701, -1, float("nan"), float("inf"), "much", None])
def test_a_value_outside_the_limits_is_never_sent(asked):
    driver = lamp()
    with pytest.raises(LimitError, match="outside 0 to 700 mA; nothing was sent") as caught:
        driver.current_ma = asked
    assert caught.value.instrument == "lamp"
    assert caught.value.unit == "mA"
    assert caught.value.limits == (0, 700)
    assert not driver.link.connected


def test_the_limits_of_a_dynamic_property_can_be_narrowed():
    driver = lamp(("L?\n", "500\n"), ("L 90\n", ""))
    assert driver.limit_ma == 500.0
    driver.limit_ma_values = (0, 100)
    driver.limit_ma = 90
    with pytest.raises(LimitError):
        driver.limit_ma = 200
    driver.link.assert_finished()


def test_a_word_that_the_instrument_does_not_know_is_never_sent():
    with pytest.raises(LimitError, match="nothing was sent"):
        lamp().mode = "flashing"


def test_an_answer_that_no_word_stands_for_does_not_fit():
    assert lamp(("M?\n", "1\n")).mode == "pulsed"
    with pytest.raises(ProtocolError, match="the answer to Mode does not fit"):
        _ = lamp(("M?\n", "7\n")).mode


def test_an_answer_that_is_no_number_does_not_pass_as_text():
    with pytest.raises(ProtocolError, match=r"'T\?' was answered with '2x.5'") as caught:
        _ = lamp(("T?\n", "2x.5\n")).temperature_degc
    assert caught.value.reply == "2x.5"


def test_an_answer_may_be_text_where_text_is_asked_for():
    assert lamp(("N?\n", "DC4100,1\n")).values("N?", cast=str) == ["DC4100", "1"]


def test_what_the_instrument_refuses_leaves_the_line_clean():
    driver = lamp(("I 30\n", ""), ("E?\n", "8\n"), ("T?\n", "21\n"))
    with pytest.raises(DeviceFaultError) as caught:
        driver.current_ma = 30
    assert caught.value.code == 8
    assert driver.temperature_degc == 21.0


def test_no_answer_is_an_error_of_the_line():
    with pytest.raises(LinkTimeoutError):
        _ = lamp(("T?\n", "")).temperature_degc


def test_an_adapter_that_fails_in_its_own_way_is_an_error_of_the_line(monkeypatch):
    driver = lamp()

    def fail(command, **kwargs):
        raise BrokenPipeError("broken")

    monkeypatch.setattr(driver.link, "write", fail)
    with pytest.raises(LinkLostError, match="broken"):
        driver.ask("T?")


def test_limits_can_be_checked_by_a_method():
    driver = lamp()
    assert driver.check_limits("rate", 3, (1, 5), "uL/min") == 3
    with pytest.raises(LimitError, match="rate 7 uL/min is outside 1 to 5 uL/min"):
        driver.check_limits("rate", 7, (1, 5), "uL/min")


def test_a_driver_has_no_error_report_unless_it_says_so():
    assert LinkedInstrument(ScriptedLink([])).check_errors() == []


def test_setting_and_its_check_are_not_torn_apart(virtual_clock):
    driver = lamp(("I 30\n", ""), ("E?\n", "0\n"), ("T?\n", "21\n"))
    waits = driver.link.wire_log

    original = driver.check_errors

    def slow_check():
        time.sleep(1.0)
        return original()

    driver.check_errors = slow_check
    setting = threading.Thread(target=setattr, args=(driver, "current_ma", 30))
    setting.start()
    time.sleep(0.5)
    assert driver.temperature_degc == 21.0
    setting.join(5)
    sent = [entry.data for entry in waits.entries() if entry.direction.value == ">"]
    assert sent == [b"I 30\n", b"E?\n", b"T?\n"]
