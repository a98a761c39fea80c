"""A simulated Thorlabs DC4100 four-channel LED driver.

Commands: Thorlabs/Current_And_Temperature_Controller_Examples, "DC410x LED Controllers/README.md".
Status bits and the coercion of a current to its limit: DC4100 operation manual rev 2.2, page 28.
Set commands are not answered; ``E?`` tells what became of them. Error numbers other than 0 are not
public: those here only say that there was one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulators.instrument import JSON, LineBuffer, SwitchLog, World, unknown_fault

_RANGE_MA = 1000
_BIT_SUPPLY = 1
_BIT_OVER_TEMPERATURE = 3
_BIT_NO_LED = 5  # and every second bit up, by channel; the bit below each says "changed"
_BIT_LED_OPEN = 13
_BIT_LIMIT = 21

_NO_ERROR = "ERROR 0:No Error"
_UNKNOWN = "ERROR 1:Unknown command"
_OUT_OF_RANGE = "ERROR 2:Value out of range"
_LIMIT = "ERROR 3:Limit above maximum"


@dataclass(frozen=True, kw_only=True)
class LedHead:
    """What a head's memory says."""

    number: int
    wavelength_nm: float
    limit_ma: int
    name: str = "LED"


class _RefusedError(Exception):
    """A command that sets the error register; the message is what the register then holds."""


class _Channel:
    """Settings and condition of one output."""

    def __init__(self, head: LedHead | None) -> None:
        self.head = head
        self.limit_ma = head.limit_ma if head else 0
        self.current_ma = 0
        self.percent = 0.0
        self.on = False
        self.unlocked = True
        self.open = False
        self.at_limit = False
        self.emitted_ma = 0.0

    @property
    def maximum_ma(self) -> int:
        return self.head.limit_ma if self.head else 0


