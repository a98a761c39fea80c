"""The log of the bytes."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from instruments.links import Direction, WireLog


def filled():
    log = WireLog(10)
    log.add(Direction.EVENT, "connected")
    log.add(Direction.SENT, b"O? 1\r\n")
    log.add(Direction.RECEIVED, b"0\r\n")
    log.add(Direction.SENT, b"\xc1\xc0")
    log.add(Direction.DISCARDED, b"stale")
    return log


def test_a_log_keeps_the_last_entries():
    log = WireLog(2)
    for number in range(5):
        log.add(Direction.SENT, str(number))
    assert [entry.data for entry in log.entries()] == [b"3", b"4"]


def test_a_log_reads_as_text(virtual_clock, tmp_path):
    log = filled()
    lines = log.as_text().splitlines()
    assert lines[0] == "2026-01-01 10:00:00.000000 # connected"
    assert [line[27:] for line in lines[1:]] == [
        r"> O? 1\r\n",
        r"< 0\r\n",
        r"> \xc1\xc0",
        "x stale",
    ]
    log.save_text(tmp_path / "log.txt")
    assert (tmp_path / "log.txt").read_text() == log.as_text()


def test_a_log_becomes_a_transcript(tmp_path):
    filled().save_transcript(tmp_path / "log.toml")
    assert tomllib.loads((tmp_path / "log.toml").read_text())["exchange"] == [
        {"send": "O? 1\r\n", "reply": "0\r\n"},
        {"send_hex": "c1 c0", "reply": ""},
    ]


def test_what_came_unasked_is_an_answer_to_nothing():
    log = WireLog(10)
    log.add(Direction.RECEIVED, b"hello\n")
    assert tomllib.loads(log.as_transcript())["exchange"] == [{"send": "", "reply": "hello\n"}]


@given(st.lists(st.tuples(st.binary(), st.binary()), max_size=4))
def test_a_transcript_gives_the_bytes_back(exchanges):
    log = WireLog(100)
    for send, reply in exchanges:
        log.add(Direction.SENT, send)
        log.add(Direction.RECEIVED, reply)

    def value(table, key):
        if key in table:
            return table[key].encode()
        return bytes.fromhex(table[f"{key}_hex"])

    tables = tomllib.loads(log.as_transcript()).get("exchange", [])
    assert [(value(t, "send"), value(t, "reply")) for t in tables] == exchanges
