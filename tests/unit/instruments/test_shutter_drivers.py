"""Shutter controller and filter wheel, byte by byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.bench_models import MODELS
from instruments.errors import (
    DeviceFaultError,
    InterlockOpenError,
    LimitError,
    LinkTimeoutError,
    ProtocolError,
)
from instruments.links import ScriptedLink
from instruments.shutters.thorlabs_fw102c import ThorlabsFw102c
from instruments.shutters.thorlabs_sc10 import ThorlabsSc10

DRIVERS = {"thorlabs-sc10": ThorlabsSc10, "thorlabs-fw102c": ThorlabsFw102c}


def driver_for(model, *pairs):
    about = MODELS[model]
    link = ScriptedLink(
        pairs,
        name="device",
        timeout_s=0.2,
        read_termination=about.read_termination,
        write_termination=about.write_termination,
    )
    return DRIVERS[model](link), link


def shutter(*pairs):
    return driver_for("thorlabs-sc10", *pairs)


def wheel(*pairs):
    return driver_for("thorlabs-fw102c", *pairs)


def ask(command, answer=""):
    return (f"{command}\r", f"{command}\r" + (f"{answer}\r> " if answer else "> "))


CLOSED = [ask("ens?", "0"), ask("closed?", "1")]
OPEN = [ask("ens?", "1"), ask("closed?", "0")]
FINE = ask("interlock?", "0")


def test_what_is_open_is_not_toggled():
    driver, link = shutter(FINE, *OPEN)
    driver.open_shutter()
    link.assert_finished()


def test_what_is_closed_is_not_toggled():
    driver, link = shutter(*CLOSED)
    driver.close_shutter()
    link.assert_finished()


def test_it_is_toggled_once_and_looked_at():
    driver, link = shutter(FINE, ask("ens?", "0"), ask("ens"), *OPEN)
    driver.open_shutter()
    link.assert_finished()
    driver, link = shutter(ask("ens?", "1"), ask("ens"), *CLOSED)
    driver.make_safe()
    link.assert_finished()


def test_a_key_pressed_between_question_and_command_is_noticed():
    toggled = [ask("ens?", "1"), ask("ens")]
    driver, link = shutter(*toggled, *toggled, *CLOSED)
    driver.close_shutter()
    link.assert_finished()
    driver, _ = shutter(*toggled * 3, ask("ens?", "1"))
    with pytest.raises(DeviceFaultError, match="is somebody at the key"):
        driver.close_shutter()


def test_a_toggle_of_which_nothing_was_heard_is_looked_at_and_not_repeated():
    driver, link = shutter(
        ask("ens?", "1"),
        ("ens\r", ""),
        ("*idn?\r", "ens\r> *idn?\rTHORLABS SC10 VERSION 1.07\r> "),
        *CLOSED,
    )
    driver.close_shutter()
    link.assert_finished()


def test_an_open_interlock_is_said_and_nothing_is_toggled():
    driver, link = shutter(ask("interlock?", "1"))
    with pytest.raises(InterlockOpenError):
        driver.open_shutter()
    link.assert_finished()


def test_a_shutter_that_does_not_close_is_a_fault(virtual_clock):
    driver, link = shutter(ask("ens?", "0"), *[ask("closed?", "0")] * 10)
    with pytest.raises(DeviceFaultError, match="the shutter is not closed"):
        driver.make_safe()
    link.assert_finished()


def test_connecting_closes_and_selects_the_manual_mode():
    driver, link = shutter(*CLOSED, ask("mode=1"), ask("mode?", "1"))
    driver.prepare()
    link.assert_finished()


def test_a_setting_that_was_not_taken_is_a_fault():
    driver, _ = shutter(*CLOSED, ask("mode=1"), ask("mode?", "4"))
    with pytest.raises(DeviceFaultError, match="mode reads back 4 after 1 was set"):
        driver.prepare()


@pytest.mark.parametrize(
    "reply",
    ["ens?\r2\r> ", "ens?\rx\r> ", "ens?\r> ", "closed?\r1\r> ", "1\r> ", "> ", "ens?\r1\r0\r> "],
)
def test_an_answer_without_its_echo_or_its_number_is_refused(reply):
    driver, _ = shutter(("ens?\r", reply))
    with pytest.raises(ProtocolError):
        driver.is_enabled()


def test_a_command_that_is_answered_is_refused():
    driver, _ = shutter(ask("ens", "1"))
    with pytest.raises(ProtocolError, match="nothing expected"):
        driver._command("ens")


def test_another_instrument_at_the_address_is_refused():
    driver, _ = shutter(ask("id?", "THORLABS FW102C"))
    with pytest.raises(ProtocolError, match="which is no SC10; check the address"):
        driver.identify()


# -- filter wheel


@given(st.one_of(st.integers(max_value=0), st.integers(min_value=7), st.floats(1, 6)))
def test_a_position_that_there_is_not_is_never_sent(position):
    driver, link = wheel(ask("pcount?", "6"))
    with pytest.raises(LimitError, match="there are positions 1 to 6"):
        driver.turn_to(position)
    link.assert_finished()


@pytest.mark.parametrize("position", range(1, 7))
def test_every_position_is_read_back(position):
    driver, link = wheel(ask("pcount?", "6"), ask(f"pos={position}"), ask("pos?", str(position)))
    driver.turn_to(position)
    link.assert_finished()


def test_a_wheel_that_stands_elsewhere_is_a_fault():
    driver, _ = wheel(ask("pcount?", "6"), ask("pos=3"), ask("pos?", "2"))
    with pytest.raises(DeviceFaultError, match="stands at position 2 after it was turned to 3"):
        driver.turn_to(3)


def test_the_sensors_of_the_wheel_are_dark():
    driver, link = wheel(
        ask("speed=1"), ask("speed?", "1"), ask("sensors=0"), ask("sensors?", "0"),
        ask("pcount?", "12"),
    )  # fmt: skip
    assert driver.prepare() == 12
    link.assert_finished()


def test_what_the_wheel_refuses_is_said():
    driver, _ = wheel(("speed=1\r", "speed=1\rCommand error CMD_ARG_INVALID\n> "))
    with pytest.raises(DeviceFaultError, match="refused: Command error CMD_ARG_INVALID"):
        driver.prepare()


def test_a_late_position_is_never_taken_for_the_next():
    driver, link = wheel(
        ("pos?\r", ""),
        ("*idn?\r", "pos?\r1\r> *idn?\rTHORLABS FW102C/FW212C Filter Wheel version 1.07\r> "),
        ask("pos?", "4"),
    )
    with pytest.raises(LinkTimeoutError):
        driver.position()
    assert driver.position() == 4
    link.assert_finished()
