import pytest

from simulators.faults import Faults, Piece

REPLY = b"0123456789"


@pytest.fixture
def faults():
    return Faults(lambda kind, on, channel: None)


def data_of(pieces):
    return [piece.data for piece in pieces]


def test_without_a_fault_a_reply_leaves_whole_and_at_once(faults):
    assert faults.take_request(b"ask") == b"ask"
    assert faults.take_reply(REPLY) == [Piece(data=REPLY)]
    assert faults.spoilt == 0


def test_a_late_reply_is_held_back_once(faults):
    faults.late(2.5)
    assert faults.take_reply(REPLY) == [Piece(data=REPLY, after_s=2.5)]
    assert faults.take_reply(REPLY) == [Piece(data=REPLY)]
    assert faults.spoilt == 1


def test_a_fault_counts_its_exchanges_after_those_it_skips(faults):
    faults.drop(exchanges=2, skip=3)
    left = [bool(faults.take_reply(REPLY)) for _ in range(7)]
    assert left == [True, True, True, False, False, True, True]


def test_a_fault_without_a_number_stays_until_cleared(faults):
    faults.drop(exchanges=None)
    assert [faults.take_reply(REPLY) for _ in range(5)] == [[]] * 5
    faults.clear()
    assert faults.take_reply(REPLY)
    assert faults.spoilt == 5


def test_faults_wait_for_each_other(faults):
    faults.truncate(4)
    faults.disconnect()
    faults.late(1.0)
    assert faults.take_reply(REPLY) == [Piece(data=b"0123")]
    assert faults.take_reply(REPLY) == [Piece(data=b"01234", then_close=True)]
    assert faults.take_reply(REPLY) == [Piece(data=REPLY, after_s=1.0)]


def test_a_lost_request_never_arrives(faults):
    faults.lose(skip=1)
    assert [faults.take_request(b"ask") for _ in range(3)] == [b"ask", b"", b"ask"]
    assert faults.take_reply(REPLY) == [Piece(data=REPLY)]


def test_a_garbled_reply_is_as_long_and_no_ascii(faults):
    faults.garble()
    (piece,) = faults.take_reply(REPLY)
    assert len(piece.data) == len(REPLY)
    assert not piece.data.isascii()
    assert piece.data[1:3] == REPLY[1:3]


def test_single_bytes_leave_with_a_gap(faults):
    faults.one_byte_at_a_time(0.01)
    pieces = faults.take_reply(REPLY)
    assert b"".join(data_of(pieces)) == REPLY
    assert {len(piece.data) for piece in pieces} == {1}
    assert {piece.after_s for piece in pieces} == {0.01}


@pytest.mark.parametrize("bytes_per_s", [1.0, 960.0, 1e9])
def test_a_slow_line_takes_the_time_that_its_speed_says(faults, bytes_per_s):
    faults.slow(bytes_per_s)
    pieces = faults.take_reply(REPLY * 100)
    assert b"".join(data_of(pieces)) == REPLY * 100
    assert sum(piece.after_s for piece in pieces) == pytest.approx(1000 / bytes_per_s)


@pytest.mark.parametrize("keywords", [{"exchanges": 0}, {"skip": -1}])
def test_a_fault_that_makes_no_sense_is_refused(faults, keywords):
    with pytest.raises(ValueError, match="exchanges >= 1 and skip >= 0"):
        faults.drop(**keywords)


def test_a_fault_of_the_instrument_is_passed_on():
    seen = []
    faults = Faults(lambda *switched: seen.append(switched))
    faults.device("led-open", channel=2)
    faults.device("stall", on=False)
    assert seen == [("led-open", True, 2), ("stall", False, 0)]
