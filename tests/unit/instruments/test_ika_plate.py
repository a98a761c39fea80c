"""The IKA plate, byte by byte."""

import logging
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.bench_models import MODELS
from instruments.errors import DeviceFaultError, LimitError, LinkTimeoutError, ProtocolError
from instruments.links import ScriptedLink
from instruments.thermal.ika_plate import IkaPlate

OFF = [
    ("STOP_1 \r\n", ""),
    ("OUT_SP_1 0 \r\n", ""),
    ("IN_SP_1 \r\n", "0.0 1 \r\n"),
    ("OUT_WD2@0 \r\n", "0 \r\n"),
]
PREPARED = [*OFF, ("IN_SP_3 \r\n", "200.0 3 \r\n"), ("OUT_SP_12@80 \r\n", "80 \r\n")]
HEATING = [
    ("OUT_SP_1 60.5 \r\n", ""),
    ("IN_SP_1 \r\n", "60.5 1 \r\n"),
    ("OUT_WD1@60 \r\n", "60 \r\n"),
    ("START_1 \r\n", ""),
    ("IN_SP_1 \r\n", "60.5 1 \r\n"),
]


def plate(*pairs, **about):
    model = MODELS["ika-plate"]
    link = ScriptedLink(
        pairs,
        name="plate",
        timeout_s=0.2,
        read_termination=model.read_termination,
        write_termination=model.write_termination,
    )
    return IkaPlate(link, **about), link


def test_connecting_switches_the_heater_off_and_hands_over_the_limit():
    driver, link = plate(*PREPARED)
    driver.prepare(80.9)
    link.assert_finished()


def test_a_safety_circuit_below_the_limit_is_logged(caplog):
    driver, _ = plate(*OFF, ("IN_SP_3 \r\n", "70.0 3 \r\n"), ("OUT_SP_12@80 \r\n", "80 \r\n"))
    with caplog.at_level(logging.WARNING):
        driver.prepare(80.0)
    assert "switches off at 70 degC, below the limit of 80 degC" in caplog.text


def test_the_watchdog_is_armed_before_the_heater_is_on():
    driver, link = plate(*PREPARED, *HEATING)
    driver.prepare(80.0)
    assert not driver.is_heating()
    driver.heat_to(60.5)
    assert driver.is_heating()
    link.assert_finished()


def test_a_set_point_that_was_not_taken_does_not_switch_the_heater_on():
    driver, link = plate(*PREPARED, ("OUT_SP_1 60 \r\n", ""), ("IN_SP_1 \r\n", "50.0 1 \r\n"))
    driver.prepare(80.0)
    with pytest.raises(DeviceFaultError, match="reads 50 degC after 60 degC was set"):
        driver.heat_to(60.0)
    assert not driver.is_heating()
    link.assert_finished()


def test_a_watchdog_that_does_not_answer_does_not_switch_the_heater_on():
    driver, link = plate(
        *PREPARED,
        ("OUT_SP_1 60 \r\n", ""),
        ("IN_SP_1 \r\n", "60.0 1 \r\n"),
        ("OUT_WD1@60 \r\n", ""),
    )
    driver.prepare(80.0)
    with pytest.raises(LinkTimeoutError):
        driver.heat_to(60.0)
    assert not driver.is_heating()
    link.assert_finished()


def test_a_heater_of_whose_start_nothing_was_heard_counts_as_on():
    driver, _ = plate(*PREPARED, *HEATING[:-1], ("IN_SP_1 \r\n", ""))
    driver.prepare(80.0)
    with pytest.raises(LinkTimeoutError):
        driver.heat_to(60.5)
    assert driver.is_heating()


@given(
    st.one_of(
        st.floats(max_value=-1e-3), st.floats(min_value=80.01), st.just(math.nan), st.just(60.55)
    )
)
def test_no_temperature_outside_the_limits_or_between_tenths_is_ever_sent(temperature_degc):
    driver, link = plate(*PREPARED)
    driver.prepare(80.0)
    with pytest.raises(LimitError):
        driver.heat_to(temperature_degc)
    link.assert_finished()


@given(st.integers(0, 800))
def test_every_tenth_of_a_degree_is_sent_as_it_is(tenths):
    text = f"{tenths / 10:g}"
    driver, link = plate(
        *PREPARED,
        (f"OUT_SP_1 {text} \r\n", ""),
        ("IN_SP_1 \r\n", f"{text} 1 \r\n"),
        ("OUT_WD1@60 \r\n", "60 \r\n"),
        ("START_1 \r\n", ""),
        ("IN_SP_1 \r\n", f"{text} 1 \r\n"),
    )
    driver.prepare(80.0)
    driver.heat_to(tenths / 10)
    link.assert_finished()


