"""Drivers of light sources against their simulators, with what can be wrong in the instrument."""

import math

import pytest

from instruments.errors import (
    ConfigurationError,
    DeviceFaultError,
    LimitError,
    LinkLostError,
    ProtocolError,
)
from instruments.light_sources.coolled import PeChannel
from instruments.light_sources.coolled_pe300 import CoolledPe300
from instruments.light_sources.coolled_pe4000 import CoolledPe4000
from instruments.light_sources.omnicure_s2000 import OmnicureS2000, UnitStatus, _codec
from instruments.light_sources.thorlabs_dc2100 import Dc2100Status, ThorlabsDc2100
from instruments.light_sources.thorlabs_dc2200 import ThorlabsDc2200
from instruments.light_sources.thorlabs_dc4100 import ThorlabsDc4100
from tests.unit.instruments.loopback import driver_and_simulator
from tests.unit.instruments.test_drivers import link_for

DRIVERS = {
    "thorlabs-dc4100": (ThorlabsDc4100, 1, 400.0),
    "thorlabs-dc2100": (ThorlabsDc2100, 0, 400.0),
    "thorlabs-dc2200": (ThorlabsDc2200, 0, 400.0),
    "coolled-pe300": (CoolledPe300, 1, 40.0),
    "coolled-pe4000": (CoolledPe4000, 1, 40.0),
    "omnicure-s2000": (OmnicureS2000, 0, 40.0),
}


def ready(model):
    driver_class, channel, level = DRIVERS[model]
    driver, link, instrument = driver_and_simulator(model, driver_class)
    driver.identify()
    driver.prepare({channel: level * 2})
    driver.set_level(channel, level)
    return driver, link, instrument


def lit(model):
    driver, link, instrument = ready(model)
    driver.switch_on(DRIVERS[model][1])
    assert driver.faults(DRIVERS[model][1]) == ()
    return driver, link, instrument


@pytest.mark.parametrize("model", DRIVERS)
def test_a_source_that_lost_its_power_is_dark_and_gets_its_settings_back(model):
    driver, link, instrument = lit(model)
    instrument.power_cycle(1000.0)
    link.wire.is_lost = True
    with pytest.raises(LinkLostError):
        driver.lit()
    assert driver.lit() == {}
    assert instrument.state()["safe"]


@pytest.mark.parametrize(
    ("model", "fault", "kind"),
    [
        ("thorlabs-dc4100", "led-open", "led-open"),
        ("thorlabs-dc4100", "no-led", "no-led"),
        ("thorlabs-dc4100", "over-temperature", "over-temperature"),
        ("thorlabs-dc4100", "supply", "supply"),
        ("thorlabs-dc2100", "led-open", "led-open"),
        ("thorlabs-dc2100", "no-led", "no-led"),
        ("thorlabs-dc2200", "led-open", "led-open"),
        ("thorlabs-dc2200", "no-led", "no-led"),
        ("thorlabs-dc2200", "over-temperature", "over-temperature"),
        ("omnicure-s2000", "alarm", "interlock"),
        ("omnicure-s2000", "lamp-off", "no-led"),
    ],
)
def test_what_is_wrong_while_it_shines_has_a_kind(model, fault, kind):
    driver, _, instrument = lit(model)
    channel = DRIVERS[model][1]
    instrument.set_fault(fault, now_s=1000.0, channel=channel)
    assert kind in [found.kind for found in driver.faults(channel)]
    assert not instrument.state()["emitting"]
    instrument.set_fault(fault, on=False, now_s=1000.0, channel=channel)
    driver.make_safe()
    driver.switch_on(channel)
    assert driver.faults(channel) == ()


@pytest.mark.parametrize("model", DRIVERS)
def test_no_source_counts_hours_but_the_lamp(model):
    driver, _, _ = ready(model)
    hours = driver.lamp_hours()
    assert hours == 812 if model == "omnicure-s2000" else math.isnan(hours)


def test_the_bits_of_the_dc2100_are_told_in_words():
    assert [str(f) for f in Dc2100Status.from_register(0x8).faults()] == ["the LED is open"]
    assert [str(f) for f in Dc2100Status.from_register(0x2).faults(0)] == ["there is no LED head"]
    assert Dc2100Status.from_register(0x2 | 0x20 | 0x5).faults() == ()


# -- DC2200


def dc2200(*pairs):
    return ThorlabsDc2200(link_for("thorlabs-dc2200", *pairs))


def test_an_led_that_takes_no_current_is_open():
    driver = dc2200(
        ("SYST:ERR?\n", '0,"No error"\n'),
        ("OUTPUT1:STATE?\n", "ON\n"),
        ("SOURCE1:CCURENT:CURRENT?\n", "0.350\n"),
        ("SENSE3:CURRENT:DATA?\n", "0.002\n"),
    )
    assert [fault.kind for fault in driver.faults(0)] == ["led-open"]


