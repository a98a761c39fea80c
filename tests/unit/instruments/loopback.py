"""A driver and a simulator mouth to mouth: no socket, no clock, every byte counted."""

import itertools

from instruments.bench_models import MODELS
from instruments.links import Link
from tests.unit.simulators.build import simulator

_QUIET_POLLS = 100


class LoopbackLink(Link):
    """A link whose other side is a simulator.

    Args:
        instrument: The simulator, switched on at 1000 s.
        model: As in a bench file.
    """

    def __init__(self, instrument, model):
        about = MODELS[model]
        self.wire = _SimulatorWire(instrument)
        super().__init__(
            "LOOPBACK",
            name="device",
            timeout_s=0.5,
            read_termination=about.read_termination,
            write_termination=about.write_termination,
            reconnect_delays_s=(),
            opener=lambda timeout_s: self.wire,
        )

    @property
    def sent(self):
        """How many bytes the driver has sent."""
        return self.wire.sent


class _SimulatorWire:
    def __init__(self, instrument):
        self.instrument = instrument
        self.now_s = 1000.0
        self.sent = 0
        self.is_lost = False
        self._waiting = b""

    def send(self, data, timeout_s):
        if self.is_lost:
            self.is_lost = False
            raise ConnectionResetError("unplugged")
        self.sent += len(data)
        self._waiting += self.instrument.feed(data, self.now_s)

    def receive(self, timeout_s):
        if timeout_s <= 0:
            waiting, self._waiting = self._waiting, b""
            return waiting
        for _ in itertools.repeat(None, _QUIET_POLLS):
            due_s = self.instrument.next_event_s()
            if self._waiting or due_s is None:
                break
            self.now_s = max(self.now_s, due_s)
            self._waiting += self.instrument.poll(self.now_s)
        waiting, self._waiting = self._waiting, b""
        return waiting

    def is_gone(self):
        return False

    def interrupt(self):
        pass

    def close(self):
        self.instrument.line_closed(self.now_s)


def driver_and_simulator(model, driver_class, **initial):
    """Return a driver, its link and the simulator at its other end.

    Args:
        model: As in a bench file.
        driver_class: Makes the driver of a link.
        **initial: Of the simulator; without any as the transcript has it.
    """
    instrument = simulator(model, initial=initial or None)
    link = LoopbackLink(instrument, model)
    return driver_class(link), link, instrument
