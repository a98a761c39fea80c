"""New Era NE-1000 syringe pump.

Source: New Era Pump Systems, NE-1000 user manual, publication 1200-01, pp. 33-35. Basic mode, 8N1,
19200 baud unless set otherwise on the pump. All volumes are microlitres and all rates microlitres
per minute here; ``_codec`` turns them into the pump's digits, and every setting is read back, so
that a wrong unit cannot pass.
"""

import logging
import math
from collections.abc import Callable

from instruments.driver import Identity, LinkedInstrument
from instruments.errors import (
    DeviceFaultError,
    LimitError,
    LinkTimeoutError,
    ProtocolError,
)
from instruments.links import Link
from instruments.pumps.dispense import Direction, PumpProgress
from instruments.pumps.ne1000 import _codec
from instruments.pumps.ne1000._codec import PumpStatus
from instruments.pumps.ne1000.wire import PumpWire

logger = logging.getLogger(__name__)

DIAMETER_LIMITS_MM = (0.1, 50.0)
SPEEDS_CM_MIN = (0.004205 / 60, 5.1005)
"""Slowest and fastest speed of the plunger of an NE-1000 (manual, specifications)."""

_READ_BACK_TOLERANCE = 1e-3  # four digits
_STOP_ATTEMPTS = 4  # an alarm eats one, a first STP only pauses, a second one stops
_DIRECTION_CODES: dict[Direction, str] = {"infuse": "INF", "withdraw": "WDR"}


