"""The drivers, byte by byte: what they refuse, what they send, what they make of the answers."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.bench_models import MODELS
from instruments.errors import (
    DeviceFaultError,
    LimitError,
    LinkTimeoutError,
    ProtocolError,
    StalledError,
)
from instruments.light_sources.thorlabs_dc4100 import Dc4100Status, ThorlabsDc4100
from instruments.links import ScriptedLink
from instruments.power_meters.thorlabs_pm100 import SensorIdentity, ThorlabsPm100
from instruments.pumps.ne1000 import Ne1000
from instruments.pumps.ne1000 import _codec as pump_codec
from instruments.spectrometers import obp
from instruments.spectrometers.ocean_hdx import OceanHdx
from instruments.stages.zaber_ascii import ZaberStage
from instruments.stages.zaber_ascii import _codec as zaber_codec

NO_ERROR = "ERROR 0:No Error\r\n"


def link_for(model, *pairs):
    about = MODELS[model]
    return ScriptedLink(
        pairs,
        name="device",
        timeout_s=0.2,
        read_termination=about.read_termination,
        write_termination=about.write_termination,
    )


# -- DC4100


def light(*pairs):
    link = link_for("thorlabs-dc4100", *pairs)
    return ThorlabsDc4100(link), link


ALL_OFF = [("O -1 0\r\n", ""), ("E?\r\n", NO_ERROR)] + [
    (f"O? {channel}\r\n", "0\r\n") for channel in range(4)
]


def test_preparing_the_light_darkens_first_and_reads_the_limits_back():
    driver, link = light(
        *ALL_OFF,
        ("M 0\r\n", ""),
        ("E?\r\n", NO_ERROR),
        ("SM 0\r\n", ""),
        ("E?\r\n", NO_ERROR),
        ("ML? 0\r\n", "700\r\n"),
        ("L 0 650\r\n", ""),
        ("E?\r\n", NO_ERROR),
        ("L? 0\r\n", "650\r\n"),
    )
    driver.prepare({0: 650.0})
    link.assert_finished()
    with pytest.raises(LimitError, match="0 to 650"):
        driver.set_level(0, 651)
    link.assert_finished()


def test_a_limit_above_what_the_head_allows_is_refused():
    driver, _ = light(
        *ALL_OFF,
        ("M 0\r\n", ""),
        ("E?\r\n", NO_ERROR),
        ("SM 0\r\n", ""),
        ("E?\r\n", NO_ERROR),
        ("ML? 0\r\n", "500\r\n"),
    )
    with pytest.raises(LimitError, match="allows 500 mA, the bench file asks for a limit of 650"):
        driver.prepare({0: 650.0})


def test_a_limit_that_was_not_taken_is_a_fault():
    driver, _ = light(
        *ALL_OFF,
        ("M 0\r\n", ""),
        ("E?\r\n", NO_ERROR),
        ("SM 0\r\n", ""),
        ("E?\r\n", NO_ERROR),
        ("ML? 0\r\n", "700\r\n"),
        ("L 0 650\r\n", ""),
        ("E?\r\n", NO_ERROR),
        ("L? 0\r\n", "700\r\n"),
    )
    with pytest.raises(DeviceFaultError, match="reads 700 mA after 650 mA"):
        driver.prepare({0: 650.0})


@pytest.mark.parametrize(
    ("channel", "current_ma"),
    [(4, 10), (-1, 10), (0, -1), (0, 1001), (0, 0.5), (0, math.nan), (0, math.inf)],
)
def test_a_current_or_channel_outside_the_limits_is_never_sent(channel, current_ma):
    driver, link = light()
    with pytest.raises(LimitError):
        driver.set_level(channel, current_ma)
    link.assert_finished()


def test_a_light_that_stays_on_after_it_was_switched_off_is_a_fault():
    driver, _ = light(
        ("O -1 0\r\n", ""),
        ("E?\r\n", NO_ERROR),
        ("O? 0\r\n", "0\r\n"),
        ("O? 1\r\n", "1\r\n"),
        ("O? 2\r\n", "0\r\n"),
        ("O? 3\r\n", "1\r\n"),
    )
    with pytest.raises(DeviceFaultError, match=r"channels \[1, 3\] still report on"):
        driver.make_safe()


@pytest.mark.parametrize(
    ("question", "answer", "call"),
    [
        ("O? 1", "2", lambda d: d.is_on(1)),
        ("CC? 1", "bright", lambda d: d.level(1)),
        ("R?", "", lambda d: d.status()),
    ],
)
def test_an_answer_that_does_not_fit_is_a_protocol_error(question, answer, call):
    driver, _ = light((f"{question}\r\n", f"{answer}\r\n"))
    with pytest.raises(ProtocolError):
        call(driver)


def test_an_error_query_that_is_not_understood_is_a_protocol_error():
    driver, _ = light(("O 1 1\r\n", ""), ("E?\r\n", "350\r\n"))
    with pytest.raises(ProtocolError, match="'E\\?' was answered '350'"):
        driver.switch_on(1)


@pytest.mark.parametrize(
    ("register", "channel", "faults"),
    [
        (0, None, ()),
        (0x2, None, ("LED supply voltage (VCC) failed",)),
        (0x8, 2, ("controller over temperature",)),
        (0x20, None, ()),
        (0x20, 0, ("no LED head on channel 0",)),
        (0x800, 3, ("no LED head on channel 3",)),
        (0x8000, None, ("LED of channel 1 is open",)),
        (0x8000, 0, ()),
        (0x800000, 1, ()),
        (0x5555555, None, ()),  # the bits that only say that another has changed
    ],
)
def test_the_status_register_is_told_in_words(register, channel, faults):
    found = Dc4100Status.from_register(register).faults(channel)
    assert tuple(map(str, found)) == faults


def test_every_bit_of_the_status_register_belongs_to_its_channel():
    status = Dc4100Status.from_register(0x20 | 0x80000 | 0x2000000)
    assert (status.no_led, status.led_open, status.at_limit) == ((0,), (3,), (2,))


def test_after_a_lost_line_a_controller_that_kept_its_settings_is_left_as_it_is():
    driver, link = light(("M?\r\n", "0\r\n"), ("L? 0\r\n", "650\r\n"))
    driver._limits_ma = {0: 650}
    driver._restore()
    link.assert_finished()


def test_after_a_power_cut_the_controller_is_prepared_again():
    driver, link = light(
        ("M?\r\n", "2\r\n"),
        *ALL_OFF,
        ("M 0\r\n", ""),
        ("E?\r\n", NO_ERROR),
        ("SM 0\r\n", ""),
        ("E?\r\n", NO_ERROR),
    )
    driver._restore()
    link.assert_finished()


# -- NE-1000


def pump(*pairs, diameter_mm=14.43):
    link = link_for("newera-ne1000", *pairs)
    driver = Ne1000(link)
    driver._diameter_mm = diameter_mm
    return driver, link


def said(status, data=""):
    return f"\x0200{status}{data}\x03"


def dispense_script(rate_text, volume_text, read_back_rate=None):
    return [
        ("0\r", said("S")),
        ("0DIA\r", said("S", "14.43")),
        ("0VOLUL\r", said("S")),
        (f"0VOL{volume_text}\r", said("S")),
        ("0VOL\r", said("S", f"{volume_text}UL")),
        (f"0RAT{rate_text}\r", said("S")),
        ("0RAT\r", said("S", read_back_rate or rate_text)),
        ("0DIRINF\r", said("S")),
        ("0DIR\r", said("S", "INF")),
        ("0CLDINF\r", said("S")),
        ("0CLDWDR\r", said("S")),
        ("0RUN\r", said("I")),
    ]


def test_fifty_microlitres_a_minute_are_sent_as_fifty_microlitres_a_minute():
    # 0.05 mL/min asked for, 50 uL/min in our units, and the pump must hear uL, not mL.
    driver, link = pump(*dispense_script("50.00UM", "12.50"))
    driver.start(volume_ul=12.5, rate_ul_min=0.05 * 1000, direction="infuse")
    link.assert_finished()


def test_a_rate_that_reads_back_a_thousand_times_as_large_never_runs():
    driver, link = pump(*dispense_script("50.00UM", "12.50", read_back_rate="50.00MM")[:7])
    with pytest.raises(DeviceFaultError, match="RAT reads back 50000, set was 50; nothing"):
        driver.start(volume_ul=12.5, rate_ul_min=50, direction="infuse")
    link.assert_finished()


def test_a_volume_that_reads_back_in_another_unit_never_runs():
    script = dispense_script("50.00UM", "12.50")[:5]
    script[4] = ("0VOL\r", said("S", "12.50ML"))
    driver, link = pump(*script)
    with pytest.raises(DeviceFaultError, match=r"VOL reads back 12500, set was 12\.5"):
        driver.start(volume_ul=12.5, rate_ul_min=50, direction="infuse")
    link.assert_finished()


def test_a_pump_that_has_forgotten_its_syringe_never_runs():
    driver, link = pump(("0\r", said("S")), ("0DIA\r", said("S", "26.59")))
    with pytest.raises(DeviceFaultError, match=r"DIA reads back 26\.59"):
        driver.start(volume_ul=12.5, rate_ul_min=50, direction="infuse")
    link.assert_finished()


def test_the_rate_limits_follow_from_the_syringe():
    low, high = pump()[0].rate_limits_ul_min()
    assert high == pytest.approx(8342, rel=1e-3)
    assert low == pytest.approx(0.1146, rel=1e-3)
    assert pump(diameter_mm=4.61)[0].rate_limits_ul_min()[1] == pytest.approx(851.3, rel=1e-3)


@pytest.mark.parametrize("rate_ul_min", [0.1, 8400, 50_000, -1, 0, math.nan, math.inf])
def test_a_rate_outside_the_limits_is_never_sent(rate_ul_min):
    driver, link = pump()
    with pytest.raises(LimitError, match=r"rate must be 0\.1146 to 8341 uL/min"):
        driver.start(volume_ul=10, rate_ul_min=rate_ul_min, direction="infuse")
    link.assert_finished()


@pytest.mark.parametrize("volume_ul", [0.0004, 1e8])
def test_a_volume_the_pump_has_no_digits_for_is_never_sent(volume_ul):
    driver, link = pump()
    with pytest.raises(LimitError):
        driver.start(volume_ul=volume_ul, rate_ul_min=10, direction="infuse")
    link.assert_finished()


@pytest.mark.parametrize("diameter_mm", [0.05, 51, math.nan])
def test_a_diameter_outside_the_limits_is_never_sent(diameter_mm):
    driver, link = pump()
    with pytest.raises(LimitError, match=r"0\.1 to 50 mm"):
        driver.prepare(diameter_mm)
    link.assert_finished()


@given(rate_ul_min=st.floats(0.1147, 8341), volume_ul=st.floats(0.01, 9999))
def test_every_legal_dispense_survives_from_the_driver_to_the_pump(rate_ul_min, volume_ul):
    volume_text = pump_codec.format_volume(volume_ul, pump_codec.VolumeUnit.UL)
    rate_text = pump_codec.format_rate(rate_ul_min)
    driver, link = pump(*dispense_script(rate_text, volume_text))
    driver.start(volume_ul=volume_ul, rate_ul_min=rate_ul_min, direction="infuse")
    link.assert_finished()
    heard = pump_codec.parse_rate_ul_min(rate_text)
    assert heard == pytest.approx(rate_ul_min, rel=5.1e-4)


def test_the_alarm_of_power_on_is_acknowledged_and_reported():
    link = link_for(
        "newera-ne1000",
        ("0STP\r", said("A?R")),
        ("0STP\r", said("S")),
        ("0DIA14.43\r", said("S")),
        ("0DIA\r", said("S", "14.43")),
        ("0PHN2\r", said("S")),
        ("0FUNSTP\r", said("S")),
        ("0PHN1\r", said("S")),
        ("0FUNRAT\r", said("S")),
    )
    assert "was reset" in Ne1000(link).prepare(14.43)
    link.assert_finished()


def test_a_pump_without_program_phases_is_a_pump_too():
    link = link_for(
        "newera-ne1000",
        ("0STP\r", said("S")),
        ("0DIA14.43\r", said("S")),
        ("0DIA\r", said("S", "14.43")),
        ("0PHN2\r", said("S", "?")),
    )
    assert Ne1000(link).prepare(14.43) == ""
    link.assert_finished()


@pytest.mark.parametrize(
    ("alarm", "kind", "words"),
    [
        ("R", DeviceFaultError, "was reset"),
        ("S", StalledError, "stalled"),
        ("T", DeviceFaultError, "time-out"),
        ("E", DeviceFaultError, "program"),
        ("O", DeviceFaultError, "phase"),
    ],
)
def test_an_alarm_in_mid_run_is_an_error_with_its_meaning(alarm, kind, words):
    driver, _ = pump(("0DIS\r", said(f"A?{alarm}")))
    with pytest.raises(kind, match=words):
        driver.progress()


def test_an_alarm_met_while_stopping_is_told_to_the_next_who_asks():
    driver, link = pump(("0STP\r", said("A?R")), ("0STP\r", said("S")))
    driver.stop()
    with pytest.raises(DeviceFaultError, match="was reset"):
        driver.progress()
    link.assert_finished()


def test_a_pump_that_does_not_stop_says_so():
    driver, _ = pump(*[("0STP\r", said("X"))] * 4)
    with pytest.raises(DeviceFaultError, match="still reports purging after 4"):
        driver.make_safe()


def test_a_stopped_pump_may_say_that_there_is_nothing_to_stop():
    driver, link = pump(("0STP\r", said("S", "?NA")))
    driver.make_safe()
    link.assert_finished()


def test_the_answer_of_another_pump_is_a_protocol_error():
    driver, _ = pump(("0DIS\r", "\x0207S\x03"))
    with pytest.raises(ProtocolError, match="to pump 0 was answered by pump 7"):
        driver.progress()


def test_a_pump_that_is_busy_starts_nothing():
    driver, _ = pump(("0\r", said("I")))
    with pytest.raises(DeviceFaultError, match="is infusing"):
        driver.start(volume_ul=10, rate_ul_min=10, direction="infuse")


@pytest.mark.parametrize(
    ("question", "call"),
    [
        ("DIA", lambda d: d.diameter_mm()),
        ("RAT", lambda d: d.rate_ul_min()),
        ("VOL", lambda d: d.volume_ul()),
        ("DIS", lambda d: d.progress()),
    ],
)
def test_strange_data_of_the_pump_is_a_protocol_error(question, call):
    driver, _ = pump((f"0{question}\r", said("S", "soup")))
    with pytest.raises(ProtocolError, match="soup"):
        call(driver)


def test_after_an_error_a_late_answer_is_never_taken_for_the_next():
    driver, link = pump(
        ("0RAT\r", ""),  # no answer in time
        ("0VER\r", said("S", "99.99MM") + said("S", "NE1000V3.923")),  # both come now
        ("0RAT\r", said("S", "50.00UM")),
    )
    with pytest.raises(LinkTimeoutError):
        driver.rate_ul_min()
    assert driver.rate_ul_min() == 50.0
    link.assert_finished()


def test_an_alarm_met_while_synchronising_is_not_lost():
    driver, _ = pump(
        ("0RAT\r", ""),
        ("0VER\r", said("A?R")),
        ("0DIS\r", said("S", "I0.000W0.000ML")),
    )
    with pytest.raises(LinkTimeoutError):
        driver.rate_ul_min()
    with pytest.raises(DeviceFaultError, match="was reset"):
        driver.progress()


# -- Zaber


def stage(*pairs):
    link = link_for("zaber-ascii", *pairs)
    driver = ZaberStage(link)
    axis = driver.add_axis(1, name="x", microstep_um=0.49609375, limits_mm=(0.0, 100.0))
    return axis, link


def asked(message_id, command="", axis=1):
    return zaber_codec.encode(1, axis, message_id, command) + "\n"


def answered(message_id, text, axis=1):
    return f"@01 {axis} {message_id:02d} {text}\r\n"


@given(st.floats(0, 100))
def test_every_legal_position_survives_to_within_a_microstep(position_mm):
    steps = round(position_mm * 1000 / 0.49609375)
    axis, link = stage(
        (asked(0, "warnings clear"), answered(0, "OK IDLE -- 00")),
        (asked(1, f"move abs {steps}"), answered(1, "OK BUSY -- 0")),
        (asked(2, "get pos"), answered(2, f"OK IDLE -- {steps}")),
    )
    axis.start_move_to_mm(position_mm)
    assert axis.position_mm() == pytest.approx(position_mm, abs=axis.resolution_mm / 2 + 1e-9)
    link.assert_finished()


@pytest.mark.parametrize("position_mm", [-0.001, 100.001, 12_500, math.nan, math.inf])
def test_a_position_outside_the_limits_is_never_sent(position_mm):
    axis, link = stage()
    with pytest.raises(LimitError, match="0 to 100 mm"):
        axis.start_move_to_mm(position_mm)
    link.assert_finished()


@pytest.mark.parametrize("flag", ["WR", "WH"])
def test_an_axis_without_reference_is_not_moved_and_says_what_to_do(flag):
    axis, link = stage((asked(0, "warnings clear"), answered(0, f"OK IDLE {flag} 01 {flag}")))
    with pytest.raises(DeviceFaultError, match=r"is not homed.*x\.home\(\)"):
        axis.start_move_to_mm(10.0)
    link.assert_finished()


@pytest.mark.parametrize(
    ("flag", "kind"), [("FS", StalledError), ("WS", StalledError), ("FD", DeviceFaultError)]
)
def test_a_fault_flag_ends_the_motion_with_its_meaning(flag, kind):
    axis, _ = stage((asked(0), answered(0, f"OK IDLE {flag} 0")))
    with pytest.raises(kind, match=zaber_codec.WARNING_TEXTS[flag]):
        axis.motion()


def test_the_narrower_limits_count():
    axis, link = stage(
        (asked(0, "get limit.min"), answered(0, "OK IDLE -- 0")),
        (asked(1, "get limit.max"), answered(1, "OK IDLE -- 100000")),
        (asked(2, "get maxspeed"), answered(2, "OK IDLE -- 66052")),
    )
    axis.prepare()
    assert axis.limits_mm == (0.0, 49.609375)
    assert axis.speed_mm_s == pytest.approx(20.0, rel=1e-3)
    assert axis.move_timeout_s(49.0) == pytest.approx(9.9, rel=1e-2)
    with pytest.raises(LimitError):
        axis.start_move_to_mm(50.0)
    link.assert_finished()


def test_limits_that_exclude_all_travel_are_refused():
    axis, _ = stage(
        (asked(0, "get limit.min"), answered(0, "OK IDLE -- 500000")),
        (asked(1, "get limit.max"), answered(1, "OK IDLE -- 600000")),
        (asked(2, "get maxspeed"), answered(2, "OK IDLE -- 66052")),
    )
    with pytest.raises(LimitError, match="check microstep_um"):
        axis.prepare()


def test_alerts_and_information_before_the_reply_are_passed_over():
    axis, _ = stage(
        (asked(0, "get pos"), "!01 1 IDLE FS\r\n#01 1 hello\r\n" + answered(0, "OK IDLE -- 10"))
    )
    assert axis.position_mm() == pytest.approx(0.0049609375)


def test_a_reply_to_another_command_is_never_taken_for_this_one():
    axis, _ = stage((asked(0, "get pos"), answered(7, "OK IDLE -- 10")))
    with pytest.raises(ProtocolError, match="answered with id 7"):
        axis.position_mm()


def test_a_garbled_mark_of_the_checksum_never_adds_digits_to_a_position():
    body = "01 1 00 OK IDLE -- 10"
    sum_text = f"{zaber_codec.checksum(body):02X}"
    axis, _ = stage(
        (asked(0, "get pos"), f"@{body}:{sum_text}\r\n"),
        (asked(1, "get pos"), "@01 1 01 OK IDLE -- 10012\r\n"),
    )
    assert axis.position_mm() == pytest.approx(0.0049609375)
    with pytest.raises(ProtocolError, match="without a checksum"):
        axis.position_mm()


def test_nothing_but_alerts_is_a_protocol_error():
    axis, _ = stage((asked(0, "get pos"), "!01 1 IDLE FS\r\n" * 25))
    with pytest.raises(ProtocolError, match="no reply among them"):
        axis.position_mm()


def test_stopping_waits_until_the_axis_stands(virtual_clock):
    axis, link = stage(
        (asked(0, "stop"), answered(0, "OK BUSY -- 0")),
        (asked(1), answered(1, "OK BUSY -- 0")),
        (asked(2), answered(2, "OK IDLE NI 0")),
    )
    axis.stop()
    link.assert_finished()


def test_an_axis_that_does_not_stop_says_so(virtual_clock):
    pairs = [(asked(0, "stop"), answered(0, "OK BUSY -- 0"))]
    pairs += [(asked(n), answered(n, "OK BUSY -- 0")) for n in range(1, 60)]
    axis, _ = stage(*pairs)
    with pytest.raises(DeviceFaultError, match="still moves 2 s after"):
        axis.stop()


def test_after_an_error_the_stage_is_asked_until_it_answers_the_new_question():
    axis, link = stage(
        (asked(0, "get pos"), ""),
        (
            asked(99, axis=0),
            answered(0, "OK IDLE -- 99999") + answered(99, "OK IDLE -- 0", axis=0),
        ),
        (asked(1, "get pos"), answered(1, "OK IDLE -- 0")),
    )
    with pytest.raises(LinkTimeoutError):
        axis.position_mm()
    assert axis.position_mm() == 0.0
    link.assert_finished()


# -- PM100


def meter(*pairs):
    link = link_for("thorlabs-pm100d", *pairs)
    driver = ThorlabsPm100(link)
    driver._wavelength_limits_nm = (400.0, 1100.0)
    return driver, link


IN_WATTS = [("SENS:POW:UNIT?\n", "W\n"), ("SENS:POW:REF:STAT?\n", "0\n")]


@pytest.mark.parametrize("wavelength_nm", [399, 1101, 5000, 405.5, math.nan])
def test_a_wavelength_is_refused_and_never_clipped(wavelength_nm):
    driver, link = meter()
    with pytest.raises(LimitError, match="whole nm from 400 to 1100"):
        driver.set_wavelength_nm(wavelength_nm)
    link.assert_finished()


@pytest.mark.parametrize("averages", [0, 3001, 1.5])
def test_averages_outside_the_limits_are_never_sent(averages):
    driver, link = meter()
    with pytest.raises(LimitError):
        driver.set_averages(averages)
    link.assert_finished()


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        ("9.90000000E+37", "above"),
        ("-9.90000000E+37", "below"),
        ("INFINITY", "above"),
        ("-INFINITY", "below"),
        ("NAN", "no number"),
    ],
)
def test_out_of_range_is_no_number(reply, fault):
    driver, _ = meter(*IN_WATTS, ("MEAS:POW?\n", f"{reply}\n"))
    reading = driver.read_power()
    assert math.isnan(reading.power_w)
    assert fault in reading.fault


def test_a_power_is_a_number_without_fault():
    driver, link = meter(*IN_WATTS, ("MEAS:POW?\n", "1.2345E-03\n"))
    reading = driver.read_power()
    assert (reading.power_w, reading.fault) == (1.2345e-3, "")
    link.assert_finished()


@pytest.mark.parametrize(("unit", "delta"), [("DBM", "0"), ("W", "1")])
def test_a_relative_or_logarithmic_reading_is_never_taken_for_watts(unit, delta):
    driver, link = meter(("SENS:POW:UNIT?\n", f"{unit}\n"), ("SENS:POW:REF:STAT?\n", f"{delta}\n"))
    with pytest.raises(DeviceFaultError, match="not in absolute W"):
        driver.read_power()
    link.assert_finished()


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ('"S120C","16060232","2-JUN-2021",1,18,33', ("S120C", True, True, False)),
        ("S120C,16060232,2-JUN-2021,1,18,289", ("S120C", True, True, True)),
        (f'"S425C","1","1-JAN-2024",2,18,{(1 << 31) | 4096}', ("S425C", True, False, True)),
        (f'"S120C","1","1-JAN-2024",1,18,{(1 << 28) | 4}', ("S120C", True, True, False)),
        (f'"S120C","1","1-JAN-2024",1,18,{-(1 << 31) + 4}', ("S120C", True, True, False)),
        ('"ES111C","1","1-JAN-2024",3,0,2', ("ES111C", False, False, False)),
        ('"no sensor","","",0,0,0', ("no sensor", False, False, False)),
    ],
)
def test_the_flags_of_a_head_are_read_in_both_dialects(reply, expected):
    head = SensorIdentity.from_reply(reply)
    assert (head.name, head.measures_power, head.has_wavelength, head.has_temperature) == expected


def test_a_meter_without_a_power_head_is_refused():
    driver, _ = meter(("SYST:SENS:IDN?\n", '"no sensor","","",0,0,0\n'))
    with pytest.raises(DeviceFaultError, match="head 'no sensor' measures no power"):
        driver.prepare(wavelength_nm=405, averages=1)


@pytest.mark.parametrize(
    ("question", "call"),
    [
        ("SYST:SENS:IDN?", lambda d: d.sensor()),
        ("*IDN?", lambda d: d.identify()),
        ("SENS:CORR:WAV?", lambda d: d.wavelength_nm()),
    ],
)
def test_a_strange_answer_of_the_meter_is_a_protocol_error(question, call):
    driver, _ = meter((f"{question}\n", "soup\n"))
    with pytest.raises(ProtocolError):
        call(driver)


def test_a_wavelength_that_was_not_taken_is_a_fault():
    driver, _ = meter(
        ("SENS:CORR:WAV 405\n", ""),
        ("SYST:ERR?\n", '0,"No error"\n'),
        ("SENS:CORR:WAV?\n", "532\n"),
    )
    with pytest.raises(DeviceFaultError, match="reads 532 nm after 405"):
        driver.set_wavelength_nm(405)


# -- HDX


def frame(message_type, payload=b"", flags=0, error=0):
    return obp.encode(
        obp.Message(message_type=message_type, payload=payload, flags=flags, error_number=error)
    )


def spectrum(level):
    return frame(0x101000, struct.pack("<H", level) * 2068, flags=1)


def hdx(*pairs, discard=1):
    link = link_for("ocean-hdx", *pairs)
    return OceanHdx(link, discard_after_change=discard), link


SET_200_MS = (frame(0x110010, struct.pack("<L", 200_000), flags=4), frame(0x110010, flags=3))
IS_200_MS = (frame(0x110000), frame(0x110000, struct.pack("<L", 200_000), flags=1))
ASK = frame(0x101000)


@pytest.mark.parametrize("integration_time_s", [0.0059, 10.1, 200, -1, math.nan])
def test_an_integration_time_outside_the_limits_is_never_sent(integration_time_s):
    driver, link = hdx()
    with pytest.raises(LimitError, match=r"0\.006 to 10 s"):
        driver.set_integration_time_s(integration_time_s)
    link.assert_finished()


def test_the_first_spectrum_after_a_change_is_thrown_away():
    driver, link = hdx(
        (ASK, spectrum(1)),
        (ASK, spectrum(2)),
        (ASK, spectrum(3)),
        SET_200_MS,
        IS_200_MS,
        (ASK, spectrum(4)),
        (ASK, spectrum(5)),
    )
    taken = [driver.take_spectrum()[0], driver.take_spectrum()[0]]
    driver.set_integration_time_s(0.2)
    taken.append(driver.take_spectrum()[0])
    assert taken == [2, 3, 5]
    assert driver.spectrum_timeout_s == pytest.approx(1.4)
    link.assert_finished()


def test_a_late_spectrum_is_never_taken_for_the_next():
    driver, link = hdx(
        (ASK, b""),
        (frame(0x100), spectrum(1) + frame(0x100, b"HDX00342", flags=1)),
        (ASK, spectrum(2)),
        discard=0,
    )
    driver._exposure_s = 0.01
    with pytest.raises(LinkTimeoutError):
        driver.take_spectrum()
    assert driver.take_spectrum()[0] == 2
    link.assert_finished()


def test_a_spectrum_of_another_length_is_a_protocol_error():
    driver, _ = hdx((ASK, frame(0x101000, bytes(100), flags=1)), discard=0)
    with pytest.raises(ProtocolError, match="4136 bytes, got 100"):
        driver.take_spectrum()


def test_a_garbled_frame_is_a_protocol_error():
    driver, _ = hdx((ASK, bytes(44)), discard=0)
    with pytest.raises(ProtocolError, match="starts with c1 c0"):
        driver.take_spectrum()


def test_the_answer_to_another_message_is_a_protocol_error():
    driver, _ = hdx((ASK, frame(0x100, b"HDX00342", flags=1)), discard=0)
    with pytest.raises(ProtocolError, match="0x00101000 was answered with message 0x00000100"):
        driver.take_spectrum()


@pytest.mark.parametrize(
    ("flags", "number", "words"), [(9, 6, "payload data invalid"), (17, 7, "not ready")]
)
def test_a_refusal_is_a_fault_with_the_words_of_the_device(flags, number, words):
    refused = frame(0x110010, flags=flags, error=number)
    driver, _ = hdx((SET_200_MS[0], refused))
    with pytest.raises(DeviceFaultError, match=words) as caught:
        driver.set_integration_time_s(0.2)
    assert caught.value.code == number


def test_an_integration_time_that_was_not_taken_is_a_fault():
    is_100_ms = (frame(0x110000), frame(0x110000, struct.pack("<L", 100_000), flags=1))
    driver, _ = hdx(SET_200_MS, is_100_ms)
    with pytest.raises(DeviceFaultError, match=r"reads 0\.1 s after 0\.2 s"):
        driver.set_integration_time_s(0.2)


def coefficients(*values):
    pairs = [(frame(0x180100), frame(0x180100, bytes([len(values)]), flags=1))]
    for number, value in enumerate(values):
        ask = frame(0x180101, bytes([number]))
        pairs.append((ask, frame(0x180101, struct.pack("<f", value), flags=1)))
    return pairs


def test_the_wavelength_axis_is_the_polynomial_of_the_instrument():
    axis = hdx(*coefficients(349.5, 0.3, -1e-5, -1e-10))[0].wavelength_axis_nm()
    assert axis.shape == (2068,)
    assert axis[0] == 349.5
    assert axis[1000] == pytest.approx(349.5 + 300 - 10 - 0.1, abs=1e-3)
    assert np.all(np.diff(axis) > 0)


@pytest.mark.parametrize("values", [(500.0, -0.1), (math.nan, 0.3), (349.5,), ()])
def test_coefficients_that_make_no_axis_are_a_protocol_error(values):
    driver, _ = hdx(*coefficients(*values))
    with pytest.raises(ProtocolError):
        driver.wavelength_axis_nm()


def test_after_a_lost_line_the_settings_are_sent_again():
    trigger = (frame(0x110110, b"\0", flags=4), frame(0x110110, flags=3))
    lamp = (frame(0x110410, b"\0", flags=4), frame(0x110410, flags=3))
    settings = (lamp, trigger, SET_200_MS, IS_200_MS)
    driver, link = hdx(*settings, *settings)
    driver._restore()  # nothing was prepared yet: nothing to restore
    driver.prepare(0.2)
    driver._restore()
    link.assert_finished()
