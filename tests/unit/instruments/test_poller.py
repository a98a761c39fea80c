"""Reading at a steady pace."""

import threading
import time

import pytest

from instruments.errors import LinkTimeoutError
from instruments.links import ScriptedLink
from instruments.poller import Poller, make_pollers
from instruments.signals import InstrumentSignal


class Source:
    """Something to read, that can be made slow and made to fail."""

    def __init__(self):
        self.times_s = []
        self.takes_s = 0.0
        self.fails = False

    def __call__(self):
        self.times_s.append(time.monotonic())
        time.sleep(self.takes_s)
        if self.fails:
            raise LinkTimeoutError("meter", "nothing came")
        return len(self.times_s)


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def link():
    return ScriptedLink([], name="meter")


@pytest.fixture
def poller(virtual_clock, link, source):
    signals = [InstrumentSignal(name="power_w", getter=source)]
    made = Poller(link, signals, interval_s=0.5)
    yield made
    made.stop()


def test_nothing_is_read_before_the_start(poller, source):
    time.sleep(5.0)
    assert source.times_s == []


def test_signals_are_read_at_a_steady_pace(poller, source):
    source.takes_s = 0.1
    start_s = time.monotonic()
    poller.start()
    poller.start()
    time.sleep(2.25)
    assert [t - start_s for t in source.times_s] == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0])


def test_a_slow_round_is_not_made_up_for(poller, source):
    source.takes_s = 1.25
    poller.start()
    time.sleep(2.0)
    source.takes_s = 0.0
    time.sleep(2.1)
    assert 5 <= len(source.times_s) <= 6


def test_a_stopped_poller_reads_no_more_and_can_be_started_again(poller, source):
    poller.start()
    time.sleep(1.1)
    poller.stop()
    poller.stop()
    count = len(source.times_s)
    time.sleep(5.0)
    assert len(source.times_s) == count
    poller.start()
    time.sleep(0.1)
    assert len(source.times_s) == count + 1


def test_a_failure_is_told_once_and_reading_goes_on(poller, source, caplog):
    source.fails = True
    poller.start()
    time.sleep(2.1)
    assert poller.problem == "meter: nothing came"
    assert caplog.text.count("nothing came") == 1
    source.fails = False
    time.sleep(1.0)
    assert poller.problem == ""


def test_a_round_is_left_out_while_the_line_is_in_use(poller, link, source):
    with link.exchange():
        poller.start()
        time.sleep(3.0)
        assert source.times_s == []
        assert "holds it" in poller.problem
    time.sleep(1.0)
    assert source.times_s


def test_stopping_does_not_read_to_the_end_of_the_round(virtual_clock, link, source):
    source.takes_s = 1.0
    second = Source()
    signals = [InstrumentSignal(name=n, getter=s) for n, s in (("a", source), ("b", second))]
    poller = Poller(link, signals, interval_s=0.5)
    poller.start()
    time.sleep(0.5)
    poller.stop()
    assert not any(t.name == "meter-poller" for t in threading.enumerate())
    assert second.times_s == []


def test_the_devices_of_one_port_have_one_poller_and_fail_alone(virtual_clock, link, source):
    neighbour = ScriptedLink([], name="other", shares=link)
    alone = ScriptedLink([], name="alone")
    second, third = Source(), Source()
    watched = [
        (of, [InstrumentSignal(name=of.name, getter=read)])
        for of, read in ((link, source), (neighbour, second), (alone, third))
    ]
    pollers = make_pollers(watched, interval_s=0.5)
    assert len(pollers) == 2
    source.fails = True
    for poller in pollers:
        poller.start()
    time.sleep(1.1)
    for poller in pollers:
        poller.stop()
    assert len(second.times_s) == len(third.times_s) == 3
    assert [poller.problem for poller in pollers] == ["meter: nothing came", ""]
