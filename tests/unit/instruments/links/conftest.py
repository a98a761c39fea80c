"""A device on a real socket whose behaviour a test can script."""

import contextlib
import select
import socket
import threading
import time

import pytest

from instruments.links import Link


def echo(question):
    """Answer every question with itself, which tells swapped answers."""
    yield b"re " + question + b"\n"


class Device:
    """Serves one TCP port; ``answer`` turns a question into bytes, pauses (s) and CLOSE."""

    CLOSE = object()

    def __init__(self):
        self.answer = echo
        self.questions = []
        self.connections_made = 0
        self._connections = {}
        self._listener = None
        self._port = 0
        self._wake, self._woken = socket.socketpair()
        self._thread = None

    @property
    def address(self):
        return f"TCPIP::127.0.0.1::{self._port}::SOCKET"

    def plug(self):
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self._port))
        self._listener.listen()
        self._port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, name="test-device", daemon=True)
        self._thread.start()

    def unplug(self):
        if self._thread is not None:
            self._wake.send(b"x")
            self._thread.join(5)
            self._thread = None

    def close(self):
        self.unplug()
        self._wake.close()
        self._woken.close()

    def _serve(self):
        while True:
            readable, _, _ = select.select(
                [self._woken, self._listener, *self._connections], [], [], 60
            )
            if self._woken in readable:
                self._woken.recv(1)
                break
            for ready in readable:
                if ready is self._listener:
                    self._connections[self._listener.accept()[0]] = b""
                    self.connections_made += 1
                else:
                    self._hear(ready)
        for connection in (self._listener, *self._connections):
            connection.close()
        self._connections.clear()

    def _hear(self, connection):
        with contextlib.suppress(OSError):
            data = connection.recv(65536)
            if not data:
                self._hang_up(connection)
                return
            *questions, rest = (self._connections[connection] + data).split(b"\n")
            self._connections[connection] = rest
            for question in questions:
                self.questions.append(question.decode())
                for step in self.answer(question):
                    if step is self.CLOSE:
                        self._hang_up(connection)
                        return
                    if isinstance(step, float):
                        time.sleep(step)
                    else:
                        connection.sendall(step)

    def _hang_up(self, connection):
        self._connections.pop(connection)
        connection.close()


@pytest.fixture
def device():
    served = Device()
    served.plug()
    yield served
    served.close()


@pytest.fixture
def link(device):
    line = Link(device.address, name="lamp")
    yield line
    line.close()