class ThorlabsDC4100:
    """The driver with its heads; it tells the world which LED gets which current.

    Args:
        world: Hears of every change of a current.
        heads: The LED heads that are plugged in; a channel without one stays dark.
        serial_number: Answer to ``S?``.
        firmware: Answer to ``V?``.
    """

    fault_kinds = ("led-open", "no-led", "over-temperature", "supply")

    def __init__(
        self,
        world: World,
        *,
        heads: Sequence[LedHead],
        serial_number: str = "M00274731",
        firmware: str = "1.5.0",
    ) -> None:
        self._world = world
        self._heads = {head.number: head for head in heads}
        self._identity = {
            "N": "DC4100",
            "S": serial_number,
            "V": firmware,
            "H": "Thorlabs",
            "CD": "03-MAR-2026",
        }
        self._lines = LineBuffer(b"\n")
        self._log = SwitchLog()
        self._faults: set[tuple[str, int]] = set()
        self._channels = [_Channel(self._heads.get(number)) for number in range(4)]
        self._reset()
        self._setters: dict[str, tuple[int, Callable[[Sequence[str]], None]]] = {
            "M": (1, self._set_mode),
            "SM": (1, self._set_selection),
            "B": (1, self._set_display),
            "O": (2, self._set_output),
            "CC": (2, self._set_current),
            "L": (2, self._set_limit),
            "ML": (2, self._set_maximum),
            "BP": (2, self._set_percent),
            "A": (2, self._set_lock),
        }

    # -- the instrument

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return the replies."""
        replies: list[str] = []
        for line in self._lines.feed(data):
            text = line.decode("ascii", "replace").strip().upper()
            if not text:
                continue
            reply = self._execute(text)
            if reply is not None:
                replies.append(f"{reply}\r\n")
            else:  # a question changes nothing
                self._apply(now_s)
        return "".join(replies).encode("ascii", "replace")

    def poll(self, now_s: float) -> bytes:
        """Do nothing: the driver speaks only when spoken to."""
        return b""

    def next_event_s(self) -> float | None:
        """Return None: nothing happens by itself."""
        return None

    def line_closed(self, now_s: float) -> None:
        """Forget half a command. The light stays as it is."""
        self._lines.clear()

    def power_cycle(self, now_s: float) -> None:
        """Start dark, with the limits of the heads."""
        self._channels = [_Channel(self._heads.get(number)) for number in range(4)]
        self._reset()
        self._lines.clear()
        for number in self._heads:
            self._world.set_light(now_s, number, 0.0)
        self._log.add(now_s, "power on")
        self._apply(now_s)

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Open an LED or unplug it (by channel), overheat the chassis or fail the supply."""
        if kind not in self.fault_kinds:
            raise unknown_fault("DC4100", kind, self.fault_kinds)
        number = channel if kind in {"led-open", "no-led"} else 0
        if on:
            self._faults.add((kind, number))
        else:
            self._faults.discard((kind, number))
        self._apply(now_s)

    def state(self) -> dict[str, JSON]:
        """Return what is lit, whatever the commands said."""
        channels: dict[str, JSON] = {
            str(number): {
                "on": channel.on,
                "current_ma": channel.emitted_ma,
                "set_current_ma": channel.current_ma,
                "limit_ma": channel.limit_ma,
            }
            for number, channel in enumerate(self._channels)
        }
        emitting = any(channel.emitted_ma > 0 for channel in self._channels)
        return {
            "safe": not any(channel.on for channel in self._channels),
            "emitting": emitting,
            "channels": channels,
            "mode": self._mode,
            "log": self._log.entries(),
        }

    # -- commands

    def _reset(self) -> None:
        self._mode = 0
        self._selection = 0
        self._display_percent = 50
        self._error = _NO_ERROR
        self._latches = 0
        self._condition = self._conditions()

    def _execute(self, text: str) -> str | None:
        command, _, rest = text.partition(" ")
        words = rest.split()
        try:
            if command.endswith("?"):
                return self._query(command[:-1], words)
            if command not in self._setters:
                raise _RefusedError(_UNKNOWN)
            count, setter = self._setters[command]
            if len(words) != count:
                raise _RefusedError(_UNKNOWN)
            setter(words)
        except _RefusedError as refused:
            self._error = str(refused)
        return None

    def _query(self, name: str, words: Sequence[str]) -> str:
        plain: Mapping[str, Callable[[], str]] = {
            "E": self._take_error,
            "R": self._take_status,
            "M": lambda: str(self._mode),
            "SM": lambda: str(self._selection),
            "B": lambda: str(self._display_percent),
        }
        if name in self._identity and not words:
            return self._identity[name]
        if name in plain and not words:
            return plain[name]()
        if len(words) != 1:
            raise _RefusedError(_UNKNOWN)
        channel = self._channels[self._number(words[0])]
        head = channel.head
        by_channel: Mapping[str, str] = {
            "O": str(int(channel.on)),
            "CC": str(channel.current_ma),
            "L": str(channel.limit_ma),
            "ML": str(channel.maximum_ma),
            "BP": f"{channel.percent:.1f}",
            "A": str(int(channel.unlocked)),
            "WL": f"{head.wavelength_nm:g}" if head else "0",
            "HN": head.name if head else "",
            "HS": f"M0030{head.number:04d}" if head else "",
            "FB": "3.8" if head else "0.0",
        }
        if name not in by_channel:
            raise _RefusedError(_UNKNOWN)
        return by_channel[name]

    def _take_error(self) -> str:
        error, self._error = self._error, _NO_ERROR
        return error

    def _take_status(self) -> str:
        register = self._condition | self._latches
        self._latches = 0
        return str(register)

    def _set_mode(self, words: Sequence[str]) -> None:
        mode = _whole(words[0], 0, 2)
        if mode != self._mode:
            self._mode = mode
            for channel in self._channels:
                channel.on = False

    def _set_selection(self, words: Sequence[str]) -> None:
        self._selection = _whole(words[0], 0, 1)
        if self._selection and sum(channel.on for channel in self._channels) > 1:
            for channel in self._channels:
                channel.on = False

    def _set_display(self, words: Sequence[str]) -> None:
        self._display_percent = _whole(words[0], 0, 100)

    def _set_output(self, words: Sequence[str]) -> None:
        numbers, on = self._numbers(words[0]), bool(_whole(words[1], 0, 1))
        if on and self._selection:
            for channel in self._channels:
                channel.on = False
        for number in numbers:
            channel = self._channels[number]
            channel.on = on and channel.unlocked

    def _set_current(self, words: Sequence[str]) -> None:
        channel = self._channels[self._number(words[0])]
        asked_ma = _whole(words[1], 0, _RANGE_MA)
        channel.current_ma = min(asked_ma, channel.limit_ma)
        channel.at_limit = asked_ma > channel.limit_ma

    def _set_limit(self, words: Sequence[str]) -> None:
        channel = self._channels[self._number(words[0])]
        limit_ma = _whole(words[1], 0, _RANGE_MA)
        if limit_ma > channel.maximum_ma:
            raise _RefusedError(_LIMIT)
        channel.limit_ma = limit_ma
        channel.at_limit = channel.current_ma > limit_ma
        channel.current_ma = min(channel.current_ma, limit_ma)

    def _set_maximum(self, words: Sequence[str]) -> None:
        _whole(words[1], 0, _RANGE_MA)
        if self._channels[self._number(words[0])].head:
            raise _RefusedError(_LIMIT)  # the head's own memory rules

    def _set_percent(self, words: Sequence[str]) -> None:
        try:
            percent = float(words[1])
        except ValueError:
            raise _RefusedError(_OUT_OF_RANGE) from None
        if not 0.0 <= percent <= 100.0:
            raise _RefusedError(_OUT_OF_RANGE)
        for number in self._numbers(words[0]):
            self._channels[number].percent = round(percent, 1)

    def _set_lock(self, words: Sequence[str]) -> None:
        unlocked = bool(_whole(words[1], 0, 1))
        for number in self._numbers(words[0]):
            channel = self._channels[number]
            channel.unlocked = unlocked
            channel.on = channel.on and unlocked

    def _number(self, word: str) -> int:
        return _whole(word, 0, len(self._channels) - 1)

    def _numbers(self, word: str) -> Sequence[int]:
        return range(len(self._channels)) if word == "-1" else (self._number(word),)

    # -- condition and light

    def _has(self, kind: str, number: int = 0) -> bool:
        return (kind, number) in self._faults

    def _conditions(self) -> int:
        register = 0
        if self._has("supply"):
            register |= 1 << _BIT_SUPPLY
        if self._has("over-temperature"):
            register |= 1 << _BIT_OVER_TEMPERATURE
        for number, channel in enumerate(self._channels):
            if channel.head is None or self._has("no-led", number):
                register |= 1 << (_BIT_NO_LED + 2 * number)
            if channel.open:
                register |= 1 << (_BIT_LED_OPEN + 2 * number)
            if channel.at_limit:
                register |= 1 << (_BIT_LIMIT + 2 * number)
        return register

    def _apply(self, now_s: float) -> None:
        """Let the faults switch off what they must, then drive the LEDs."""
        tripped = self._has("over-temperature") or self._has("supply")
        for number, channel in enumerate(self._channels):
            if self._has("led-open", number):
                channel.open = channel.open or channel.on  # seen when current should flow
            else:
                channel.open = False
            missing = channel.head is None or self._has("no-led", number)
            if tripped or channel.open or missing:
                channel.on = False
            self._drive(now_s, number, channel)
        condition = self._conditions()
        self._latches |= (condition ^ self._condition) >> 1
        self._condition = condition

    def _drive(self, now_s: float, number: int, channel: _Channel) -> None:
        wanted_ma = 0.0
        if channel.on and self._mode == 0:
            wanted_ma = float(channel.current_ma)
        elif channel.on and self._mode == 1:
            wanted_ma = channel.limit_ma * channel.percent / 100.0
        if wanted_ma == channel.emitted_ma:
            return
        if (wanted_ma > 0) != (channel.emitted_ma > 0):
            self._log.add(now_s, f"channel {number} {'on' if wanted_ma > 0 else 'off'}")
        channel.emitted_ma = wanted_ma
        self._world.set_light(now_s, number, wanted_ma)


def from_table(table: Mapping[str, Any], world: World) -> ThorlabsDC4100:
    """Make the driver of a ``[device.*]`` table of a bench file."""
    heads = [
        LedHead(
            number=int(channel["number"]),
            wavelength_nm=float(channel["wavelength_nm"]),
            limit_ma=int(channel.get("limit_ma", _RANGE_MA)),
            name=f"M{float(channel['wavelength_nm']):.0f}D2",
        )
        for channel in table.get("channel", ())
    ]
    return ThorlabsDC4100(world, heads=heads)


def _whole(word: str, lowest: int, highest: int) -> int:
    try:
        value = int(word)
    except ValueError:
        raise _RefusedError(_OUT_OF_RANGE) from None
    if not lowest <= value <= highest:
        raise _RefusedError(_OUT_OF_RANGE)
    return value
