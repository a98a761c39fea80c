"""The Ultra command set: codec, and the driver where the transcript does not go."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.bench_file import Table
from instruments.bench_models import MODELS
from instruments.errors import (
    DeviceFaultError,
    LimitError,
    LinkTimeoutError,
    ProtocolError,
    StalledError,
)
from instruments.links import ScriptedLink
from instruments.pumps.harvard_ultra import HarvardUltra, _codec

XON = "\x11"


def scripted(*pairs, **kwargs):
    pairs = [(f"{send}\r\n", reply and f"\n{reply}{XON}") for send, reply in pairs]
    about = MODELS["harvard-ultra"]
    link = ScriptedLink(
        pairs,
        name="pump",
        read_termination=about.read_termination,
        write_termination=about.write_termination,
        timeout_s=0.1,
    )
    return HarvardUltra(link, **kwargs)


# -- codec


@pytest.mark.parametrize(
    ("text", "address", "prompt", "lines"),
    [
        ("\n:", 0, ":", ()),
        ("\n14.4300 mm\r\n:", 0, ":", ("14.4300 mm",)),
        ("\n12 1.0 mm\r\n12>", 12, ">", ("1.0 mm",)),
        ("\n03:11 ELITE I/W Single 3.0.4\r\n03:", 3, ":", ("11 ELITE I/W Single 3.0.4",)),
        ("\n0 0 0 i...I\r\nT*", 0, "T*", ("0 0 0 i...I",)),
        ("\n07>*", 7, ">*", ()),
    ],
)
def test_an_answer_is_lines_and_a_prompt(text, address, prompt, lines):
    reply = _codec.decode(text)
    assert (reply.address, reply.prompt) == (address, prompt)
    assert tuple(line.strip() for line in reply.lines) == lines


@pytest.mark.parametrize("text", ["", "\n14.43 mm\r\n", "\n1234:", "nonsense"])
def test_what_does_not_end_with_a_prompt_is_no_answer(text):
    with pytest.raises(_codec.FrameError, match="ends with a prompt"):
        _codec.decode(text)


@given(st.text(max_size=60))
def test_any_text_is_an_answer_or_none(text):
    with contextlib.suppress(_codec.FrameError):
        assert _codec.decode(text).prompt in _codec.PROMPTS


@given(st.floats(1e-5, 1e6))
def test_numbers_with_units_come_back(value):
    assert _codec.parse_rate_ul_min(_codec.format_rate(value)) == pytest.approx(value, rel=1e-5)
    assert _codec.parse_volume_ul(_codec.format_volume(value)) == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (_codec.parse_status, "0 0 i...I"),
        (_codec.parse_rate_ul_min, "1.0 ml"),
        (_codec.parse_rate_ul_min, "1.0 l/min"),
        (_codec.parse_volume_ul, "1.0 ml/min"),
        (_codec.parse_volume_ul, "Target volume not set"),
        (_codec.parse_limits_ul_min, "1.0 ml/min"),
        (_codec.parse_diameter_mm, "14.43"),
        (_codec.parse_diameter_mm, "wide mm"),
    ],
)
def test_what_is_no_number_with_its_unit_is_refused(parse, text):
    with pytest.raises(_codec.FrameError):
        parse(text)


def test_units_of_time_are_understood():
    assert _codec.parse_rate_ul_min("60 ul/hr") == 1.0
    assert _codec.parse_rate_ul_min("2 ul/s") == 120.0
    assert _codec.parse_limits_ul_min(".0404 nl/min to 26.0035 ml/min") == (4.04e-5, 26003.5)


def test_a_volume_too_small_for_any_unit_is_refused():
    with pytest.raises(ValueError, match="too small"):
        _codec.format_volume(1e-30)


# -- driver


def test_a_late_answer_of_a_neighbour_is_passed_over():
    link = ScriptedLink(
        [("3:diameter\r\n", f"\n0214.4300 mm\r\n02:{XON}\n0315.0000 mm\r\n03:{XON}")],
        name="pump",
        read_termination=XON,
        write_termination="\r\n",
    )
    assert HarvardUltra(link, pump_address=3).diameter_mm() == 15.0


def test_an_answer_of_another_pump_alone_names_it():
    driver = scripted(("3:diameter", "0214.4300 mm\r\n02:"), pump_address=3)
    with pytest.raises(ProtocolError, match="pump 3 was answered by pump 2; check the addresses"):
        driver.diameter_mm()


def test_a_refusal_is_told_in_the_pumps_words():
    driver = scripted(("cvolume", "Command error: Not now\r\n:"))
    with pytest.raises(DeviceFaultError, match="'cvolume' was refused: Command error: Not now"):
        driver.clear_counters()


@pytest.mark.parametrize(
    ("reply", "match"),
    [
        ("0 0 5 i.S.I\r\n*", "the motor stalled"),
        ("0 0 5 i.S.I\r\n:", "the motor stalled"),
        ("0 0 5 iI..I\r\n>*", "at the limit of the infusion"),
    ],
)
def test_a_stall_and_a_limit_are_told(reply, match):
    with pytest.raises(StalledError, match=match):
        scripted(("status", reply)).progress()


def test_a_status_that_is_none_is_told():
    with pytest.raises(ProtocolError, match="'status': no status"):
        scripted(("status", "what\r\n:")).progress()


def test_a_pump_that_does_not_stop_is_told():
    pairs = [("stp", ">"), ("status", "5 0 5 i...I\r\n>")] * 3
    with pytest.raises(DeviceFaultError, match="still is infusing after 3 stop commands"):
        scripted(*pairs).stop()


def test_it_must_be_connected_before_it_knows_its_limits():
    with pytest.raises(LimitError, match="no syringe is set"):
        scripted().rate_limits_ul_min()


def test_it_must_say_what_it_is():
    with pytest.raises(ProtocolError, match="'ver' was answered"):
        scripted(("poll on", ":"), ("ver", "5 ml\r\n:")).identify()


def test_a_legato_is_of_another_maker():
    driver = scripted(("poll on", ":"), ("ver", "LEGATO 110 1.0.2\r\n:"), ("version", "?\r\n:"))
    identity = driver.identify()
    assert (identity.maker, identity.model, identity.serial) == ("KD Scientific", "LEGATO 110", "")


def prepared(*pairs, force_percent=None):
    driver = scripted(
        ("stp", ":"),
        ("status", "0 0 0 i...I\r\n:"),
        ("nvram none", "Command error: Unknown command: nvram\r\n:"),
        ("diameter 14.4300", ":"),
        ("diameter", "14.4300 mm\r\n:"),
        *([] if force_percent is None else [(f"force {force_percent}", ":")]),
        ("cvolume", ":"),
        ("irate lim", "1 ul/min to 10 ml/min\r\n:"),
        *pairs,
        force_percent=force_percent,
    )
    driver.prepare(14.43)
    return driver


def test_the_force_of_the_motor_is_set():
    assert prepared(force_percent=40).rate_limits_ul_min() == (1.0, 10_000.0)


def test_a_pump_that_pumps_is_not_started_again():
    driver = prepared(("status", "5 0 5 i...I\r\n>"))
    with pytest.raises(DeviceFaultError, match="is pumping already"):
        driver.start(volume_ul=10, rate_ul_min=10, direction="infuse")


def test_a_pump_that_does_not_start_is_told():
    driver = prepared(
        ("status", "0 0 0 i...I\r\n:"),
        ("load qs w", ":"),
        ("diameter", "14.4300 mm\r\n:"),
        ("cvolume", ":"),
        ("wrate 10 ul/min", ":"),
        ("wrate", "10.0000 ul/min\r\n:"),
        ("tvolume 10 ul", ":"),
        ("tvolume", "10.0000 ul\r\n:"),
        ("wrun", "*"),
    )
    with pytest.raises(DeviceFaultError, match="is stalled after 'wrun'"):
        driver.start(volume_ul=10, rate_ul_min=10, direction="withdraw")


def test_a_volume_that_no_unit_holds_is_never_sent():
    with pytest.raises(LimitError, match="too small"):
        prepared().check_dispense(1e-30, 10)


def test_nothing_is_taken_for_a_version_but_one():
    driver = scripted()
    assert driver._is_version("\nPHD ULTRA 3.0.4\r\n:")
    assert not driver._is_version("\nArgument error: 3.0\r\n:")
    assert not driver._is_version("\n014.43 mm\r\n01:")
    assert not driver._is_version("half an answ")


def test_a_silent_pump_times_out():
    with pytest.raises(LinkTimeoutError):
        scripted(("diameter", "")).diameter_mm()


def test_a_bench_file_sets_force_and_account(tmp_path):
    keys = {
        "syringe": "BD plastic 10 mL",
        "loaded_volume_ul": 5000,
        "force_percent": 30,
        "account_file": "a.json",
    }
    table = Table(str(tmp_path / "bench.toml"), "device.pump", keys)
    pump = MODELS["harvard-ultra"].build("pump", ScriptedLink([]), table)
    assert pump._driver._force_percent == 30
    assert pump.syringe.diameter_mm == 14.43
