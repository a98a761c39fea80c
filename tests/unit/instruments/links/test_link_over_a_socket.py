"""The link against a real socket, with everything that can go wrong on one."""

import threading
import time

import pytest

from instruments.errors import (
    LinkError,
    LinkLostError,
    LinkTimeoutError,
    NotConnectedError,
    ProtocolError,
)
from instruments.links import Link


def ask(line, question, **kwargs):
    with line.exchange():
        line.write(question)
        return line.read(**kwargs)


@pytest.fixture(autouse=True)
def on_virtual_time(virtual_clock):
    """Waits cost nothing, so that time-outs can be those of a real bench."""
    return virtual_clock


@pytest.fixture
def device(on_virtual_time, device):
    return device


def test_the_port_is_opened_by_the_first_question(device, link):
    assert not link.connected
    assert device.connections_made == 0
    assert ask(link, "one") == "re one"
    assert link.connected


def test_a_line_that_is_only_held_is_not_opened(device, link):
    with link.exchange():
        pass
    assert not link.connected


def test_an_answer_may_come_one_byte_at_a_time(device, link):
    def dribble(question):
        for byte in b"re " + question + b"\n":
            yield bytes([byte])
            yield 0.01

    device.answer = dribble
    assert ask(link, "slow") == "re slow"
    assert ask(link, "again") == "re again"


def test_two_answers_that_come_together_are_told_apart(device, link):
    device.answer = lambda question: [b"one\ntwo\n"]
    with link.exchange():
        link.write("both")
        assert [link.read(), link.read()] == ["one", "two"]


def test_a_large_block_is_read_whole(device, link):
    block = bytes(range(256)) * 32
    device.answer = lambda question: [block[:5000], 0.05, block[5000:]]
    with link.exchange():
        link.write("spectrum")
        assert link.read_bytes(len(block)) == block


def test_a_large_block_is_written_whole(device, link):
    assert ask(link, "x" * 20_000) == "re " + "x" * 20_000


def test_bytes_can_be_read_up_to_the_termination(device, link):
    device.answer = lambda question: [b"ab\ncdef\n"]
    with link.exchange():
        link.write("x")
        assert link.read_bytes(20, break_on_termchar=True) == b"ab\n"
        assert link.read_bytes(2, break_on_termchar=True) == b"cd"
        assert link.read_bytes(-1) == b"ef\n"


def test_an_answer_without_termination_ends_with_silence(device):
    link = Link(device.address, name="lamp", read_termination="")
    device.answer = lambda question: [b"part", 0.01, b"ial"]
    assert ask(link, "x") == "partial"
    device.answer = lambda question: []
    with pytest.raises(LinkTimeoutError, match="nothing came"):
        ask(link, "y")
    link.close()


def test_no_answer_fails_when_the_time_is_over(device, link):
    device.answer = lambda question: []
    start_s = time.monotonic()
    with pytest.raises(LinkTimeoutError, match=r"lamp: no complete answer to 'one\\n'"):
        ask(link, "one")
    assert time.monotonic() - start_s == pytest.approx(link.timeout_s, abs=0.01)


def test_one_question_may_have_a_longer_time(device, link):
    device.answer = lambda question: [3.0, b"late\n"]
    assert ask(link, "exposure", timeout_s=4.0) == "late"


def test_a_late_answer_never_becomes_the_answer_to_the_next_question(device, link):
    def late_once(question):
        if question == b"first":
            yield 1.5
        yield b"re " + question + b"\n"

    device.answer = late_once
    with pytest.raises(LinkTimeoutError):
        ask(link, "first")
    assert ask(link, "second") == "re second"
    assert ask(link, "third") == "re third"


def test_a_very_late_answer_is_caught_by_a_question_of_the_device(device, link):
    link.timeout_s = 5.0
    link.resync = lambda: link.synchronise("id", lambda answer: answer == "re id")

    def late_once(question):
        if question == b"first":
            yield 7.0
        yield b"re " + question + b"\n"

    device.answer = late_once
    with pytest.raises(LinkTimeoutError):
        ask(link, "first")
    assert ask(link, "second") == "re second"
    assert device.questions == ["first", "id", "second"]


def test_a_line_that_cannot_be_synchronised_stays_out_of_use(device, link):
    link.resync = lambda: link.synchronise("id", lambda answer: answer == "re id")
    device.answer = lambda question: []
    with pytest.raises(LinkTimeoutError):
        ask(link, "first")
    with pytest.raises(LinkTimeoutError, match="'id"):
        ask(link, "second")
    assert "second" not in device.questions
    device.answer = lambda question: [b"re " + question + b"\n"]
    assert ask(link, "third") == "re third"


