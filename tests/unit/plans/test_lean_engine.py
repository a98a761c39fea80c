"""Orders and waits are carried out alike with and without somebody who reads the traces."""

import pytest
from bluesky.utils import Msg
from opentelemetry import trace

from instruments.tasks import Status, start_task
from plans import lean_engine
from plans.engine import Engine


class Tracers(trace.TracerProvider):
    """A provider that somebody has set."""

    def get_tracer(self, *_, **__):
        return trace.NoOpTracer()


class Motor:
    name = "motor"
    parent = None

    def __init__(self):
        self.moves = []

    def set(self, value, *, speed=1):
        if value is None:
            raise ValueError("motor: where to?")
        self.moves.append((value, speed))
        status = Status(self)
        start_task(lambda: None if value < 10 else 1 / 0, status, self.name)
        return status

    def read(self):
        return {}

    describe = read_configuration = describe_configuration = read

    def stop(self, *, success=False):
        self.moves.append("stop")


def move(motor, *values):
    for value in values:
        yield Msg("set", motor, value, speed=3, group="a")
    yield Msg("wait", None, group="a")


@pytest.fixture(params=[True, False], ids=["traced", "untraced"])
def engine(request, monkeypatch, virtual_clock):
    if request.param:
        monkeypatch.setattr(lean_engine, "get_tracer_provider", Tracers)
    with Engine() as made:
        yield made


def test_what_is_set_is_waited_for(engine):
    motor = Motor()
    outcome = engine.run(move(motor, 1, 2))
    assert outcome.error is None
    assert motor.moves == [(1, 3), (2, 3), "stop"]


def test_an_order_that_fails_ends_the_plan(engine):
    outcome = engine.run(move(Motor(), 1, 11))
    assert outcome.exit_status == "fail"
    assert "division by zero" in f"{outcome.reason} {outcome.error} {outcome.error.__cause__}"


def test_an_order_that_is_refused_ends_the_plan(engine):
    outcome = engine.run(move(Motor(), None))
    assert isinstance(outcome.error, ValueError)
    assert outcome.reason.endswith("motor: where to?")


def test_what_cannot_be_set_is_refused(engine):
    outcome = engine.run(iter([Msg("set", object(), 1, group="a")]))
    assert outcome.exit_status == "fail"
    assert "Movable" in str(outcome.error)
