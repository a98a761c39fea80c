"""A line that plays a script instead of a device.

It checks every byte that is sent and answers as written, without waiting: a driver can be held
against the exchanges of a manual.
"""

from collections.abc import Iterable
from typing import Any

from instruments.links.link import Link
from instruments.links.visa import Wire

Bytes = bytes | str
Reply = Bytes | OSError


class ScriptedLink(Link):
    """A link whose other side is a list of questions and answers.

    Args:
        pairs: what must be sent, and what is answered: bytes (a string stands for its ASCII
            bytes), with all terminations. Nothing to send means an answer that comes unasked;
            nothing to answer means that reading times out; an `OSError` breaks the line.
        name: name of the device, for messages.
        **kwargs: as for `Link`.
    """

    def __init__(
        self, pairs: Iterable[tuple[Bytes, Reply]], *, name: str = "scripted", **kwargs: Any
    ) -> None:
        self._script = _Script(pairs)
        kwargs.setdefault("reconnect_delays_s", ())
        super().__init__("SCRIPTED", name=name, opener=self._play, **kwargs)

    def _play(self, timeout_s: float) -> Wire:
        return self._script

    def assert_finished(self) -> None:
        """Check that all was sent and all was read.

        Raises:
            AssertionError: it was not.
        """
        self._script.assert_finished(self.unread)


class _Script:
    """The other side of a scripted link."""

    def __init__(self, pairs: Iterable[tuple[Bytes, Reply]]) -> None:
        self._pairs = [(_bytes(send), _reply(reply)) for send, reply in pairs]
        self._sent = b""
        self._waiting: list[bytes | OSError] = []
        self._play_unasked()

    def send(self, data: bytes, timeout_s: float) -> None:
        if self._waiting:
            raise AssertionError(f"{data!r} was sent while {self._waiting!r} is still unread")
        if not self._pairs:
            raise AssertionError(f"{data!r} was sent after the end of the script")
        expected, reply = self._pairs[0]
        self._sent += data
        if not expected.startswith(self._sent):
            raise AssertionError(f"{self._sent!r} was sent instead of {expected!r}")
        if self._sent == expected:
            self._sent = b""
            del self._pairs[0]
            if reply != b"":
                self._waiting.append(reply)
            self._play_unasked()

    def receive(self, timeout_s: float) -> bytes:
        if timeout_s <= 0 or not self._waiting:
            return b""
        reply = self._waiting.pop(0)
        if isinstance(reply, OSError):
            raise reply
        return reply

    def interrupt(self) -> None:
        pass

    def is_gone(self) -> bool:
        return False

    def close(self) -> None:
        pass

    def assert_finished(self, unread: bytes) -> None:
        left = [expected for expected, _ in self._pairs]
        assert not left, f"never sent: {left!r}"
        assert not self._waiting, f"never read: {self._waiting!r}"
        assert not unread, f"never read: {unread!r}"

    def _play_unasked(self) -> None:
        while self._pairs and not self._pairs[0][0]:
            reply = self._pairs.pop(0)[1]
            self._waiting.append(reply)


def _bytes(text: Bytes) -> bytes:
    return text.encode("ascii") if isinstance(text, str) else text


def _reply(reply: Reply) -> bytes | OSError:
    return reply if isinstance(reply, OSError) else _bytes(reply)
