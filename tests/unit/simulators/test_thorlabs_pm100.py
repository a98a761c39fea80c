import math

import pytest

from simulators.thorlabs_pm100 import ThorlabsPM100D, from_table
from tests.unit.simulators.fake_world import FakeWorld


@pytest.fixture
def world():
    return FakeWorld(power_w=2e-3)


@pytest.fixture
def meter(world):
    meter = ThorlabsPM100D(world)
    meter.power_cycle(0.0)
    return meter


def ask(meter, *commands, now_s=1.0):
    return meter.feed("".join(f"{c}\n" for c in commands).encode(), now_s).decode()


def measure(meter, command="MEAS:POW?", now_s=1.0):
    out = ask(meter, command, now_s=now_s)
    while not out:
        out = meter.poll(meter.next_event_s()).decode()
    return float(out)


def test_averaging_takes_three_milliseconds_a_sample(meter):
    ask(meter, "SENS:AVER 100")
    assert ask(meter, "MEAS:POW?", now_s=2.0) == ""
    assert meter.next_event_s() == pytest.approx(2.3)
    assert meter.poll(2.2) == b""
    assert meter.state()["measuring"]
    assert float(meter.poll(2.3)) == pytest.approx(2e-3)
    assert meter.state()["power_w"] == pytest.approx(2e-3)


def test_what_is_asked_during_a_measurement_is_answered_after_it(meter):
    assert ask(meter, "READ?", "*IDN?") == ""
    assert meter.poll(2.0).decode().splitlines() == [
        "2.00000000E-03",
        "THORLABS,PM100D,P0024871,2.8.0",
    ]


def test_several_commands_may_share_a_line_in_long_or_short_form(meter):
    assert ask(meter, ":sense:power:unit dbm;sens:pow:unit?;POWer:UNIT?") == "DBM\nDBM\n"


def test_in_dbm_the_reading_is_a_logarithm(meter, world):
    ask(meter, "SENS:POW:UNIT DBM")
    assert measure(meter) == pytest.approx(10 * math.log10(2.0))
    world.power_w = 0.0
    assert measure(meter, now_s=2.0) == pytest.approx(-90.0)


def test_in_delta_mode_the_reference_is_taken_off(meter):
    ask(meter, "SENS:POW:REF 1.5e-3 W", "SENS:POW:REF:STAT ON")
    assert ask(meter, "SENS:POW:REF?", "SENS:POW:REF:STAT?") == "1.50000000E-03\n1\n"
    assert measure(meter) == pytest.approx(0.5e-3)
    ask(meter, "SENS:POW:REF:STAT 0")
    assert measure(meter, now_s=2.0) == pytest.approx(2e-3)


def test_above_the_range_the_reading_is_infinite(meter, world):
    ask(meter, "SENS:POW:RANG 1e-3")
    assert ask(meter, "SENS:POW:RANG?", "SENS:POW:RANG:AUTO?") == "5.00000000E-03\n0\n"
    world.power_w = 6e-3
    assert measure(meter) == pytest.approx(9.9e37)
    ask(meter, "SENS:POW:RANG:AUTO 1")
    assert measure(meter, now_s=2.0) == pytest.approx(6e-3)
    world.power_w = 60e-3
    assert measure(meter, now_s=3.0) == pytest.approx(9.9e37)


def test_fetching_gives_the_last_value_and_measures_if_there_is_none(meter, world):
    assert measure(meter, "FETC?") == pytest.approx(2e-3)
    world.power_w = 1e-3
    assert ask(meter, "FETCH?", now_s=2.0) == "2.00000000E-03\n"
    assert ask(meter, "INIT", now_s=2.0) == ""
    meter.poll(3.0)
    assert ask(meter, "FETC?", now_s=3.0) == "1.00000000E-03\n"


def test_an_aborted_measurement_gives_the_line_back(meter):
    ask(meter, "INIT;ABOR")
    meter.poll(2.0)
    assert meter.next_event_s() is None
    ask(meter, "ABOR;CONF:POW")
    assert ask(meter, "CONF?", now_s=2.0) == "POW\n"


