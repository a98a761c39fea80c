"""A simulated Zaber stage on the ASCII protocol.

Requests, replies and reject reasons: Zaber ASCII Protocol Manual, firmware 7; what the maker's own
zaber-motion 10.3.0 sends and accepts. Warning flags: ``zaber_motion/ascii/warning_flags.py``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulators.instrument import JSON, LineBuffer, SwitchLog, World, unknown_fault
from simulators.zaber_axis import AxisTable, ZaberAxis

_DEFAULT_MAXSPEED = 66052  # 20 mm/s with the microstep of the demonstration bench
_DEFAULT_ACCEL = 205
_LARGEST = 10**9


class _RejectedError(Exception):
    """A command that is answered RJ; the message is the reason."""


@dataclass(frozen=True, kw_only=True)
class _Request:
    device: int
    axis: int
    identity: str
    words: tuple[str, ...]


class ZaberStage:
    """A device with one or more axes; it tells the world what stands in the beam.

    Args:
        world: Hears when the stage sets off and where it comes to rest.
        axes: The axes.
        device_number: Address on the wire, 1 to 99.
        device_id: Product number.
        serial_number: Answer to ``get system.serial``.
        firmware: Answer to ``get version``.
        maxspeed: In microsteps/s x 1.6384, as on the wire.
        tell: Hears it in place of the world, when others carry the stage as well.
    """

    fault_kinds = ("stall", "power-loss")

    def __init__(
        self,
        world: World,
        *,
        axes: Sequence[AxisTable],
        device_number: int = 1,
        device_id: int = 50081,
        serial_number: int = 74823,
        firmware: str = "7.38",
        maxspeed: int = _DEFAULT_MAXSPEED,
        tell: Callable[..., None] | None = None,
    ) -> None:
        self._set_stage = tell or world.set_stage
        self._axes = {
            table.number: ZaberAxis(table, maxspeed=maxspeed, accel=_DEFAULT_ACCEL)
            for table in axes
        }
        self._number = device_number
        self._settings = {
            "device.id": str(device_id),
            "deviceid": str(device_id),
            "system.serial": str(serial_number),
            "version": firmware,
            "version.build": "11803",
            "system.axiscount": str(len(self._axes)),
            "system.access": "1",
            "comm.alert": "0",
            "device.hw.modified": "0",
        }
        self._lines = LineBuffer(b"\r\n")
        self._log = SwitchLog()
        self._alerts: list[str] = []
        self._acknowledged: list[ZaberAxis] = []  # told in this reply, gone in the next
        self._told: tuple[float, float] | None = None
        self._commands: dict[str, Callable[[_Request, float], str]] = {
            "home": self._home,
            "move": self._move,
            "stop": self._stop,
            "estop": self._stop,
            "get": self._get,
            "set": self._set,
            "warnings": self._warnings,
            "renumber": self._renumber,
        }

    # -- the instrument

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return the replies."""
        out = bytearray(self.poll(now_s))
        for line in self._lines.feed(data):
            request = _parse(line.decode("ascii", "replace"))
            if request is not None and request.device in {0, self._number}:
                out += self._answer(request, now_s)
            self._tell(now_s)
        return bytes(out)

    def poll(self, now_s: float) -> bytes:
        """Let axes come to rest; alerts go out if they are on."""
        for number, axis in self._axes.items():
            was_moving = axis.moving
            axis.advance(now_s)
            if was_moving and not axis.moving and self._settings["comm.alert"] != "0":
                self._alerts.append(f"!{self._number:02d} {number} IDLE {self._flag(axis)}\r\n")
        self._tell(now_s)
        alerts, self._alerts = "".join(self._alerts), []
        return alerts.encode("ascii")

    def next_event_s(self) -> float | None:
        """Return when the next axis comes to rest."""
        ends_s = (axis.ends_s for axis in self._axes.values())
        return min((end_s for end_s in ends_s if end_s is not None), default=None)

    def line_closed(self, now_s: float) -> None:
        """Forget half a command. What moves goes on to its target."""
        self._lines.clear()

    def power_cycle(self, now_s: float) -> None:
        """Start at rest and without a reference."""
        for axis in self._axes.values():
            axis.power_cycle(now_s)
        self._lines.clear()
        self._settings["comm.alert"] = "0"
        self._log.add(now_s, "power on")
        self._told = None
        self._tell(now_s)

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Jam an axis ("stall"; channel is its number, 0 is all) or interrupt the power once."""
        if kind not in self.fault_kinds:
            raise unknown_fault("Zaber stage", kind, self.fault_kinds)
        self.poll(now_s)
        if kind == "power-loss":
            if on:
                self.power_cycle(now_s)
            return
        for number, axis in self._axes.items():
            if channel in {0, number}:
                axis.stall(now_s, on=on)
        self._tell(now_s)

    def state(self) -> dict[str, JSON]:
        """Return what moves and where the rest stands."""
        moving = any(axis.moving for axis in self._axes.values())
        axes: dict[str, JSON] = {
            axis.table.name: {
                "moving": axis.moving,
                "homed": axis.homed,
                "position_mm": None if axis.moving else axis.place_mm(),
                "warnings": axis.warnings(),
            }
            for axis in self._axes.values()
        }
        return {"safe": not moving, "moving": moving, "axes": axes, "log": self._log.entries()}

    # -- requests and replies

    def _answer(self, request: _Request, now_s: float) -> bytes:
        chosen = list(self._axes.values())
        flag, data = "OK", "0"
        try:
            if request.axis and request.axis not in self._axes:
                raise _RejectedError("BADAXIS")
            if request.axis:
                chosen = [self._axes[request.axis]]
            if request.words:
                if request.words[0] not in self._commands:
                    raise _RejectedError("BADCOMMAND")
                data = self._commands[request.words[0]](request, now_s)
        except _RejectedError as rejected:
            flag, data = "RJ", str(rejected)
        busy = "BUSY" if any(axis.moving for axis in chosen) else "IDLE"
        warning = min((self._flag(axis) for axis in chosen), key=_rank, default="--")
        for axis in self._acknowledged:
            axis.clear_warnings()
        self._acknowledged = []
        if request.identity == "--":
            return b""  # the host asked not to be answered
        identity = f" {request.identity}" if request.identity else ""
        head = f"@{self._number:02d} {request.axis}{identity}"
        return f"{head} {flag} {busy} {warning} {data}\r\n".encode("ascii", "replace")

    def _flag(self, axis: ZaberAxis) -> str:
        return next(iter(axis.warnings()), "--")

    def _chosen(self, request: _Request) -> list[ZaberAxis]:
        return [self._axes[request.axis]] if request.axis else list(self._axes.values())

    def _tell(self, now_s: float) -> None:
        """Tell the world where the stage is, if that has changed."""
        if any(axis.moving for axis in self._axes.values()):
            if self._told is not None:
                self._told = None
                self._log.add(now_s, "moving")
                self._set_stage(now_s, None)
            return
        place = {axis.table.name: axis.place_mm() for axis in self._axes.values()}
        here = (place.get("x", 0.0), place.get("y", 0.0))
        if here != self._told:
            self._told = here
            self._log.add(now_s, f"at rest x {here[0]:.4f} mm y {here[1]:.4f} mm")
            self._set_stage(now_s, *here)

    # -- commands

    def _home(self, request: _Request, now_s: float) -> str:
        for axis in self._chosen(request):
            axis.home(now_s)
        return "0"

    def _stop(self, request: _Request, now_s: float) -> str:
        for axis in self._chosen(request):
            axis.stop(now_s)
        return "0"

    def _move(self, request: _Request, now_s: float) -> str:
        words = request.words[1:]
        how = words[0] if words else ""
        if how not in {"abs", "rel", "vel", "min", "max"}:
            raise _RejectedError("BADCOMMAND")
        if len(words) != (1 if how in {"min", "max"} else 2):
            raise _RejectedError("BADDATA")
        value = 0 if how in {"min", "max"} else _integer(words[1])
        axes = self._chosen(request)
        targets = [self._target(axis, how, value, now_s) for axis in axes]
        for axis, target in zip(axes, targets, strict=True):
            if how == "vel" and not value:
                axis.stop(now_s)
            else:
                axis.go_to(target, now_s, speed=abs(value) if how == "vel" else None)
        return "0"

    def _target(self, axis: ZaberAxis, how: str, value: int, now_s: float) -> int:
        target = {
            "abs": value,
            "rel": axis.counter(now_s) + value,
            "vel": axis.limit_max if value > 0 else axis.limit_min,
            "min": axis.limit_min,
            "max": axis.limit_max,
        }[how]
        if not axis.may_go_to(target):
            raise _RejectedError("BADDATA")
        return target

    def _get(self, request: _Request, now_s: float) -> str:
        if len(request.words) != 2:
            raise _RejectedError("BADCOMMAND")
        name = request.words[1]
        if name in self._settings:
            if request.axis:
                raise _RejectedError("DEVICEONLY")
            return self._settings[name]
        values = [self._axis_setting(axis, name, now_s) for axis in self._chosen(request)]
        return " ".join(str(value) for value in values)

    def _axis_setting(self, axis: ZaberAxis, name: str, now_s: float) -> int:
        settings = {
            "pos": axis.counter(now_s),
            "limit.min": axis.limit_min,
            "limit.max": axis.limit_max,
            "maxspeed": axis.maxspeed,
            "accel": axis.accel,
            "resolution": 64,
        }
        if name not in settings:
            raise _RejectedError("BADCOMMAND")
        return settings[name]

    def _set(self, request: _Request, now_s: float) -> str:
        if len(request.words) != 3:
            raise _RejectedError("BADCOMMAND")
        name, value = request.words[1], _integer(request.words[2])
        if name == "comm.alert":
            self._settings[name] = str(int(bool(value)))
        elif name not in {"maxspeed", "accel"}:
            raise _RejectedError("BADCOMMAND")
        elif not 1 <= value <= _LARGEST:
            raise _RejectedError("BADDATA")
        else:
            for axis in self._chosen(request):
                if name == "maxspeed":
                    axis.maxspeed = value
                else:
                    axis.accel = value
        return "0"

    def _warnings(self, request: _Request, now_s: float) -> str:
        axes = self._chosen(request)
        flags = sorted({flag for axis in axes for flag in axis.warnings()}, key=_rank)
        if request.words[1:] == ("clear",):
            self._acknowledged = axes
        return " ".join([f"{len(flags):02d}", *flags])

    def _renumber(self, request: _Request, now_s: float) -> str:
        number = _integer(request.words[1]) if len(request.words) == 2 else 1
        if not 1 <= number <= 99:
            raise _RejectedError("BADDATA")
        self._number = number
        return "0"


def _parse(line: str) -> _Request | None:
    """Read a request; None for what a device does not react to."""
    start = line.rfind("/")
    if start < 0:
        return None
    text, colon, checksum = line[start + 1 :].partition(":")
    if colon and checksum.strip().upper() != f"{-sum(text.encode()) % 256:02X}":
        return None
    words = text.split()
    numbers: list[str] = []
    while words and len(numbers) < 3 and _is_address(words[0], len(numbers)):
        numbers.append(words.pop(0))
    device, axis, identity = (*numbers, *("0", "0", "")[len(numbers) :])
    return _Request(device=int(device), axis=int(axis), identity=identity, words=tuple(words))


def _is_address(word: str, position: int) -> bool:
    return (word.isascii() and word.isdecimal() and len(word) <= 2) or (
        position == 2 and word == "--"
    )


def _integer(word: str) -> int:
    if not word.removeprefix("-").isdecimal() or len(word) > 11:
        raise _RejectedError("BADDATA")
    return int(word)


def _rank(flag: str) -> int:
    """Order of the warning flags in a reply: faults (F), warnings (W), notes (N), none."""
    return "FWN-".index(flag[0])
