"""A driver on a simulated instrument, without sockets and threads."""

import time

from instruments.bench_models import MODELS
from instruments.links import Direction, Link


class SimulatorWire:
    """Hands bytes straight to a simulator, whose time can be skipped."""

    def __init__(self, instrument, tamper):
        self.instrument = instrument
        self.tamper = tamper
        self.skipped_s = 1000.0 - time.monotonic()
        self.waiting = b""

    @property
    def now_s(self):
        return time.monotonic() + self.skipped_s

    def send(self, data, timeout_s):
        self.waiting += self.instrument.feed(self.tamper(data), self.now_s)

    def receive(self, timeout_s):
        if not self.waiting:
            due_s = self.instrument.next_event_s()
            if due_s is not None and due_s <= self.now_s + timeout_s:
                self.skipped_s += max(0.0, due_s - self.now_s)
                self.waiting += self.instrument.poll(self.now_s)
        data, self.waiting = self.waiting, b""
        return data

    def pass_time(self, seconds):
        self.skipped_s += seconds
        self.waiting += self.instrument.poll(self.now_s)

    def is_gone(self):
        return False

    def interrupt(self):
        pass

    def close(self):
        pass


class Wired:
    """A driver, the simulator at the other end of its wire, and what went over it."""

    def __init__(self, model, make_driver, instrument, tamper=lambda data: data):
        instrument.power_cycle(1000.0)
        about = MODELS[model]
        self.instrument = instrument
        self.wire = SimulatorWire(instrument, tamper)
        self.link = Link(
            "SIMULATOR",
            name=model,
            read_termination=about.read_termination,
            write_termination=about.write_termination,
            opener=lambda timeout_s: self.wire,
            reconnect_delays_s=(),
        )
        self.driver = make_driver(self.link)

    def state(self):
        return self.instrument.state()

    def sent(self):
        entries = self.link.wire_log.entries()
        return [entry.data for entry in entries if entry.direction is Direction.SENT]