@pytest.mark.parametrize("rpm", [-1, 1501, 0.5, math.nan])
def test_no_speed_outside_the_limits_or_between_whole_rpm_is_sent(rpm):
    driver, link = plate()
    with pytest.raises(LimitError):
        driver.set_speed_rpm(rpm)
    link.assert_finished()


def test_a_speed_is_read_back_before_the_stirrer_is_on():
    driver, link = plate(
        ("OUT_SP_4 300 \r\n", ""),
        ("IN_SP_4 \r\n", "300.0 4 \r\n"),
        ("START_4 \r\n", ""),
        ("IN_PV_4 \r\n", "12.0 4 \r\n"),
    )
    driver.set_speed_rpm(300)
    link.assert_finished()
    driver, _ = plate(("OUT_SP_4 300 \r\n", ""), ("IN_SP_4 \r\n", "50.0 4 \r\n"))
    with pytest.raises(DeviceFaultError, match="reads 50 rpm after 300 rpm"):
        driver.set_speed_rpm(300)


@pytest.mark.parametrize("reply", ["22.0 1 \r\n", "22.0 \r\n", "warm 2 \r\n", "RCT digital\r\n"])
def test_an_answer_of_another_channel_or_no_number_is_refused(reply):
    driver, _ = plate(("IN_PV_2 \r\n", reply), probe="plate")
    with pytest.raises(ProtocolError, match="no value of channel 2"):
        driver.temperature_degc()


def test_a_number_is_no_name():
    driver, _ = plate(("IN_NAME \r\n", "22.0 1 \r\n"))
    with pytest.raises(ProtocolError, match="which is no name"):
        driver.identify()


@pytest.mark.parametrize("echo", ["60 \r\n", "OUT_WD1@60\r\n", "60.0 1 \r\n"])
def test_any_form_of_the_echo_is_taken_and_another_value_is_not(echo):
    driver, _ = plate(("OUT_WD1@60 \r\n", echo))
    driver.feed_watchdog()
    driver, _ = plate(("OUT_WD1@60 \r\n", echo.replace("60", "20")))
    with pytest.raises(ProtocolError, match="OUT_WD1@60"):
        driver.feed_watchdog()


def test_after_an_error_a_late_answer_is_never_taken_for_the_next():
    driver, link = plate(
        ("IN_PV_1 \r\n", ""),
        ("IN_NAME \r\n", "99.0 1 \r\n60 \r\nOUT_WD1@60\r\nRCT digital\r\n"),
        ("IN_PV_1 \r\n", "22.0 1 \r\n"),
    )
    with pytest.raises(LinkTimeoutError):
        driver.temperature_degc()
    assert driver.temperature_degc() == 22.0
    link.assert_finished()


def test_a_plate_whose_set_point_stays_up_is_not_off_but_its_stirrer_is_stopped():
    driver, link = plate(
        ("STOP_1 \r\n", ""),
        ("OUT_SP_1 0 \r\n", ""),
        ("IN_SP_1 \r\n", "60.0 1 \r\n"),
        ("STOP_4 \r\n", ""),
        ("IN_PV_4 \r\n", "0.0 4 \r\n"),
    )
    with pytest.raises(DeviceFaultError, match="still reads 60 degC"):
        driver.make_safe()
    link.assert_finished()


def test_a_stirrer_that_runs_down_is_stopped_and_one_that_does_not_is_a_fault(virtual_clock):
    driver, link = plate(
        *OFF,
        ("STOP_4 \r\n", ""),
        ("IN_PV_4 \r\n", "300.0 4 \r\n"),
        ("IN_PV_4 \r\n", "300.0 4 \r\n"),
        ("IN_PV_4 \r\n", "240.0 4 \r\n"),
    )
    driver.make_safe()
    link.assert_finished()
    driver, _ = plate(*OFF, ("STOP_4 \r\n", ""), *[("IN_PV_4 \r\n", "300.0 4 \r\n")] * 5)
    with pytest.raises(DeviceFaultError, match="still stirs at 300 rpm"):
        driver.make_safe()


def test_a_knob_that_was_turned_is_seen():
    driver, _ = plate(*PREPARED, *HEATING, ("IN_SP_1 \r\n", "90.0 1 \r\n"))
    assert driver.fault() == ""
    driver.prepare(80.0)
    driver.heat_to(60.5)
    assert "set point reads 90 degC though 60.5 degC was set" in driver.fault()
