"""The Newport controller: codec, and the driver where the transcript does not go."""

import contextlib
import math

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
    StalledError,
)
from instruments.links import ScriptedLink
from instruments.stages.newport_esp301 import Esp301, _codec

FINE = "0, 100, NO ERROR DETECTED"


def scripted(*pairs):
    about = MODELS["newport-esp301"]
    link = ScriptedLink(
        [(f"{send}\r", reply and f"{reply}\r\n") for send, reply in pairs],
        name="stage",
        read_termination=about.read_termination,
        write_termination=about.write_termination,
        timeout_s=0.1,
    )
    driver = Esp301(link)
    return driver, driver.add_axis(1, name="x", limits_mm=(0.0, 25.0))


@given(st.floats(-1e4, 1e4))
def test_a_position_is_written_without_exponent_and_comes_back(position_mm):
    text = _codec.format_position(position_mm)
    assert "e" not in text.lower()
    assert _codec.parse_number(text) == pytest.approx(position_mm, abs=5.1e-7)


@pytest.mark.parametrize("position_mm", [math.nan, math.inf])
def test_what_is_no_position_is_not_written(position_mm):
    with pytest.raises(ValueError, match="no position"):
        _codec.format_position(position_mm)


@pytest.mark.parametrize(
    ("parse", "line"),
    [
        (_codec.parse_report, "0"),
        (_codec.parse_report, "0, NO ERROR"),
        (_codec.parse_number, "P"),
        (_codec.parse_number, "nan"),
        (_codec.parse_integer, "1.5"),
    ],
)
def test_what_is_no_answer_is_refused(parse, line):
    with pytest.raises(_codec.FrameError):
        parse(line)


@given(st.text(max_size=40))
def test_any_line_is_a_report_or_none(line):
    with contextlib.suppress(_codec.FrameError):
        assert _codec.parse_report(line).code >= 0


@pytest.mark.parametrize(
    ("report", "error"),
    [
        ("4, 1, EMERGENCY STOP ACTIVATED", InterlockOpenError),
        ("8, 1, CABLE INTERLOCK ERROR", InterlockOpenError),
        ("129, 1, DIGITAL I/O INTERLOCK DETECTED", InterlockOpenError),
        ("103, 1, FOLLOWING ERROR THRESHOLD EXCEEDED", StalledError),
        ("3, 1, RESERVED", DeviceFaultError),
        ("46, 1, A CODE OF A LATER FIRMWARE", DeviceFaultError),
    ],
)
def test_every_error_code_is_told_in_the_controllers_words(report, error):
    driver, _ = scripted(("TB?", report))
    with pytest.raises(error, match=report.split(", ")[2].replace("/", ".")) as told:
        driver.raise_error("now")
    assert told.type is error


def test_errors_that_a_look_has_found_are_told_by_the_next_command():
    driver, axis = scripted(("TB?", "113, 5, MOTOR NOT ENABLED"), ("TB?", FINE))
    assert not axis.is_homed()
    with pytest.raises(DeviceFaultError, match="MOTOR NOT ENABLED"):
        driver.raise_error("after it")


def test_errors_of_earlier_times_are_forgotten_at_the_start(caplog):
    caplog.set_level("INFO")
    pairs = [("TB?", "106, 5, POSITIVE SOFTWARE LIMIT DETECTED"), ("TB?", FINE), ("1SN?", "2")]
    pairs += [("1SL?", "0"), ("1SR?", "20"), ("1VA?", "5"), ("1MO", ""), ("TB?", FINE)]
    _, axis = scripted(*pairs)
    axis.prepare()
    assert axis.limits_mm == (0.0, 20.0)
    assert "106 (POSITIVE SOFTWARE LIMIT DETECTED)" in caplog.text
    assert axis.move_timeout_s(20.0) == pytest.approx(13.0)


@pytest.mark.parametrize(("unit", "name"), [("3", "um"), ("7", "degree"), ("42", "unit 42")])
def test_another_unit_than_mm_is_refused(unit, name):
    _, axis = scripted(("TB?", FINE), ("1SN?", unit))
    with pytest.raises(LimitError, match=f"displays in {name}"):
        axis.prepare()


def test_a_bench_file_that_allows_nothing_is_refused():
    pairs = [("TB?", FINE), ("1SN?", "2"), ("1SL?", "30"), ("1SR?", "50"), ("1VA?", "5")]
    _, axis = scripted(*pairs, ("1MO", ""), ("TB?", FINE))
    with pytest.raises(LimitError, match="the controller allows 30 to 50 mm"):
        axis.prepare()


def test_before_the_speed_is_known_a_move_may_take_long():
    assert scripted()[1].move_timeout_s(1.0) == 120.0


def test_it_must_say_what_it_is():
    with pytest.raises(ProtocolError, match=r"'VE\?' was answered"):
        scripted(("VE?", "XPS 1.0"))[0].identify()


def test_an_answer_that_does_not_fit_is_told():
    with pytest.raises(ProtocolError, match=r"'1TP\?': no number"):
        scripted(("1TP?", "here"))[1].position_mm()


def test_an_axis_that_does_not_stop_is_told(virtual_clock):
    _, axis = scripted(("1ST", ""), *[("1MD?", "0")] * 60)
    with pytest.raises(DeviceFaultError, match="still moves 2 s after 'ST'; cut its power"):
        axis.stop()


def test_everything_is_stopped_when_made_safe():
    driver, _ = scripted(("1ST", ""), ("1MD?", "1"))
    driver.make_safe()
    driver.link.assert_finished()


def test_after_an_error_the_line_is_synchronised_by_the_version():
    driver, axis = scripted(("1TP?", ""), ("VE?", "ESP301 Version 3.0.1"), ("1TP?", "1.5"))
    with pytest.raises(LinkTimeoutError):
        axis.position_mm()
    assert axis.position_mm() == 1.5
    driver.link.assert_finished()