def test_an_answer_that_nobody_asked_for_is_not_taken_for_one(device, link):
    device.answer = lambda question: [b"re " + question + b"\nalarm!\n"]
    assert ask(link, "one") == "re one"
    time.sleep(0.01)
    assert ask(link, "two") == "re two"
    assert "x alarm!" in link.wire_log.as_text()


def test_a_garbled_answer_says_so_and_the_next_is_right(device, link):
    device.answer = lambda question: [b"\xff\xfe12\n", b"rest"]
    with pytest.raises(ProtocolError, match="no ASCII") as caught:
        ask(link, "one")
    assert caught.value.reply == b"\xff\xfe12"
    device.answer = lambda question: [b"fine\n"]
    assert ask(link, "two") == "fine"


def test_a_truncated_answer_shows_what_came(device, link):
    device.answer = lambda question: [b"re o"]
    with pytest.raises(LinkTimeoutError, match="only 're o' came"):
        ask(link, "one")
    device.answer = lambda question: [b"fine\n"]
    assert ask(link, "two") == "fine"


def test_a_line_that_never_falls_silent_is_an_error(device, link):
    device.answer = lambda question: [b"\xff\n"] + [b"\x55", 0.01] * 400
    with pytest.raises(ProtocolError):
        ask(link, "one")
    with pytest.raises(LinkError, match="does not fall silent"):
        ask(link, "two")


def test_an_error_inside_a_longer_exchange_cleans_the_line_before_the_next_question(device, link):
    answers = iter([[b"\xff\n", 0.02, b"left over\n"], [b"fine\n"]])
    device.answer = lambda question: next(answers)
    with link.exchange():
        with pytest.raises(ProtocolError):
            ask(link, "one")
        assert ask(link, "two") == "fine"


def test_flushing_throws_away_what_arrived(device, link):
    device.answer = lambda question: [b"one\n", 0.01, b"two\n"]
    with link.exchange():
        link.write("x")
        link.flush_read_buffer()
        with pytest.raises(LinkTimeoutError):
            link.read()


def test_a_connection_cut_in_an_answer_is_noticed_at_once(device, link):
    device.answer = lambda question: [b"re o", device.CLOSE]
    start_s, cpu_s = time.monotonic(), time.process_time()
    with pytest.raises(LinkLostError, match="closed the connection"):
        ask(link, "one")
    assert time.monotonic() - start_s < 0.1
    assert time.process_time() - cpu_s < 0.5
    assert not link.connected


def test_a_refused_connection_is_an_error_of_the_line(device, link):
    device.unplug()
    with pytest.raises(LinkLostError, match="check power, cable and address"):
        link.open()
    assert not link.connected


def test_a_lost_line_refuses_at_once_then_comes_back(device, link):
    restored = []
    link.on_reconnect = lambda: restored.append(ask(link, "settings"))
    assert ask(link, "one") == "re one"
    device.unplug()
    with pytest.raises(LinkLostError, match=r"reconnects by itself after 0\.1 s"):
        ask(link, "two")
    start_s = time.monotonic()
    with pytest.raises(LinkLostError, match=r"next try in 0\.1 s"):
        ask(link, "three")
    assert time.monotonic() == start_s
    time.sleep(0.2)
    with pytest.raises(LinkLostError, match=r"after 0\.5 s"):
        ask(link, "four")
    device.plug()
    time.sleep(0.6)
    assert ask(link, "five") == "re five"
    assert restored == ["re settings"]
    assert device.questions == ["one", "settings", "five"]


def test_a_state_that_could_not_be_restored_is_tried_again(device, link):
    ask(link, "one")
    device.unplug()
    device.plug()
    tries = []

    def restore():
        tries.append(len(tries))
        if len(tries) == 1:
            raise ProtocolError("lamp", "settings not taken")

    link.on_reconnect = restore
    with pytest.raises(LinkLostError):
        ask(link, "two")
    time.sleep(0.2)
    with pytest.raises(ProtocolError):
        ask(link, "three")
    assert ask(link, "four") == "re four"
    assert tries == [0, 1]


def test_a_closed_line_stays_closed_until_it_is_opened(device, link):
    ask(link, "one")
    link.close()
    with pytest.raises(NotConnectedError, match="connect the device first"):
        ask(link, "two")
    link.open()
    assert ask(link, "three") == "re three"


def test_a_peer_that_takes_no_bytes_does_not_hang_the_writer(device, link):
    def sleeps(question):
        yield 3.0

    device.answer = sleeps
    with link.exchange():
        link.write("sleep")
        with pytest.raises(LinkTimeoutError, match="takes no bytes"):
            link.write_bytes(b"y" * 20_000_000)


