"""A simulated syringe pump with the Ultra command set: PHD Ultra, Pump 11 Elite, Legato.

Commands, prompts and the status line: Harvard Apparatus PHD Ultra user's manual, publication
5419-002, pages 83 to 88. A request ends with CR; LF is ignored.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from simulators.instrument import JSON, LineBuffer, SwitchLog, World, unknown_fault
from simulators.newera_plunger import Plunger, Syringe

_REQUEST = re.compile(r"(?P<address>\d{0,2}):?@?(?P<name>[a-z]*)(?P<rest>.*)\Z")
_VALUE = re.compile(
    r"(?P<number>\d*\.?\d+) ?(?P<unit>[munp])l?/(?P<per>hr|min|sec|h|m|s)\Z"
    r"|(?P<volume>\d*\.?\d+) ?(?P<volume_unit>[munp])l?\Z"
)
_UL = {"m": 1e3, "u": 1.0, "n": 1e-3, "p": 1e-6}
_PER_MIN = {"h": 1 / 60, "m": 1.0, "s": 60.0}
_FL = 1e9  # in a microlitre
_SPEEDS_CM_MIN = (1.8e-5, 15.9)
_XON = "\x11"
_SHORTEST = 4  # letters of a command that are enough


class _AnswerError(Exception):
    """An error for the host, in the pump's words."""


