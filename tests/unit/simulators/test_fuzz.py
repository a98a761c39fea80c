"""Whatever arrives, a simulator neither raises nor hangs nor grows."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.simulators.build import MODELS, simulator, transcript

_WORDS = {
    "thorlabs-dc2100": [b"O 1", b"CC ", b"L ", b"E?", b"R?", b"PC ", b"M 1", b"\r\n"],
    "thorlabs-dc2200": [b"OUTPUT1:STATE ", b"ON", b"SOURCE1:", b"CCURENT:CURRENT ", b"?", b"\n"],
    "coolled-pe300": [b"CSS", b"ASN050", b"BXF100", b"CSN", b"CA", b"I99", b"?", b"\r"],
    "coolled-pe4000": [b"CSS", b"DSN050", b"LOAD:", b"770", b"LAMS", b"CDS", b"\r"],
    "omnicure-s2000": [b"CONN18\r", b"OPN40\r", b"SIL", b"GUSFA", b"CLS3A", b"\r"],
    "alicat-mc": [b"A", b"AS", b"500.00", b"AR122", b"AW122=", b"A$$L", b"\r"],
    "thorlabs-dc4100": [b"O ", b"CC ", b"L ", b"E?", b"R?", b"M ", b"BP ", b"-1", b"\r\n"],
    "newera-ne1000": [b"RAT", b"RUN", b"STP", b"SAF1", b"VOL", b"\r", b"\x02\x08SAF0UC\x03", b"*"],
    "zaber-ascii": [b"/1 1 ", b"move abs ", b"move vel ", b"home", b"stop", b":", b"set ", b"\n"],
    "thorlabs-pm100d": [b"MEAS:POW?", b"SENS:", b"AVER ", b";", b"INIT", b"SYST:ERR?", b"\n"],
    "ika-plate": [b"OUT_SP_1 ", b"OUT_SP_4 ", b"START_1", b"START_4", b"OUT_WD1@", b" \r\n"],
    "mt-sics": [b"SIR", b"SNR", b"SR ", b"TA ", b" g", b"Z", b"T", b"C3", b"@", b"\r\n"],
    "sartorius-sbi": [b"\x1bP", b"\x1bT", b"\x1bV", b"\x1bZ", b"\x1bx", b"_", b"\r\n"],
    "thorlabs-sc10": [b"ens", b"mode=2", b"mode=4", b"trig=", b"rep=", b"ens?", b"\r"],
    "thorlabs-fw102c": [b"pos=", b"pos=4", b"speed=0", b"pos?", b"\r", b"\n"],
}


def pieces_of(model):
    exchanges = transcript(model)["exchange"]
    requests = [
        bytes.fromhex(e["send_hex"]) if "send_hex" in e else e["send"].encode("latin-1")
        for e in exchanges
    ]
    words = st.sampled_from([*requests, *_WORDS.get(model, [])])
    numbers = st.integers(-5, 10**6).map(lambda value: str(value).encode())
    broken = st.tuples(st.sampled_from(requests), st.integers(0, 63)).map(
        lambda cut: cut[0][cut[1] :]
    )
    return st.lists(st.tuples(st.binary(max_size=80) | words | numbers | broken, st.floats(0, 20)))


@pytest.mark.parametrize("model", MODELS)
def test_no_bytes_make_a_simulator_raise_or_hang(model):
    @settings(max_examples=60, deadline=None)
    @given(pieces=pieces_of(model))
    def survives(pieces):
        instrument = simulator(model)
        now_s = 1000.0
        for data, pause_s in pieces:
            assert isinstance(instrument.feed(data, now_s), bytes)
            until_s = now_s + pause_s
            for _ in range(200):
                due_s = instrument.next_event_s()
                if due_s is None or due_s > until_s:
                    break
                now_s = max(now_s, due_s)
                instrument.poll(now_s)
            else:
                pytest.fail("the simulator always has something to do")
            now_s = until_s
        assert isinstance(instrument.state()["safe"], bool)

    survives()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("rubbish", [b"A", b"\x02", b"\xc1\xc0", b"/1 ", b"\xff", b"1;", b"\r\n"])
def test_a_flood_of_rubbish_is_not_kept(model, rubbish):
    instrument = simulator(model)
    for _ in range(20):
        instrument.feed(rubbish * 5000, 1000.0)
    world_free = {
        name: value
        for name, value in vars(instrument).items()
        if name in {"_lines", "_framing", "_reader", "_waiting", "_queue", "_errors", "_alerts"}
    }
    assert len(pickle.dumps(world_free)) < 100_000


@pytest.mark.parametrize("model", MODELS)
def test_the_state_is_plain_data_and_says_whether_it_is_safe(model):
    import json

    state = simulator(model).state()
    assert json.loads(json.dumps(state)) == state
    assert state["safe"] is True
    assert isinstance(state["log"], list)
