"""Where the next bytes of a USB spectrometer come from."""

from typing import ClassVar, Protocol

_MAX_MESSAGE = 1 << 20


class Replies(Protocol):
    """Which end point the next bytes come from, and how many to ask for."""

    def asked(self, request: bytes) -> None:
        """Note what was sent."""
        ...

    def expected(self) -> tuple[str, int]:
        """Return python-seabreeze's name of the end point, and the length of the read."""
        ...

    def came(self, data: bytes) -> None:
        """Note what has come."""
        ...

    @property
    def stray(self) -> tuple[str, int] | None:
        """Where an answer that was never fetched may lie, and how long it is."""
        ...


class OoiReplies:
    """The older protocol: the command decides.

    Spectra come from an end point of their own: 2048 values of two bytes, a synchronisation byte.
    """

    _LENGTHS: ClassVar = {0x05: 17, 0x6B: 3, 0xFE: 16}
    _SPECTRUM, _SPECTRUM_LENGTH = 0x09, 4097

    def __init__(self) -> None:
        self._mode, self._length, self._left = "low_speed", 17, 17
        self._spectrum_left = 0

    @property
    def stray(self) -> tuple[str, int] | None:
        """Where a spectrum that was never fetched may lie, and how long it is."""
        return ("high_speed", self._SPECTRUM_LENGTH) if self._spectrum_left else None

    def asked(self, request: bytes) -> None:
        """Note what was sent."""
        if request[0] == self._SPECTRUM:
            self._mode, self._length = "high_speed", self._SPECTRUM_LENGTH
            self._spectrum_left = self._length
        elif request[0] in self._LENGTHS:
            self._mode, self._length = "low_speed", self._LENGTHS[request[0]]
        self._left = self._length

    def expected(self) -> tuple[str, int]:
        """Return the end point and the length of the read."""
        return self._mode, self._left

    def came(self, data: bytes) -> None:
        """Note what has come."""
        if self._mode == "high_speed":
            self._spectrum_left = max(0, self._spectrum_left - len(data))
        self._left -= len(data)
        if self._left <= 0:  # what comes now is an answer to a former question
            self._left = self._length


class ObpReplies:
    """The Ocean Binary Protocol: 64 bytes, and what they announce."""

    stray: tuple[str, int] | None = None  # an answer tells which question it belongs to
    _FIRST, _HEADER = 64, 44

    def __init__(self) -> None:
        self._message = bytearray()

    def asked(self, request: bytes) -> None:
        """Forget half a message."""
        self._message.clear()

    def expected(self) -> tuple[str, int]:
        """Return the end point and the length of the read."""
        if len(self._message) < self._HEADER:
            return "low_speed", self._FIRST - len(self._message)
        return "low_speed", self._whole() - len(self._message)

    def came(self, data: bytes) -> None:
        """Note what has come."""
        self._message += data
        if len(self._message) >= self._HEADER and len(self._message) >= self._whole():
            self._message.clear()

    def _whole(self) -> int:
        remaining = int.from_bytes(self._message[40:44], "little")
        return self._HEADER + remaining if remaining <= _MAX_MESSAGE else 0
