"""The simulators answer as the manuals say, however the bytes arrive."""

import random

import pytest

from tests.unit.simulators.build import MODELS, simulator, transcript

BYTE_GAP_S = 1e-5


def whole(data):
    return [data]


def byte_by_byte(data):
    return [data[at : at + 1] for at in range(len(data))]


def at_random(data):
    rng = random.Random(data)
    cuts = sorted(rng.sample(range(len(data) + 1), min(3, len(data))))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True) if a < b]


def request_of(exchange):
    return (
        bytes.fromhex(exchange["send_hex"]) if "send_hex" in exchange else _text(exchange["send"])
    )


def _text(text):
    return text.encode("latin-1")


def length_of_reply(exchange):
    if "reply_length" in exchange:
        return exchange["reply_length"]
    return len(bytes.fromhex(exchange.get("reply_hex", "")) or exchange.get("reply", ""))


def waits_for_answer(instrument, now_s, out, length):
    """Poll as the server does until the answer is complete."""
    while len(out) < length:
        due_s = instrument.next_event_s()
        assert due_s is not None, "an answer is expected and nothing will happen"
        now_s = max(now_s, due_s)
        out += instrument.poll(now_s)
    return out, now_s


def replay(model, cut):
    """Yield exchange and reply for a whole session."""
    instrument = simulator(model)
    now_s = 1000.0
    for exchange in transcript(model)["exchange"]:
        now_s += exchange.get("after_s", 0.0)
        out = instrument.poll(now_s)
        for part in cut(request_of(exchange)):
            out += instrument.feed(part, now_s)
        out, now_s = waits_for_answer(instrument, now_s, out, length_of_reply(exchange))
        yield exchange, out


@pytest.mark.parametrize("cut", [whole, byte_by_byte, at_random])
@pytest.mark.parametrize("model", MODELS)
def test_every_exchange_is_answered_as_the_manual_says(model, cut):
    for exchange, out in replay(model, cut):
        note = exchange["note"]
        if "reply_length" in exchange:
            assert len(out) == exchange["reply_length"], note
            assert out.startswith(bytes.fromhex(exchange["reply_starts_hex"])), note
            assert out.endswith(bytes.fromhex(exchange.get("reply_ends_hex", ""))), note
        elif "reply_hex" in exchange:
            assert out.hex() == exchange["reply_hex"], note
        else:
            assert out == _text(exchange["reply"]), note


@pytest.mark.parametrize("model", MODELS)
def test_every_exchange_says_where_it_comes_from(model):
    session = transcript(model)
    assert session["model"] == model
    assert session["maker"]
    assert session["manual"]
    assert all(exchange["note"] for exchange in session["exchange"])
