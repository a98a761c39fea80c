"""Several devices on one port, each with its own link."""

import threading
import time

import pytest

from instruments.errors import LinkLostError, LinkTimeoutError, NotConnectedError, ProtocolError
from instruments.links import Link


def ask(link, question, **kwargs):
    with link.exchange():
        link.write(f"{link.name} {question}")
        return link.read(**kwargs)


@pytest.fixture
def device(virtual_clock, device):
    return device


@pytest.fixture
def pumps(device):
    first = Link(device.address, name="first")
    second = Link("", name="second", shares=first, timeout_s=0.5)
    yield first, second
    first.close()
    second.close()


def silent_to_the_first(question):
    if not question.startswith(b"first"):
        yield b"re " + question + b"\n"


def test_both_ask_over_one_connection(device, pumps):
    first, second = pumps
    assert ask(first, "one") == "re first one"
    assert ask(second, "two") == "re second two"
    assert device.connections_made == 1
    assert second.address == first.address == device.address
    assert second.wire_log is first.wire_log


def test_their_exchanges_never_mix(device, pumps):
    wrong = []

    def work(link):
        for number in range(50):
            if ask(link, str(number)) != f"re {link.name} {number}":
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(pump,)) for pump in pumps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_closing_one_keeps_the_port_for_the_other(device, pumps):
    first, second = pumps
    first.open()
    second.open()
    first.close()
    assert not first.connected
    assert second.connected
    assert ask(second, "two") == "re second two"
    with pytest.raises(NotConnectedError, match="first: the line is closed"):
        ask(first, "one")
    second.close()
    assert not second.connected
    first.open()
    assert ask(first, "one") == "re first one"
    assert device.connections_made == 2


def test_a_device_that_was_not_opened_is_not_connected_by_its_neighbour(pumps):
    first, second = pumps
    first.open()
    assert not second.connected


def test_closing_one_does_not_interrupt_an_exchange_of_the_other(device, pumps):
    first, second = pumps
    second.open()
    first.open()
    device.answer = lambda question: [0.3, b"re " + question + b"\n"]
    answers = []
    asking = threading.Thread(target=lambda: answers.append(ask(second, "two")))
    asking.start()
    time.sleep(0.1)
    first.close()
    asking.join()
    assert answers == ["re second two"]


def test_an_error_names_the_device_that_asked(device, pumps):
    first, second = pumps
    device.answer = silent_to_the_first
    with pytest.raises(LinkTimeoutError, match=r"^first: "):
        ask(first, "one")
    device.unplug()
    with pytest.raises(LinkLostError, match=r"^second: "):
        ask(second, "two")


def test_a_late_answer_to_one_is_never_the_answer_to_the_other(device, pumps):
    first, second = pumps
    first.timeout_s = 0.2

    def late_to_the_first(question):
        if question.startswith(b"first"):
            yield 0.6
        yield b"re " + question + b"\n"

    device.answer = late_to_the_first
    with pytest.raises(LinkTimeoutError):
        ask(first, "one")
    assert ask(second, "two") == "re second two"
    first.timeout_s = 1.0
    assert ask(first, "three") == "re first three"


def test_each_synchronises_with_its_own_device(device, pumps):
    synchronised = []
    for pump in pumps:

        def resync(pump=pump):
            synchronised.append(pump.name)
            pump.synchronise(f"{pump.name} id", lambda answer, pump=pump: pump.name in answer)

        pump.resync = resync
    first, second = pumps
    device.answer = silent_to_the_first
    with pytest.raises(LinkTimeoutError):
        ask(first, "one")
    assert ask(second, "two") == "re second two"
    assert synchronised == ["second"]
    with pytest.raises(LinkTimeoutError, match="first id"):
        ask(first, "one")
    assert ask(second, "two") == "re second two"


def test_after_a_loss_each_device_is_restored_once(device, pumps):
    restored = []
    for pump in pumps:
        pump.on_reconnect = lambda pump=pump: restored.append(pump.name)
    for pump in pumps:
        ask(pump, "one")
    device.unplug()
    with pytest.raises(LinkLostError):
        ask(pumps[0], "two")
    device.plug()
    time.sleep(1.0)
    for pump in pumps:
        assert ask(pump, "three") == f"re {pump.name} three"
        assert ask(pump, "four") == f"re {pump.name} four"
    assert restored == ["first", "second"]
    assert device.connections_made == 2


def test_an_urgent_exchange_of_one_is_not_interrupted_by_an_urgent_one_of_the_other(device, pumps):
    first, second = pumps
    first.open()
    second.open()
    device.answer = lambda question: [0.4, b"re " + question + b"\n"]
    answers = {}

    def stop(link):
        with link.exchange(urgent=True):
            answers[link.name] = ask(link, "stop")

    threads = [threading.Thread(target=stop, args=(pump,)) for pump in pumps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {"first": "re first stop", "second": "re second stop"}
    assert device.connections_made == 1


def test_a_garbled_answer_to_one_costs_the_other_nothing_but_a_moment(device, pumps):
    first, second = pumps
    device.answer = lambda question: [b"\xff\n"]
    with pytest.raises(ProtocolError):
        ask(first, "one")
    device.answer = lambda question: [b"re " + question + b"\n"]
    start_s = time.monotonic()
    assert ask(second, "two") == "re second two"
    assert time.monotonic() - start_s < 0.2