def test_an_urgent_request_interrupts_an_exchange_that_waits(device, link):
    device.answer = lambda question: [] if question == b"forever" else [b"off\n"]
    outcome = []

    def wait_long():
        try:
            ask(link, "forever", timeout_s=20.0)
        except LinkLostError as error:
            outcome.append(str(error))

    ask(link, "hello")
    waiting = threading.Thread(target=wait_long, name="exposure")
    waiting.start()
    time.sleep(0.5)
    start_s = time.monotonic()
    with link.exchange(urgent=True, timeout_s=2.0):
        assert ask(link, "switch off") == "off"
    assert time.monotonic() - start_s < 0.5
    waiting.join(5)
    assert "interrupted by a more urgent request" in outcome[0]


def test_an_urgent_request_does_not_wait_for_the_pause_after_a_loss(device):
    link = Link(device.address, name="lamp", reconnect_delays_s=(60.0,))
    ask(link, "one")
    device.unplug()
    device.plug()
    with pytest.raises(LinkLostError):
        ask(link, "two")
    with pytest.raises(LinkLostError, match="next try in"):
        ask(link, "three")
    with link.exchange(urgent=True):
        assert ask(link, "off") == "re off"
    link.close()


def test_an_urgent_command_arrives_though_no_question_is_answered_after_a_loss(device):
    link = Link(device.address, name="lamp", timeout_s=0.2, reconnect_delays_s=(60.0,))
    link.resync = lambda: link.synchronise("who", lambda answer: answer == "re who")
    ask(link, "one")
    device.unplug()
    device.plug()
    with pytest.raises(LinkLostError):
        ask(link, "two")
    device.answer = lambda question: ()
    with pytest.raises(LinkTimeoutError), link.exchange(urgent=True):
        ask(link, "off")
    assert device.questions[-2:] == ["off", "who"]
    link.close()


def test_a_line_that_is_held_too_long_names_who_holds_it(device, link):
    release = threading.Event()

    def hold():
        with link.exchange():
            release.wait(10)

    holder = threading.Thread(target=hold, name="spectrum-taker")
    holder.start()
    time.sleep(0.01)
    with (
        pytest.raises(LinkTimeoutError, match="spectrum-taker holds it"),
        link.exchange(timeout_s=0.2),
    ):
        pass
    release.set()
    holder.join(5)


def test_closing_interrupts_the_exchange_in_progress(device, link):
    device.answer = lambda question: []
    outcome = []

    def wait_long():
        try:
            ask(link, "forever", timeout_s=20.0)
        except LinkLostError as error:
            outcome.append(error)

    waiting = threading.Thread(target=wait_long, name="exposure")
    waiting.start()
    time.sleep(0.5)
    start_s = time.monotonic()
    link.close()
    assert time.monotonic() - start_s < 1.0
    waiting.join(5)
    assert outcome
    assert not link.connected


def test_interrupting_an_idle_line_does_nothing(device, link):
    ask(link, "one")
    link.interrupt()
    assert ask(link, "two") == "re two"
    assert device.connections_made == 1


def test_a_line_that_breaks_while_it_is_restored_is_lost_once_more(device, link):
    ask(link, "one")
    device.unplug()
    device.plug()
    with pytest.raises(LinkLostError):
        ask(link, "two")

    def restore():
        with pytest.raises(LinkLostError):
            ask(link, "settings")
        ask(link, "settings")

    link.on_reconnect = restore
    device.answer = lambda question: [device.CLOSE]
    time.sleep(0.2)
    with pytest.raises(LinkLostError, match="closed the connection"):
        ask(link, "three")
    device.answer = lambda question: [b"re " + question + b"\n"]
    link.on_reconnect = None
    time.sleep(5.0)
    assert ask(link, "four") == "re four"


def test_closing_gives_up_on_a_thread_that_keeps_the_line(device, link):
    def hold():
        with link.exchange():
            time.sleep(31.0)

    holder = threading.Thread(target=hold, name="plan")
    holder.start()
    time.sleep(0.1)
    with pytest.raises(LinkTimeoutError, match="plan holds it"):
        link.close()
    holder.join(10)


def test_a_line_that_nobody_uses_is_known_to_be_gone(device, link):
    assert not link.is_gone  # it was never opened
    assert ask(link, "one") == "re one"
    assert not link.is_gone
    assert link.connected
    device.unplug()
    assert link.is_gone
    with pytest.raises(LinkLostError):
        ask(link, "two")
    assert link.is_gone
    device.plug()
    link.open()
    assert not link.is_gone
    assert ask(link, "three") == "re three"
    link.close()
    assert not link.is_gone  # on request


def test_a_look_takes_no_byte_of_an_answer(device, link):
    def slowly(question):
        yield b"re "
        yield 0.1
        yield question + b"\n"

    device.answer = slowly
    with link.exchange():
        link.write("one")
        time.sleep(0.05)
        assert not link.is_gone
        assert link.read() == "re one"
