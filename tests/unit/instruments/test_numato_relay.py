"""USB relay, byte by byte, and the switch that it is on the bench."""

import pytest

from instruments.bench_models import MODELS
from instruments.errors import DeviceFaultError, LimitError, ProtocolError
from instruments.links import ScriptedLink
from instruments.switches import Switch
from instruments.switches.numato_relay import NumatoRelay


def relay(*pairs, number=0):
    about = MODELS["numato-relay"]
    link = ScriptedLink(
        [(f"{sent}\r", f"{sent}\n\r{answer}>") for sent, answer in pairs],
        name="sonicator",
        timeout_s=0.2,
        read_termination=about.read_termination,
        write_termination=about.write_termination,
    )
    return NumatoRelay(link, relay=number), link


def test_it_is_switched_and_read_back():
    driver, link = relay(("relay on 0", ""), ("relay read 0", "on\n\r"))
    driver.switch_on()
    link.assert_finished()


def test_the_eleventh_relay_is_a_letter():
    driver, link = relay(("relay read A", "off\n\r"), number=10)
    assert not driver.is_on()
    link.assert_finished()


def test_a_relay_that_sticks_is_a_fault():
    driver, _ = relay(("relay off 0", ""), ("relay read 0", "on\n\r"))
    with pytest.raises(DeviceFaultError, match="is not off though it was told so"):
        driver.make_safe()


@pytest.mark.parametrize("answer", ["maybe\n\r", "", "on\n\roff\n\r"])
def test_another_answer_is_not_taken(answer):
    driver, _ = relay(("relay read 0", answer))
    with pytest.raises(ProtocolError):
        driver.is_on()


def test_an_answer_to_switching_is_not_taken():
    driver, _ = relay(("relay on 0", "what\n\r"))
    with pytest.raises(ProtocolError, match="was answered"):
        driver.switch_on()


def test_the_echo_of_another_command_is_not_taken():
    link = ScriptedLink(
        [("relay read 0\r", "relay read 1\n\ron\n\r>")],
        name="sonicator", timeout_s=0.2, read_termination=">", write_termination="\r",
    )  # fmt: skip
    with pytest.raises(ProtocolError, match="was echoed as"):
        NumatoRelay(link).is_on()


def test_a_switch_takes_on_and_off_only():
    driver, _ = relay()
    with pytest.raises(LimitError, match="takes 'on' or 'off'"):
        Switch(name="sonicator", driver=driver).set("half")