@pytest.mark.parametrize(
    ("question", "answer", "call"),
    [
        ("*IDN?", "Thorlabs,PM100D,1,2", lambda d: d.identify()),
        ("*IDN?", "hello", lambda d: d.identify()),
        ("OUTPUT1:STATE?", "2", lambda d: d.is_on()),
        ("SENSE3:CURRENT:DATA?", "much", lambda d: d.measured_current_ma()),
        ("SENSE3:CURRENT:DATA?", "inf", lambda d: d.measured_current_ma()),
        ("SYST:ERR?", "fine", lambda d: d.faults()),
    ],
)
def test_an_answer_of_the_dc2200_that_does_not_fit_is_a_protocol_error(question, answer, call):
    with pytest.raises(ProtocolError):
        call(dc2200((f"{question}\n", f"{answer}\n")))


def test_a_dc2200_that_stays_on_or_takes_no_mode_or_limit_is_a_fault():
    with pytest.raises(DeviceFaultError, match="still reports on"):
        dc2200(("OUTPUT1:STATE OFF\n", ""), ("OUTPUT1:STATE?\n", "1\n")).make_safe()
    none = ("SYST:ERR?\n", '0,"No error"\n')
    dark = (("OUTPUT1:STATE OFF\n", ""), ("OUTPUT1:STATE?\n", "0\n"), none)
    mode = (("SOURCE1:MODE CC\n", ""), none)
    with pytest.raises(DeviceFaultError, match="mode reads 'PWM'"):
        dc2200(*dark, *mode, ("SOURCE1:MODE?\n", "PWM\n")).prepare({0: 500.0})
    limit = (("SOURCE1:CURRENT:LIMIT 0.500\n", ""), none, ("SOURCE1:CURRENT:LIMIT?\n", "0.4\n"))
    with pytest.raises(DeviceFaultError, match="limit reads 400 mA after 500 mA"):
        dc2200(*dark, *mode, ("SOURCE1:MODE?\n", "1\n"), *limit).prepare({0: 500.0})


def test_old_errors_of_the_dc2200_are_not_taken_for_ours():
    driver, _, instrument = driver_and_simulator("thorlabs-dc2200", ThorlabsDc2200)
    for _ in range(5):
        instrument.feed(b"NONSENSE\n", 1000.0)
    driver.prepare({0: 500.0})
    assert driver.faults() == ()


def test_a_dc2200_that_kept_its_settings_is_left_as_it_is():
    driver, _, instrument = lit("thorlabs-dc2200")
    driver._restore()
    assert instrument.state()["emitting"]
    instrument.feed(b"SOURCE1:CURRENT:LIMIT 1.0\n", 1000.0)
    driver._restore()
    assert not instrument.state()["emitting"]
    assert instrument.state()["limit_a"] == 0.8


# -- CoolLED


def test_six_characters_are_a_channel():
    channel = PeChannel.from_text("BSF070")
    assert (channel.letter, channel.selected, channel.on, channel.percent) == ("B", True, False, 70)
    assert str(channel) == "BSF070"


@pytest.mark.parametrize("reply", ["CSS", "CSSAXN1", "CSSAXF101BXF000CXF000", "ERROR", "CSSAXF000"])
def test_a_state_that_does_not_fit_is_a_protocol_error(reply):
    driver = CoolledPe300(link_for("coolled-pe300", ("CSS?\r", f"{reply}\r\n")))
    with pytest.raises(ProtocolError):
        driver.lit()


def test_another_model_is_refused():
    off = "CSSAXF000BXF000CXF000DXF000\r\n"
    link = link_for("coolled-pe300", ("CSS?\r", off), ("XMODEL\r", "XMODEL pE-4000\r\n"))
    with pytest.raises(ProtocolError, match="no pE-300"):
        CoolledPe300(link).identify()


def test_a_channel_turned_up_at_the_pod_is_told_and_not_switched_on():
    driver, _, instrument = ready("coolled-pe300")
    instrument.set_fault("pod", now_s=1000.0, channel=1)
    assert [str(f) for f in driver.faults()] == ["channel 1 is at 100 %, above its limit of 80 %"]
    with pytest.raises(LimitError, match="0 to 80"):
        driver.switch_on(1)


def test_an_armed_channel_is_told():
    driver, _, instrument = ready("coolled-pe300")
    instrument.feed(b"CSSASF010\r", 1000.0)
    assert "a TTL signal would light it" in str(driver.faults()[0])
    instrument.set_fault("ttl", now_s=1000.0, channel=0)
    assert instrument.state()["emitting"]
    driver.make_safe()
    assert not instrument.state()["emitting"]