def test_zeroing_takes_its_time_and_is_subtracted(meter, world):
    world.power_w = 1e-6
    ask(meter, "SENS:CORR:COLL:ZERO", now_s=1.0)
    assert ask(meter, "SENS:CORR:COLL:ZERO:STAT?", now_s=2.0) == "1\n"
    assert int(ask(meter, "STAT:OPER:COND?", now_s=2.0)) & (1 << 7)
    meter.poll(meter.next_event_s())
    reply = ask(meter, "SENS:CORR:COLL:ZERO:STAT?", "SENS:CORR:COLL:ZERO:MAGN?", now_s=3.5)
    assert reply == "0\n1.00000000E-06\n"
    world.power_w = 2e-3
    assert measure(meter, now_s=4.0) == pytest.approx(2e-3 - 1e-6)
    ask(meter, "SENS:CORR:COLL:ZERO:INIT;:SENS:CORR:COLL:ZERO:ABOR", now_s=5.0)
    assert meter.next_event_s() is None


def test_the_wavelength_is_whole_and_survives_the_power(meter):
    ask(meter, "SENS:CORR:WAV 404.6 nm")
    assert ask(meter, "SENS:CORR:WAV?") == "4.05000000E+02\n"
    meter.power_cycle(2.0)
    assert ask(meter, "SENS:CORR:WAV?", now_s=2.0) == "4.05000000E+02\n"
    ask(meter, "SENS:CORR:WAV MIN", now_s=2.0)
    assert meter.state()["wavelength_nm"] == 200.0


@pytest.mark.parametrize(
    ("command", "number"),
    [
        ("SENS:CORR:WAV 199", -222),
        ("SENS:CORR:WAV", -109),
        ("SENS:CORR:WAV blue", -104),
        ("SENS:AVER 0", -222),
        ("SENS:POW:UNIT V", -224),
        ("SENS:POW:REF:STAT 2", -224),
        ("SENS:BOGUS", -113),
        ("BOGUS?", -113),
    ],
)
def test_a_wrong_command_is_queued_as_an_error(meter, command, number):
    assert ask(meter, command) == ""
    assert ask(meter, "SYST:ERR?").startswith(f"{number},")
    assert ask(meter, "SYST:ERR?") == '0,"No error"\n'


def test_errors_come_in_order_and_can_be_cleared(meter):
    ask(meter, "BOGUS", "SENS:AVER 0")
    assert ask(meter, "SYST:ERR?").startswith("-113")
    ask(meter, "*RST")
    assert ask(meter, "SYST:ERR?").startswith("-222")
    for _ in range(100):
        ask(meter, "BOGUS")
    ask(meter, "*CLS")
    assert ask(meter, "SYST:ERR?").startswith("0,")


def test_the_plain_questions_are_answered(meter):
    assert ask(meter, "*OPC?", "*TST?", "SENS:CORR:BEAM?", "SENS:AVER:COUNT?", "") == (
        "1\n0\n9.50000000E+00\n1\n"
    )


def test_without_a_head_there_is_no_sensor_and_no_reading(meter):
    meter.set_fault("no-sensor", now_s=1.0)
    assert ask(meter, "SYST:SENS:IDN?").startswith('"no sensor"')
    assert not int(ask(meter, "STAT:OPER:COND?")) & (1 << 8)
    assert measure(meter) == pytest.approx(9.9e37)
    meter.set_fault("no-sensor", on=False, now_s=2.0)
    assert measure(meter, now_s=2.0) == pytest.approx(2e-3)


def test_an_overheated_head_is_a_condition(meter):
    meter.set_fault("over-temperature", now_s=1.0)
    assert int(ask(meter, "STAT:OPER:COND?")) & (1 << 11)
    with pytest.raises(ValueError, match="PM100D: no fault 'stall'"):
        meter.set_fault("stall", now_s=1.0)


def test_closing_the_line_gives_the_measurement_up(meter):
    ask(meter, "MEAS:POW?", "*IDN?")
    meter.line_closed(1.0)
    assert meter.next_event_s() is None
    assert meter.poll(2.0) == b""


def test_a_bench_table_gives_the_aperture(world):
    meter = from_table({"aperture_area_cm2": 0.5}, world)
    assert measure(meter) == pytest.approx(2e-3)
    assert meter.state()["safe"]
