"""Alicat MC mass flow controller.

Source: Alicat, "Serial Primer" (data frame, set point, firmware, register 122), as the public
``alicat`` package of NuMat drives it. 19200 baud 8N1, CR both ways. Every answer begins with the
letter of the unit. The units of the numbers are those the controller was ordered with: the bench
file says them, and one place converts.
"""

import math
import re

from instruments.driver import Identity, LinkedInstrument
from instruments.errors import DeviceFaultError, LimitError, ProtocolError
from instruments.gas.gas_flow import FlowReading
from instruments.links import Link

KPA_PER_UNIT = {"psia": 6.894757, "bara": 100.0, "kpaa": 1.0}
SCCM_PER_UNIT = {"sccm": 1.0, "slpm": 1000.0}
_MASS_FLOW = 37  # register 122: what the valve regulates
_FLAGS = {
    "MOV": "mass flow over range",
    "VOV": "volumetric flow over range",
    "POV": "pressure over range",
    "TOV": "temperature over range",
    "OPL": "over-pressure limit active",
    "ADC": "internal communication error",
}
_QUIET_FLAGS = {"LCK", "HLD", "EXH"}  # front panel locked, valve held, valve exhausting
_NUMBER = re.compile(r"[+-]?\d+\.?\d*")
_FIELDS = 6  # pressure, temperature, volumetric flow, mass flow, set point, gas