def test_what_the_source_does_not_take_is_a_fault():
    off, on = "CSSAXF000BXF000CXF000\r\n", "CSSASN000BXF000CXF000\r\n"
    link = link_for(
        "coolled-pe300", ("CSS?\r", off), ("CSSASN000\r", off), ("CSS?\r", off), ("CSS?\r", on)
    )
    with pytest.raises(DeviceFaultError, match="ASN000 was set and reads back AXF000"):
        CoolledPe300(link).switch_on(0)


def test_the_led_of_the_bench_file_is_loaded_when_the_bench_connects():
    def make(link):
        return CoolledPe4000(link, wavelengths_nm={0: 405, 1: 460})

    driver, _, instrument = driver_and_simulator("coolled-pe4000", make)
    driver.prepare({0: 50.0, 1: 50.0})
    assert instrument.state()["loaded_nm"] == [405, 460, 525, 635]
    assert driver.loaded_nm() == {0: 405, 1: 460, 2: 525, 3: 635}
    instrument.power_cycle(1000.0)
    driver._restore()
    assert instrument.state()["loaded_nm"] == [405, 460, 525, 635]


def test_an_led_that_the_channel_has_not_is_refused():
    with pytest.raises(ConfigurationError, match="channel 0 of a pE-4000 has 365, 385, 405, 435"):
        CoolledPe4000(link_for("coolled-pe4000"), wavelengths_nm={0: 470})


def lamps(a_nm):
    return f"LAM:A:{a_nm}\r\nLAM:B:460\r\nLAM:C:525\r\nLAM:D:635\r\n"


def test_an_led_that_does_not_come_is_a_fault():
    link = link_for(
        "coolled-pe4000",
        ("LAMS\r", lamps(365)),
        ("LOAD:405\r", "LOAD:405\r\n"),
        ("LAMS\r", lamps(365)),
    )
    with pytest.raises(DeviceFaultError, match="365 nm in the light path after 405 nm"):
        CoolledPe4000(link, wavelengths_nm={0: 405})._make_ready()


def test_a_list_of_leds_that_does_not_fit_is_a_protocol_error():
    link = link_for("coolled-pe4000", ("LAMS\r", "LAM:A:365\r\nLAM:A:365\r\nx\r\nLAM:D:635\r\n"))
    with pytest.raises(ProtocolError, match="LAMS"):
        CoolledPe4000(link).loaded_nm()


# -- OmniCure


@pytest.mark.parametrize(("text", "message"), [("CONN", "CONN18"), ("READY", "READY0A")])
def test_the_checksum_is_that_of_the_guide(text, message):
    assert _codec.encode(text) == message
    assert _codec.decode(message) == text


@pytest.mark.parametrize("message", ["", "18", "CONN19", "CONM18", "x"])
def test_a_wrong_checksum_is_never_taken(message):
    with pytest.raises(ValueError, match="wrong checksum"):
        _codec.decode(message)


def omnicure(*pairs):
    return OmnicureS2000(link_for("omnicure-s2000", *pairs))


@pytest.mark.parametrize(
    ("reply", "call"),
    [
        ("22BF", lambda d: d.status()),  # a wrong checksum
        (_codec.encode("open"), lambda d: d.status()),
        (_codec.encode("Sent"), lambda d: d._command("GUS")),
    ],
)
def test_an_answer_of_the_lamp_that_does_not_fit_is_a_protocol_error(reply, call):
    with pytest.raises(ProtocolError):
        call(omnicure(("GUSFA\r", f"{reply}\r")))


def test_a_shutter_that_stays_open_is_a_fault():
    driver, _, instrument = lit("omnicure-s2000")
    instrument.set_fault("shutter-stuck", now_s=1000.0)
    with pytest.raises(DeviceFaultError, match="still reports open"):
        driver.make_safe()


def test_an_iris_opened_by_hand_beyond_the_limit_keeps_the_shutter_closed():
    driver, _, instrument = ready("omnicure-s2000")
    instrument.feed(b"SIL10127\r", 1000.0)
    instrument.feed(f"{_codec.encode('SIL90')}\r".encode(), 1000.0)
    with pytest.raises(LimitError, match="1 to 80"):
        driver.switch_on(0)
    assert not instrument.state()["emitting"]


def test_a_lamp_that_is_warming_up_is_told_when_it_shall_emit():
    status = UnitStatus.from_register(2)
    assert status.lamp_on
    driver = omnicure(
        ("GUSFA\r", f"{_codec.encode('2')}\r"), ("GUSFA\r", f"{_codec.encode('2')}\r")
    )
    assert [str(f) for f in driver.faults(0)] == ["the lamp is still warming up"]
    assert driver.faults() == ()


def test_after_its_power_came_back_the_lamp_is_greeted_first():
    driver, _, instrument = lit("omnicure-s2000")
    instrument.power_cycle(1000.0)  # and its serial line tells nothing of it
    assert driver.lit() == {}
    assert instrument.state()["connected"]
