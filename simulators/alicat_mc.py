"""A simulated Alicat MC mass flow controller.

Frames: Alicat, "Serial Primer", and the public ``alicat`` package. Every command begins with the
letter of the unit, every answer, too; what is not understood is answered ``?``.
"""

import math
from collections.abc import Mapping
from typing import Any

from simulators.instrument import JSON, LineBuffer, SwitchLog, World, unknown_fault

_TIME_CONSTANT_S = 0.1
_MASS_FLOW = 37
_SUPPLY_PSIA = 29.4
_AMBIENT_PSIA = 14.7
_OVER_RANGE = 1.28  # of the full scale: the sensor shows no more
_SETTLED = 1e-4


class AlicatMC:
    """The controller.

    Args:
        world: Hears of every change of the flow.
        unit_id: Letter of the unit.
        full_scale: Highest set point, in the unit of the display.
        gas: Selected gas.
        decimals: Of flows.
        sccm: Standard cm3/min in the unit of the display.
    """

    fault_kinds = ("no-gas", "valve-stuck", "over-range")

    def __init__(
        self,
        world: World,
        *,
        unit_id: str = "A",
        full_scale: float = 500.0,
        gas: str = "N2",
        decimals: int = 2,
        sccm: float = 1.0,
    ) -> None:
        self._sccm = sccm
        self._world = world
        self._id = unit_id
        self._full_scale = full_scale
        self._gas = gas
        self._decimals = decimals
        self._lines = LineBuffer(b"\r")
        self._log = SwitchLog()
        self._faults: set[str] = set()
        self._reset()

    def _reset(self) -> None:
        self._setpoint = 0.0
        self._flow = 0.0
        self._control = _MASS_FLOW
        self._locked = False
        self._at_s: float | None = None

    # -- the instrument

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return the replies."""
        out = ""
        for line in self._lines.feed(data):
            self._advance(now_s)
            text = line.decode("ascii", "replace").strip().upper()
            if text.startswith(self._id):
                out += f"{self._execute(text[1:], now_s)}\r"
            self._tell(now_s)
        return out.encode("ascii")

    def poll(self, now_s: float) -> bytes:
        """Let the flow follow its set point."""
        self._advance(now_s)
        return b""

    def next_event_s(self) -> float | None:
        """Return None: the flow is computed when somebody looks."""
        return None

    def line_closed(self, now_s: float) -> None:
        """Forget half a command. The gas goes on flowing."""
        self._lines.clear()

    def power_cycle(self, now_s: float) -> None:
        """Start with a closed valve."""
        self._reset()
        self._lines.clear()
        self._at_s = now_s
        self._log.add(now_s, "power on")
        self._tell(now_s)

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Close the gas bottle, hold the valve closed, or drive the sensor over its range."""
        if kind not in self.fault_kinds:
            raise unknown_fault("Alicat MC", kind, self.fault_kinds)
        self._advance(now_s)
        (self._faults.add if on else self._faults.discard)(kind)
        self._tell(now_s)

    def state(self) -> dict[str, JSON]:
        """Return what flows."""
        return {
            "safe": self._setpoint == 0.0,
            "flowing": self._flow > _SETTLED * self._full_scale,
            "flow": self._flow,
            "setpoint": self._setpoint,
            "log": self._log.entries(),
        }

    # -- commands

    def _execute(self, command: str, now_s: float) -> str:
        if command == "":
            return self._frame()
        if command == "VE":
            return f"{self._id}   8v17.0-R23 Nov 23 2019,15:19:41"
        if command in {"$$L", "$$U"}:
            self._locked = command == "$$L"
            return self._frame()
        if command == "R122":
            return f"{self._id}   122 = {self._control}"
        if command.startswith("W122=") and command[5:].isdecimal() and len(command) <= 8:
            self._control = int(command[5:])
            return f"{self._id}   122 = {self._control}"
        if command.startswith("S"):
            return self._set(command[1:].strip(), now_s)
        return "?"

    def _set(self, text: str, now_s: float) -> str:
        whole, _, fraction = text.partition(".")
        if not whole.isdecimal() or len(text) > 12 or (fraction and not fraction.isdecimal()):
            return "?"
        wanted = float(text)
        if wanted > self._full_scale:
            return "?"
        if (wanted > 0) != (self._setpoint > 0):
            self._log.add(now_s, "flow on" if wanted > 0 else "flow off")
        self._setpoint = round(wanted, self._decimals)
        return self._frame()

    def _frame(self) -> str:
        over = "over-range" in self._faults
        flow = self._full_scale * _OVER_RANGE if over else self._flow
        pressure = _AMBIENT_PSIA if "no-gas" in self._faults else _SUPPLY_PSIA
        volumetric = flow * _AMBIENT_PSIA / pressure
        digits = self._decimals
        numbers = (
            f"{pressure:+07.2f} {25.0:+07.2f} {volumetric:+08.{digits}f} {flow:+08.{digits}f} "
            f"{self._setpoint:+08.{digits}f}"
        )
        flags = (" MOV" if over else "") + (" LCK" if self._locked else "")
        return f"{self._id} {numbers} {self._gas:>6}{flags}"

    # -- flow

    def _target(self) -> float:
        return 0.0 if self._faults & {"no-gas", "valve-stuck"} else self._setpoint

    def _tell(self, now_s: float) -> None:
        # The valve settles in a tenth of a second, which is nothing to a sample.
        self._world.set_gas(now_s, self._target() * self._sccm)

    def _advance(self, now_s: float) -> None:
        if self._at_s is not None and now_s > self._at_s:
            target = self._target()
            self._flow += (target - self._flow) * -math.expm1(
                (self._at_s - now_s) / _TIME_CONSTANT_S
            )
            if abs(target - self._flow) < _SETTLED * self._full_scale:
                self._flow = target
        self._at_s = now_s


def from_table(table: Mapping[str, Any], world: World) -> AlicatMC:
    """Make the controller of a ``[device.*]`` table of a bench file."""
    return AlicatMC(
        world,
        unit_id=str(table.get("unit_id", "A")),
        full_scale=float(table.get("full_scale", 500.0)),
        gas=str(table.get("gas", "N2")),
        decimals=int(table.get("decimals", 2)),
        sccm=1000.0 if table.get("flow_unit", "sccm") == "slpm" else 1.0,
    )