class HarvardUltra:
    """The pump; it tells the world how much flows.

    Args:
        world: Hears of every change of the flow.
        address: On the chain, 0 to 99.
        version: Answer to ``ver``.
        serial_number: In the answer to ``version``.
        diameter_mm: What the pump remembers of the last syringe.
        syringe: What is really in the holder.
        always_prefixed: Begin every line with address and prompt, as the Pump 11 Elite does.
    """

    fault_kinds = ("stall", "reset")

    def __init__(
        self,
        world: World,
        *,
        address: int = 0,
        version: str = "PHD ULTRA I/W Single 3.0.4",
        serial_number: str = "D301234",
        diameter_mm: float = 14.567,
        syringe: Syringe | None = None,
        always_prefixed: bool = False,
    ) -> None:
        self._world = world
        self._address = address
        self._always_prefixed = always_prefixed
        self._version = version
        self._serial_number = serial_number
        self._diameter_mm = diameter_mm
        self._plunger = Plunger(syringe or Syringe())
        self._lines = LineBuffer(b"\r")
        self._log = SwitchLog()
        self._rates_ul_min = {"i": 1000.0, "w": 1000.0}
        self._target_ul: float | None = None
        self._mode = "i"
        self._direction = "i"
        self._prompt = ":"
        self._force = 100
        self._polls = False
        self._blocked = False
        self._now_s = 0.0
        self._told_ul_min: float | None = None
        self._commands: dict[str, Callable[[str, float], list[str]]] = {
            "ver": lambda data, now_s: [self._version],
            "version": lambda data, now_s: [
                f"Firmware:      v{self._version.split()[-1]}",
                f"Pump address:  {self._address}",
                f"Serial number: {self._serial_number}",
            ],
            "address": self._set_address,
            "poll": self._set_poll,
            "nvram": lambda data, now_s: [],
            "echo": lambda data, now_s: [],
            "dim": lambda data, now_s: [],
            "time": lambda data, now_s: [data or "01/01/26 12:00:00"],
            "force": self._set_force,
            "load": self._load,
            "diameter": self._set_diameter,
            "svolume": lambda data, now_s: (
                [] if data else [_amount(self._plunger.syringe.volume_ul)]
            ),
            "irate": lambda data, now_s: self._set_rate("i", data),
            "wrate": lambda data, now_s: self._set_rate("w", data),
            "crate": self._current_rate,
            "tvolume": self._set_target,
            "ctvolume": self._clear_target,
            "ivolume": lambda data, now_s: [_amount(self._plunger.infused_ul)],
            "wvolume": lambda data, now_s: [_amount(self._plunger.withdrawn_ul)],
            "civolume": lambda data, now_s: self._clear(infused=True),
            "cwvolume": lambda data, now_s: self._clear(withdrawn=True),
            "cvolume": lambda data, now_s: self._clear(infused=True, withdrawn=True),
            "irun": lambda data, now_s: self._run("i", now_s),
            "wrun": lambda data, now_s: self._run("w", now_s),
            "rrun": lambda data, now_s: self._run("w" if self._direction == "i" else "i", now_s),
            "run": lambda data, now_s: self._run(self._mode[0], now_s),
            "stp": self._stop,
            "stop": self._stop,
            "status": self._status,
            "metrics": self._metrics,
        }

    # -- the instrument

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return the answers."""
        out = self.poll(now_s)
        for line in self._lines.feed(data):
            out += self._answer(line.decode("ascii", "replace"), now_s)
        return out

    def poll(self, now_s: float) -> bytes:
        """Let the plunger move."""
        end_s = self.next_event_s()
        if self._pumps and end_s is not None and end_s <= now_s:
            target_s = self._target_at_s()
            self._move(end_s)
            self._end("T*" if target_s <= end_s else "*", now_s)
        elif self._pumps:
            self._move(now_s)
        self._now_s = max(self._now_s, now_s)
        return b""

    def next_event_s(self) -> float | None:
        """Return when the target or the end of the syringe is reached."""
        if not self._pumps:
            return None
        signed = self._flow_ul_min()
        stroke_s = self._now_s + self._plunger.time_to_end_s(signed)
        end_s = min(self._target_at_s(), stroke_s)
        return None if math.isinf(end_s) else end_s

    def line_closed(self, now_s: float) -> None:
        """Forget half a request. The pump goes on pumping."""
        self._lines.clear()

    def power_cycle(self, now_s: float) -> None:
        """Start idle; what is stored stays, the end marks of answers are off."""
        self._lines.clear()
        self._polls = False
        self._target_ul = None
        self._now_s = now_s
        self._told_ul_min = None
        self._plunger.clear()
        self._log.add(now_s, "power on")
        self._end(":", now_s)

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Block the plunger ("stall"), or interrupt the power once ("reset")."""
        if kind not in self.fault_kinds:
            raise unknown_fault("Ultra pump", kind, self.fault_kinds)
        self.poll(now_s)
        if kind == "stall":
            self._blocked = on
            if on and self._pumps:
                self._end("*", now_s)
        elif on:
            self.power_cycle(now_s)

    def state(self) -> dict[str, JSON]:
        """Return what flows and what is left."""
        return {
            "safe": not self._pumps,
            "pumping": self._pumps,
            "prompt": self._prompt,
            "rate_ul_min": self._rates_ul_min[self._direction] if self._pumps else 0.0,
            "flow_ul_min": self._flow_ul_min(),
            "diameter_mm": self._diameter_mm,
            "infused_ul": self._plunger.infused_ul,
            "withdrawn_ul": self._plunger.withdrawn_ul,
            "content_ul": self._plunger.content_ul,
            "log": self._log.entries(),
        }

    # -- the plunger

    @property
    def _pumps(self) -> bool:
        return self._prompt in {">", "<"}

    @property
    def _counted_ul(self) -> float:
        plunger = self._plunger
        return plunger.infused_ul if self._direction == "i" else plunger.withdrawn_ul

    def _flow_ul_min(self) -> float:
        """Return what leaves the needle, below 0 when it is drawn in."""
        if not self._pumps or self._blocked:
            return 0.0
        rate_ul_min = self._rates_ul_min[self._direction]
        true_ul_min = self._plunger.true_rate_ul_min(rate_ul_min, self._diameter_mm)
        return true_ul_min if self._direction == "i" else -true_ul_min

    def _target_at_s(self) -> float:
        if self._target_ul is None:
            return math.inf
        left_ul = self._target_ul - self._counted_ul
        return self._now_s + 60.0 * left_ul / self._rates_ul_min[self._direction]

    def _move(self, until_s: float) -> None:
        counted_ul = self._rates_ul_min[self._direction] * (until_s - self._now_s) / 60.0
        true_ul = self._plunger.true_rate_ul_min(counted_ul, self._diameter_mm)
        sign = 1 if self._direction == "i" else -1
        self._plunger.move(sign * counted_ul, sign * true_ul)
        self._now_s = until_s

    def _end(self, prompt: str, now_s: float) -> None:
        self._prompt = prompt
        self._log.add(now_s, f"prompt {prompt}")
        self._drive(now_s)

    def _drive(self, now_s: float) -> None:
        flow_ul_min = self._flow_ul_min()
        if flow_ul_min != self._told_ul_min:
            self._told_ul_min = flow_ul_min
            self._world.set_flow(now_s, flow_ul_min)
            self._log.add(now_s, f"flow {flow_ul_min:.6g} uL/min")

    # -- requests and answers

    def _answer(self, line: str, now_s: float) -> bytes:
        match = _REQUEST.match(line.replace("\n", "").strip().lower())
        if match is None:  # pragma: no cover - the expression matches any text
            return b""
        if int(match["address"] or 0) != self._address:
            return b""
        try:
            lines = self._execute(match["name"], match["rest"].strip(), now_s)
        except _AnswerError as error:
            lines = [str(error)]
        prefix = f"{self._address:02d}" if self._address or self._always_prefixed else ""
        shown = f"{prefix}{self._prompt}" if self._always_prefixed else prefix
        text = "\n" + "".join(f"{shown}{line}\r\n" for line in lines) + prefix + self._prompt
        return (text + (_XON if self._polls else "")).encode("ascii", "replace")

    def _execute(self, name: str, data: str, now_s: float) -> list[str]:
        if not name and not data:
            return []
        long = [known for known in self._commands if known.startswith(name) and known != name]
        if name not in self._commands:
            if len(name) < _SHORTEST or not long:
                raise _AnswerError(f"Command error: Unknown command: {name}")
            name = long[0]
        return self._commands[name](data, now_s)

    def _not_while_pumping(self) -> None:
        if self._pumps:
            raise _AnswerError("Command error: Not while the pump is running")

    # -- settings

    def _set_address(self, data: str, now_s: float) -> list[str]:
        if data:
            self._address = _whole(data, 0, 99)
        return [f"Pump address is {self._address}"]

    def _set_poll(self, data: str, now_s: float) -> list[str]:
        if data not in {"", "on", "off"}:
            raise _AnswerError(f"Argument error: {data}")
        if data:
            self._polls = data == "on"
            return []
        return [f"Polling mode is {'ON' if self._polls else 'OFF'}"]

    def _set_force(self, data: str, now_s: float) -> list[str]:
        if data:
            self._force = _whole(data, 0, 100)
            return []
        return [f"{self._force}%"]

    def _load(self, data: str, now_s: float) -> list[str]:
        self._not_while_pumping()
        mode = data.removeprefix("qs").strip()
        if mode not in {"i", "w", "iw", "wi"}:
            raise _AnswerError(f"Argument error: {data}")
        self._mode = mode
        return []

    def _set_diameter(self, data: str, now_s: float) -> list[str]:
        if not data:
            return [f"{self._diameter_mm:.4f} mm"]
        self._not_while_pumping()
        try:
            diameter_mm = float(data.removesuffix("mm"))
        except ValueError as error:
            raise _AnswerError(f"Argument error: {data}") from error
        if not 0.1 <= diameter_mm <= 50.0:
            raise _AnswerError(f"Argument error: {data} Out of range")
        self._diameter_mm = diameter_mm
        return []

    def _limits_ul_min(self) -> tuple[float, float]:
        area_cm2 = math.pi / 4.0 * (self._diameter_mm / 10.0) ** 2
        slowest, fastest = _SPEEDS_CM_MIN
        return area_cm2 * slowest * 1e3, area_cm2 * fastest * 1e3

    def _set_rate(self, direction: str, data: str) -> list[str]:
        lowest, highest = self._limits_ul_min()
        if data == "lim":
            return [f"{_amount(lowest)}/min to {_amount(highest)}/min"]
        if not data:
            return [f"{_amount(self._rates_ul_min[direction])}/min"]
        match = _VALUE.match(data)
        if data in {"max", "min"}:
            rate_ul_min = highest if data == "max" else lowest
        elif match is None or match["per"] is None:
            raise _AnswerError(f"Argument error: {data}")
        else:
            rate_ul_min = float(match["number"]) * _UL[match["unit"]] * _PER_MIN[match["per"][0]]
        if not lowest * 0.9999 <= rate_ul_min <= highest * 1.0001:  # limits are shown rounded
            raise _AnswerError(f"Argument error: {data} Out of range")
        self._rates_ul_min[direction] = rate_ul_min
        return []

    def _current_rate(self, data: str, now_s: float) -> list[str]:
        if not self._pumps:
            return []
        verb = "Infusing" if self._direction == "i" else "Withdrawing"
        return [f"{verb} at {_amount(self._rates_ul_min[self._direction])}/min"]

    def _set_target(self, data: str, now_s: float) -> list[str]:
        if not data:
            if self._target_ul is None:
                return ["Target volume not set"]
            return [_amount(self._target_ul)]
        match = _VALUE.match(data)
        if match is None or match["volume"] is None:
            raise _AnswerError(f"Argument error: {data}")
        self._target_ul = float(match["volume"]) * _UL[match["volume_unit"]]
        return []

    def _clear_target(self, data: str, now_s: float) -> list[str]:
        self._target_ul = None
        return []

    def _clear(self, *, infused: bool = False, withdrawn: bool = False) -> list[str]:
        self._not_while_pumping()
        self._plunger.clear(infused=infused, withdrawn=withdrawn)
        return []

    # -- running

    def _run(self, direction: str, now_s: float) -> list[str]:
        self._not_while_pumping()
        self._direction = direction
        if self._target_ul is not None and self._counted_ul >= self._target_ul:
            raise _AnswerError("Command error: Target already reached")
        self._end(">" if direction == "i" else "<", now_s)
        if self._blocked:
            self._end("*", now_s)
        return []

    def _stop(self, data: str, now_s: float) -> list[str]:
        if self._prompt != ":":
            self._end(":", now_s)
        return []

    def _status(self, data: str, now_s: float) -> list[str]:
        rate_ul_min = self._rates_ul_min[self._direction] if self._pumps else 0.0
        flags = (
            f"{self._direction}.{'S' if self._prompt == '*' else '.'}"
            f"{'T' if self._prompt == 'T*' else '.'}{self._direction.upper()}"
        )
        return [f"{rate_ul_min / 60.0 * _FL:.0f} 0 {self._counted_ul * _FL:.0f} {flags}"]

    def _metrics(self, data: str, now_s: float) -> list[str]:
        return [
            f"Pump type          {' '.join(self._version.split()[:-1])}",
            "Pump type string   simulated",
            "Direction          Infuse/withdraw",
        ]


def from_table(table: Mapping[str, Any], world: World) -> HarvardUltra:
    """Make the pump of a ``[device.*]`` table of a bench file."""
    volume_ul = float(table.get("syringe_volume_ul", 10000.0))
    syringe = Syringe(
        diameter_mm=float(table.get("syringe_diameter_mm", 14.43)),
        volume_ul=volume_ul,
        loaded_ul=float(table.get("loaded_volume_ul", volume_ul)),
    )
    return HarvardUltra(world, address=int(table.get("pump_address", 0)), syringe=syringe)


def _amount(value_ul: float) -> str:
    """Write a number with four decimals in the unit that suits it."""
    for unit, size in _UL.items():
        if value_ul >= size:
            return f"{value_ul / size:.4f} {unit}l"
    return f"{value_ul / _UL['p']:.4f} pl"


def _whole(data: str, lowest: int, highest: int) -> int:
    if not data.isdecimal() or len(data) > 3 or not lowest <= int(data) <= highest:
        raise _AnswerError(f"Argument error: {data}")
    return int(data)
