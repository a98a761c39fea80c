"""Events of a stream: the first is checked whole, the others by their keys."""

import numpy as np
import pytest
from bluesky.utils import Msg
from event_model import EventModelValidationError

from plans.bundling import EventOfStream
from plans.engine import Engine


def test_every_event_of_a_stream_is_composed_and_counted(virtual_clock):
    documents = []
    with Engine(callbacks=[lambda name, doc: documents.append((name, doc))]) as engine:
        outcome = engine.run(three_events(Sensor()))
    assert outcome.exit_status == "success"
    events = [doc for name, doc in documents if name == "event"]
    assert [event["seq_num"] for event in events] == [1, 2, 3]
    assert [event["data"]["sensor"].sum() for event in events] == [8, 16, 24]
    assert len({event["uid"] for event in events}) == 3


@pytest.mark.parametrize("which", ["data", "timestamps"])
@pytest.mark.parametrize("change", [{"other": 1.0}, None])
def test_a_later_event_with_other_keys_is_refused_with_their_names(which, change):
    composed = []
    compose = EventOfStream(lambda **said: composed.append(said) or said, {"sensor": {}})
    good = {"data": {"sensor": 1.0}, "timestamps": {"sensor": 2.0}}
    compose(**good)
    bad = dict(good)
    bad[which] = {**good[which], **change} if change else {}
    with pytest.raises(EventModelValidationError, match="other" if change else "sensor"):
        compose(**bad)
    assert len(composed) == 1


def test_only_the_first_event_is_held_against_the_schema():
    checks = []

    def compose(*, validate=True, **said):
        checks.append(validate)
        return said

    event = EventOfStream(compose, {"sensor": {}})
    for _ in range(3):
        event(data={"sensor": 1.0}, timestamps={"sensor": 2.0}, filled={})
    assert checks == [True, False, False]


def test_a_first_event_that_fails_is_checked_again():
    checks = []

    def compose(*, validate=True, **said):
        checks.append(validate)
        raise EventModelValidationError("no event")

    event = EventOfStream(compose, {"sensor": {}})
    for _ in range(2):
        with pytest.raises(EventModelValidationError):
            event(data={}, timestamps={})
    assert checks == [True, True]


class Sensor:
    """Reads an array that grows."""

    name, parent = "sensor", None

    def __init__(self):
        self.reads = 0

    def read(self):
        self.reads += 1
        return {"sensor": {"value": np.full(8, self.reads), "timestamp": 0.0}}

    def describe(self):
        return {"sensor": {"source": "test", "dtype": "array", "shape": [8]}}

    def read_configuration(self):
        return {}

    def describe_configuration(self):
        return {}


def three_events(sensor):
    yield Msg("open_run")
    for _ in range(3):
        yield Msg("create", name="primary")
        yield Msg("read", sensor)
        yield Msg("save")
    yield Msg("close_run")
