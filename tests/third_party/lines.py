"""Joints between our side and other people's."""

from instruments.bench_models import MODELS
from instruments.links import Link


class LineSimulatorWire:
    """Hands lines to a simulator of the labmcp family and its answers back."""

    def __init__(self, simulator, write_termination, read_termination):
        self.simulator = simulator
        self.write_termination = write_termination.encode()
        self.read_termination = read_termination
        self.heard = b""
        self.waiting = b""

    def send(self, data, timeout_s):
        self.heard += data
        while self.write_termination in self.heard:
            line, _, self.heard = self.heard.partition(self.write_termination)
            reply = self.simulator.handle(line.decode("ascii"))
            lines = [] if reply is None else [reply] if isinstance(reply, str) else reply
            self.waiting += "".join(part + self.read_termination for part in lines).encode()

    def receive(self, timeout_s):
        data, self.waiting = self.waiting, b""
        return data

    def is_gone(self):
        return False

    def interrupt(self):
        pass

    def close(self):
        pass


def link_to(simulator, model):
    """Return a link of ours to a simulator of others."""
    about = MODELS[model]
    wire = LineSimulatorWire(simulator, about.write_termination, about.read_termination)
    return Link(
        "OTHERS",
        name=model,
        read_termination=about.read_termination,
        write_termination=about.write_termination,
        timeout_s=0.2,
        opener=lambda timeout_s: wire,
        reconnect_delays_s=(),
    )
