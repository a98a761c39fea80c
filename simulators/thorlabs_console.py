"""The command line of Thorlabs controllers."""

from collections.abc import Callable

from simulators.instrument import LineBuffer

PROMPT = b"> "
UNKNOWN = "Command error CMD_NOT_DEFINED"
INVALID = "Command error CMD_ARG_INVALID"


class Console:
    """Echoes every byte and gives each line that ends in CR to a function.

    Args:
        execute: Takes a line and returns what stands between echo and prompt, with its terminator.
    """

    def __init__(self, execute: Callable[[str, float], bytes]) -> None:
        self._execute = execute
        self._lines = LineBuffer(b"\r")

    def feed_byte(self, byte: bytes, now_s: float) -> bytes:
        """Take one byte and return what the controller sends because of it, without the prompt."""
        if byte == b"\n":  # of a host that ends its lines in CR LF
            return b""
        out = byte
        for line in self._lines.feed(byte):
            out += self._execute(line.decode("ascii", "replace").strip().lower(), now_s)
        return out

    def clear(self) -> None:
        """Forget a line that has only begun."""
        self._lines.clear()


def whole(text: str, lowest: int, highest: int) -> int | None:
    """Return a whole number of a command, None for one that is not taken."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        return None
    value = int(text)
    return value if lowest <= value <= highest else None