class Ne1000(LinkedInstrument):
    """One pump, alone or on a chain.

    Args:
        link: Serial or socket link; a reply ends with ETX, a request with CR.
        pump_address: Number of the pump on the chain, 0 to 99.
        speeds_cm_min: Slowest and fastest speed of the plunger, by default those of the NE-1000.
        dead_man_s: While it pumps, a pump that is alone on its port stops by itself when it hears
            nothing for so long, 1 to 255 s; 0 leaves it pumping.
    """

    def __init__(
        self,
        link: Link,
        *,
        pump_address: int = 0,
        speeds_cm_min: tuple[float, float] = SPEEDS_CM_MIN,
        dead_man_s: int = 0,
    ) -> None:
        super().__init__(link)
        self._wire = PumpWire(link, pump_address)
        self._speeds_cm_min = speeds_cm_min
        self._dead_man_s = dead_man_s
        self._diameter_mm: float | None = None

    # -- what it is --------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return what the pump says it is; an alarm that is met is kept to be reported."""
        try:
            reply = self._wire.raw("VER")
        except LinkTimeoutError:
            reply = self._wire.raw("VER")  # once more, after the line was synchronised
        if reply.alarm:  # the command was not executed
            reply = self._wire.raw("VER")
        version = _codec.parse_version(reply.data)
        if version is None:
            raise ProtocolError(self.link.name, f"'VER' was answered {reply.data!r}")
        return Identity(maker="New Era", model=version[0], serial="", firmware=version[1])

    def prepare(self, diameter_mm: float) -> str:
        """Stop, acknowledge the power-on alarm, and set what must hold before any dispense.

        Args:
            diameter_mm: Inner diameter of the syringe, 0.1 to 50 mm. Sets the pump's counters to 0.

        Returns:
            The alarm that was pending, in words; "" for none. After power-on there always is one.

        Raises:
            LimitError: The diameter is outside; nothing was sent.
            DeviceFaultError: The pump did not take a setting.
        """
        self._check_diameter(diameter_mm)
        with self.link.exchange():
            self.make_safe()
            alarm, self._wire.unreported_alarm = self._wire.unreported_alarm, ""
            self.set_diameter_mm(diameter_mm)
            self.clear_program()
        if alarm:
            # After power-on there always is the reset alarm; any other one is news.
            level = logging.INFO if alarm == "R" else logging.WARNING
            logger.log(level, "%s: alarm at start: %s", self.link.name, _codec.ALARM_TEXTS[alarm])
        return _codec.ALARM_TEXTS.get(alarm, "")

    def _check_diameter(self, diameter_mm: float) -> None:
        low_mm, high_mm = DIAMETER_LIMITS_MM
        if not low_mm <= diameter_mm <= high_mm:
            raise LimitError(
                self.link.name,
                f"syringe diameter must be {low_mm:g} to {high_mm:g} mm, asked for {diameter_mm!r}",
                value=diameter_mm,
                unit="mm",
                limits=DIAMETER_LIMITS_MM,
            )

    def set_diameter_mm(self, diameter_mm: float) -> None:
        """Set the inner diameter of the syringe and read it back; clears the counters.

        Args:
            diameter_mm: 0.1 to 50 mm.

        Raises:
            LimitError: Outside; nothing was sent.
            DeviceFaultError: The pump refuses, or reads back another value.
        """
        self._check_diameter(diameter_mm)
        with self.link.exchange():
            self._wire.ask(f"DIA{_codec.format_number(diameter_mm)}")
            self._check_read_back("DIA", diameter_mm, self.diameter_mm())
        self._diameter_mm = diameter_mm

    def diameter_mm(self) -> float:
        """Return the inner diameter that the pump is set to."""
        data = self._wire.ask("DIA").data
        try:
            return float(data)
        except ValueError as error:
            raise ProtocolError(self.link.name, f"'DIA' was answered {data!r}") from error

    def clear_program(self) -> None:
        """Make phase 1 pump and phase 2 stop: a stored phase 2 would keep the pump going."""
        for command in ("PHN2", "FUNSTP", "PHN1", "FUNRAT"):
            reply = self._wire.raw(command)
            self._wire.report_alarm(f"{command!r} was not carried out")
            if reply.data == "?":  # pumps with basic firmware have no phases
                return
            if reply.error_text:
                raise DeviceFaultError(
                    self.link.name, f"{command!r} was refused: {reply.error_text}", code=reply.data
                )

    def rate_limits_ul_min(self) -> tuple[float, float]:
        """Return the slowest and fastest rate, from diameter and speed limits of the plunger.

        Raises:
            LimitError: No syringe was set.
        """
        if self._diameter_mm is None:
            raise LimitError(self.link.name, "no syringe is set; connect the pump first")
        area_cm2 = math.pi * (self._diameter_mm / 20) ** 2
        slowest, fastest = self._speeds_cm_min
        return area_cm2 * slowest * 1000, area_cm2 * fastest * 1000

    # -- dispensing --------------------------------------------------------------------------

    def start(self, *, volume_ul: float, rate_ul_min: float, direction: Direction) -> None:
        """Start a dispense; the pump stops by itself when the volume is reached.

        Every setting is read back before the plunger moves. The pump's counters start at 0.

        Args:
            volume_ul: Microlitres.
            rate_ul_min: Microlitres per minute, within :meth:`rate_limits_ul_min`.
            direction: ``infuse`` or ``withdraw``.

        Raises:
            LimitError: A value is outside; nothing was sent.
            DeviceFaultError: The pump refuses, reports an alarm, or reads back another value.
        """
        self.check_dispense(volume_ul, rate_ul_min)
        with self.link.exchange():
            status = self._wire.ask("").status
            if status is not PumpStatus.STOPPED:
                raise DeviceFaultError(
                    self.link.name, f"is {status.name.lower()}, so no dispense can start; stop it"
                )
            # After a power cut the pump may hold another syringe's diameter.
            self._check_read_back("DIA", self._diameter_mm or math.nan, self.diameter_mm())
            self.set_volume_ul(volume_ul)
            self.set_rate_ul_min(rate_ul_min)
            self.set_direction(direction)
            self.clear_counters()
            if self._dead_man_s and self.link.is_alone:
                self._wire.arm(self._dead_man_s)
            self.run()

    def set_volume_ul(self, volume_ul: float) -> None:
        """Set the volume of the next dispense in the unit that keeps its digits; read it back.

        Args:
            volume_ul: Microlitres.
        """
        unit = _codec.best_volume_unit(volume_ul)
        text = self._text(_codec.format_volume, volume_ul, unit)
        with self.link.exchange():
            self._wire.ask(f"VOL{unit.value}")
            self._wire.ask(f"VOL{text}")
            self._check_read_back("VOL", volume_ul, self.volume_ul())

    def volume_ul(self) -> float:
        """Return the volume of the next dispense, in microlitres."""
        data = self._wire.ask("VOL").data
        try:
            return _codec.parse_volume_ul(data)[0]
        except _codec.FrameError as error:
            raise ProtocolError(self.link.name, f"'VOL': {error}") from error

    def set_rate_ul_min(self, rate_ul_min: float) -> None:
        """Set the rate in the unit that keeps its digits; read it back.

        Args:
            rate_ul_min: Microlitres per minute, within :meth:`rate_limits_ul_min`.

        Raises:
            LimitError: Outside; nothing was sent.
            DeviceFaultError: The pump refuses, or reads back another value.
        """
        self._check_rate(rate_ul_min)
        text = self._text(_codec.format_rate, rate_ul_min)
        with self.link.exchange():
            self._wire.ask(f"RAT{text}")
            self._check_read_back("RAT", rate_ul_min, self.rate_ul_min())

    def rate_ul_min(self) -> float:
        """Return the rate that the pump is set to, in microlitres per minute."""
        data = self._wire.ask("RAT").data
        try:
            return _codec.parse_rate_ul_min(data)
        except _codec.FrameError as error:
            raise ProtocolError(self.link.name, f"'RAT': {error}") from error

    def set_direction(self, direction: Direction) -> None:
        """Set the direction of the next dispense; read it back.

        Args:
            direction: ``infuse`` or ``withdraw``.

        Raises:
            DeviceFaultError: The pump refuses, or reads back the other.
        """
        code = _DIRECTION_CODES[direction]
        with self.link.exchange():
            self._wire.ask(f"DIR{code}")
            reply = self._wire.ask("DIR").data
        if reply != code:
            raise DeviceFaultError(self.link.name, f"direction reads {reply!r}, set was {code!r}")

    def clear_counters(self) -> None:
        """Set the counters of both directions to 0."""
        with self.link.exchange():
            self._wire.ask("CLDINF")
            self._wire.ask("CLDWDR")

    def run(self) -> None:
        """Start the plunger with what is set.

        Raises:
            DeviceFaultError: The pump refuses, or does not start.
        """
        status = self._wire.ask("RUN").status
        if not status.is_moving:
            raise DeviceFaultError(self.link.name, f"is {status.name.lower()} after 'RUN'")

    def check_dispense(self, volume_ul: float, rate_ul_min: float) -> None:
        """Check that a dispense can be told to the pump.

        Args:
            volume_ul: Microlitres.
            rate_ul_min: Microlitres per minute.

        Raises:
            LimitError: It cannot: the rate is outside, or a number has no four digits.
        """
        self._check_rate(rate_ul_min)
        self._text(_codec.format_volume, volume_ul, _codec.best_volume_unit(volume_ul))
        self._text(_codec.format_rate, rate_ul_min)

    def _text(self, formatter: Callable[..., str], *arguments: object) -> str:
        try:
            return formatter(*arguments)
        except ValueError as error:
            raise LimitError(self.link.name, str(error)) from error

    def _check_rate(self, rate_ul_min: float) -> None:
        low, high = self.rate_limits_ul_min()
        if not low <= rate_ul_min <= high:
            raise LimitError(
                self.link.name,
                f"rate must be {low:.4g} to {high:.4g} uL/min with a syringe of "
                f"{self._diameter_mm:g} mm, asked for {rate_ul_min!r}",
                value=rate_ul_min,
                unit="uL/min",
                limits=(low, high),
            )

    def _check_read_back(self, command: str, asked: float, actual: float) -> None:
        # The pump keeps 4 digits and 3 decimals: anything further off is another value.
        if not math.isclose(asked, actual, rel_tol=_READ_BACK_TOLERANCE, abs_tol=5.1e-4):
            raise DeviceFaultError(
                self.link.name,
                f"{command} reads back {actual:g}, set was {asked:g}; nothing was started",
            )

    def progress(self) -> PumpProgress:
        """Return what the pump does and what it has counted since the dispense was started.

        Raises:
            DeviceFaultError: An alarm, such as a power cut in mid-run.
            StalledError: The motor stalled.
        """
        self._wire.report_alarm("it came while the pump was being stopped")
        with self.link.exchange():
            reply = self._wire.ask("DIS")
            if not reply.status.is_moving:
                self._wire.disarm()
        try:
            dispensed = _codec.parse_dispensed(reply.data)
        except _codec.FrameError as error:
            raise ProtocolError(self.link.name, f"'DIS': {error}") from error
        return PumpProgress(
            is_pumping=reply.status.is_moving,
            is_paused=reply.status is PumpStatus.PAUSED,
            infused_ul=dispensed.infused_ul,
            withdrawn_ul=dispensed.withdrawn_ul,
            resolution_ul=dispensed.resolution_ul,
        )

    def stop(self) -> None:
        """Stop the plunger, end the program, and read back that it stands still.

        Raises:
            DeviceFaultError: The pump says that it still moves.
        """
        with self.link.exchange(urgent=True):
            for _ in range(_STOP_ATTEMPTS):
                reply = self._wire.raw("STP")
                if reply.status is PumpStatus.STOPPED:
                    self._wire.disarm()
                    return
        raise DeviceFaultError(
            self.link.name,
            f"still reports {reply.status.name.lower()} after {_STOP_ATTEMPTS} stop commands; "
            "switch the pump off",
        )

    def make_safe(self) -> None:
        """Stop the pump, as :meth:`stop`."""
        self.stop()