class AlicatMc(LinkedInstrument):
    """The controller.

    Args:
        link: Serial or socket link, CR both ways.
        unit_id: Letter of the unit on its line, A to Z.
        full_scale: Highest flow, in its own unit.
        flow_unit: ``"sccm"`` or ``"slpm"``, as on its display.
        pressure_unit: ``"psia"``, ``"bara"`` or ``"kpaa"``, as on its display.
        decimals: Digits after the point of its flows.
    """

    def __init__(
        self,
        link: Link,
        *,
        unit_id: str = "A",
        full_scale: float = 500.0,
        flow_unit: str = "sccm",
        pressure_unit: str = "psia",
        decimals: int = 2,
    ) -> None:
        super().__init__(link)
        self._id = unit_id
        self._full_scale = full_scale
        self._sccm = SCCM_PER_UNIT[flow_unit]
        self._kpa = KPA_PER_UNIT[pressure_unit]
        self._decimals = decimals
        self._gas: str | None = None
        link.resync = self._resynchronise
        link.on_reconnect = self._restore

    @property
    def full_scale_sccm(self) -> float:
        """Highest flow, standard cm3/min."""
        return self._full_scale * self._sccm

    @property
    def resolution_sccm(self) -> float:
        """Smallest step of a set point, standard cm3/min."""
        return self._sccm * 10.0**-self._decimals

    # -- exchanges ---------------------------------------------------------------------------

    def _resynchronise(self) -> None:
        # No answer but the one to this question has an equals sign; one data frame is like another.
        self.link.synchronise(f"{self._id}R122", lambda answer: "=" in answer)

    def _restore(self) -> None:
        """Close again after a power cut: a controller may start with a set point of its own."""
        if self._gas is not None:
            self.prepare(self._gas)

    def _ask(self, command: str) -> list[str]:
        """Return the words of an answer after the letter of the unit."""
        with self.link.exchange():
            self.link.write(f"{self._id}{command}")
            reply = str(self.link.read()).strip()
            words = reply.split()
            if reply == "?" or "?" in words:
                raise DeviceFaultError(
                    self.link.name, f"{self._id + command!r} was refused", code="?"
                )
            if not words or words[0] != self._id:
                raise ProtocolError(
                    self.link.name,
                    f"{self._id + command!r} was answered {reply!r}; is there another unit on the "
                    "line?",
                    reply=reply,
                )
        return words[1:]

    def _register(self, command: str) -> int:
        with self.link.exchange():
            words = self._ask(command)
            if len(words) != 3 or words[1] != "=" or not words[2].isdecimal():
                raise ProtocolError(
                    self.link.name,
                    f"{self._id + command!r} was answered {' '.join(words)!r}",
                    reply=" ".join(words),
                )
        return int(words[2])

    def _frame(self, command: str = "") -> FlowReading:
        """Return the data frame that answers a poll and a set point."""
        with self.link.exchange():
            words = self._ask(command)
            flags = [w for w in words[_FIELDS:] if w in _FLAGS or w in _QUIET_FLAGS]
            numbers = words[: _FIELDS - 1]
            if len(words) != _FIELDS + len(flags) or not all(map(_NUMBER.fullmatch, numbers)):
                raise ProtocolError(
                    self.link.name,
                    f"{self._id + command!r} was answered {' '.join(words)!r}: five numbers and a "
                    "gas expected (a totalizer is not supported: take it out of the data frame)",
                    reply=" ".join(words),
                )
            pressure, temperature, _, mass_flow, setpoint = map(float, numbers)
        return FlowReading(
            flow_sccm=mass_flow * self._sccm,
            setpoint_sccm=setpoint * self._sccm,
            pressure_kpa=pressure * self._kpa,
            temperature_degc=temperature,
            gas=words[_FIELDS - 1],
            fault=", ".join(_FLAGS[flag] for flag in flags if flag in _FLAGS),
        )

    # -- what it is --------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return the firmware; model and serial number stand on its label."""
        with self.link.exchange():
            self._resynchronise()
            words = self._ask("VE")
        return Identity(maker="Alicat", model="MC", serial="", firmware=words[0] if words else "")

    def prepare(self, gas: str) -> None:
        """Close the valve, and check that it regulates the mass flow of the right gas.

        Args:
            gas: Short name of the gas, as on its display.

        Raises:
            DeviceFaultError: It regulates something else, or another gas is selected.
        """
        with self.link.exchange():
            self.make_safe()
            control = self._register("R122")
            if control != _MASS_FLOW:
                raise DeviceFaultError(
                    self.link.name,
                    f"the valve regulates register {control}, not the mass flow ({_MASS_FLOW}); "
                    "select mass flow control at its display",
                )
            actual = self._frame().gas
            if actual != gas:
                raise DeviceFaultError(
                    self.link.name,
                    f"{actual} is selected, the bench file says {gas}; select it at its display",
                )
            self._gas = gas

    # -- flow --------------------------------------------------------------------------------

    def set_flow_sccm(self, flow_sccm: float) -> None:
        """Regulate to a flow and read the set point back.

        Args:
            flow_sccm: Standard cm3/min from 0 to the full scale; rounded to the controller's step.

        Raises:
            LimitError: Outside; nothing was sent.
            DeviceFaultError: It reads back otherwise.
        """
        if not (math.isfinite(flow_sccm) and 0 <= flow_sccm <= self.full_scale_sccm):
            raise LimitError(
                self.link.name,
                f"takes 0 to {self.full_scale_sccm:g} cm3/min, asked for {flow_sccm!r}; nothing "
                "was sent",
                value=flow_sccm,
                unit="cm3/min",
                limits=(0.0, self.full_scale_sccm),
            )
        with self.link.exchange():
            reading = self._frame(f"S{flow_sccm / self._sccm:.{self._decimals}f}")
            self._check_setpoint(reading, flow_sccm)

    def _check_setpoint(self, reading: FlowReading, flow_sccm: float) -> None:
        if abs(reading.setpoint_sccm - flow_sccm) > self.resolution_sccm * 0.51:
            raise DeviceFaultError(
                self.link.name,
                f"set point reads {reading.setpoint_sccm:g} cm3/min after {flow_sccm:g} cm3/min "
                "was set; check that its set point source is serial",
            )

    def reading(self) -> FlowReading:
        """Return the data frame."""
        return self._frame()

    def make_safe(self) -> None:
        """Close the valve: set point 0, read back.

        Raises:
            DeviceFaultError: It reads back otherwise.
        """
        with self.link.exchange(urgent=True):
            self._check_setpoint(self._frame(f"S{0:.{self._decimals}f}"), 0.0)
