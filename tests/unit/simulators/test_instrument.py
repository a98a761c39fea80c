from hypothesis import given
from hypothesis import strategies as st

from simulators.instrument import SWITCH_LOG_LENGTH, LineBuffer, SwitchLog, unknown_fault


@given(st.lists(st.binary(max_size=20)), st.integers(1, 50))
def test_lines_are_the_same_however_the_bytes_arrive(pieces, size):
    stream = b"\n".join(pieces)
    buffer = LineBuffer(b"\n")
    lines = []
    for at in range(0, len(stream), size):
        lines += buffer.feed(stream[at : at + size])
    assert lines == stream.split(b"\n")[:-1]


def test_a_line_that_is_too_long_is_thrown_away_whole():
    buffer = LineBuffer(b"\n", limit=10)
    assert buffer.feed(b"x" * 1000 + b"\nshort\n") == [b"short"]


def test_the_switch_log_keeps_the_last_transitions():
    log = SwitchLog()
    for number in range(SWITCH_LOG_LENGTH + 5):
        log.add(float(number), "on")
    entries = log.entries()
    assert len(entries) == SWITCH_LOG_LENGTH
    assert entries[0] == [5.0, "on"]


def test_an_unknown_fault_names_those_that_exist():
    assert str(unknown_fault("X", "y", ("a", "b"))) == "simulated X: no fault 'y'; it has a, b"
