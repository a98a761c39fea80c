"""IKA hotplate stirrers: RCT, C-MAG HS, RET.

Sources: IKA, operating instructions RCT digital (20014388) and C-MAG HS 7 control (20014381a),
chapter "Interfaces and outputs" (NAMUR commands, watchdog). 9600 baud, 7E1; commands end in
blank CR LF, answers are ``<value> <channel>``. A plate never reports an error: what it does not
understand it does not answer.
"""

import logging
import math
import re
import time
from typing import Literal

from instruments.driver import Identity, LinkedInstrument
from instruments.errors import DeviceFaultError, InstrumentError, LimitError, ProtocolError
from instruments.links import Link

Probe = Literal["external", "plate"]

WATCHDOG_LIMITS_S = (20, 1500)
MAX_SPEED_RPM = 1500
_CHANNELS: dict[Probe, int] = {"external": 1, "plate": 2}
_HEATER_SETPOINT, _SAFETY, _SPEED = 1, 3, 4
_ACCEPTED_K = 0.5  # how far the set point read back may be from what was set
_REST_DEGC = 0.0
_HIGHEST_REST_DEGC = 50.0  # the lowest set point of the C-MAG plates
_STANDS_STILL_RPM = 10.0
_LOOKS = 4
_LOOK_INTERVAL_S = 0.25

_VALUE = re.compile(r"(?P<value>[+-]?\d+(?:\.\d*)?)\s+(?P<channel>\d+)\s*")
_NUMBER = re.compile(r"\d+(?:\.\d*)?")
_LOGGER = logging.getLogger(__name__)


class IkaPlate(LinkedInstrument):
    """The plate with its heater and its stirrer.

    There is no question whether the heater is on: what is said of it is what was last commanded.
    Switching it off therefore lowers the set point as well, which can be read back.

    Args:
        link: Serial or socket link, CR LF both ways.
        probe: Which sensor tells the temperature.
        watchdog_s: After how long without a word the plate switches heater and stirrer off, s.
    """

    def __init__(self, link: Link, *, probe: Probe = "external", watchdog_s: int = 60) -> None:
        super().__init__(link)
        self.watchdog_s = float(watchdog_s)
        self._probe_channel = _CHANNELS[probe]
        self._limit_degc = 0.0
        self._commanded_degc: float | None = None
        link.resync = self._resynchronise

    # -- exchanges ---------------------------------------------------------------------------

    def _resynchronise(self) -> None:
        # Only a name has letters, apart from the echo of a command.
        self.link.synchronise(
            "IN_NAME ",
            lambda answer: not answer.startswith("OUT_") and any(map(str.isalpha, answer)),
        )

    def _query(self, command: str) -> str:
        with self.link.exchange():
            self.link.write(f"{command} ")
            return str(self.link.read()).strip()

    def _command(self, command: str) -> None:
        with self.link.exchange():
            self.link.write(f"{command} ")

    def _value(self, kind: Literal["PV", "SP"], channel: int) -> float:
        """Return a measured value or set point; the answer must name the channel asked for."""
        command = f"IN_{kind}_{channel}"
        with self.link.exchange():
            reply = self._query(command)
            match = _VALUE.fullmatch(reply)
            if match is None or int(match["channel"]) != channel:
                raise ProtocolError(
                    self.link.name,
                    f"{command!r} was answered {reply!r}, which is no value of channel {channel}",
                    reply=reply,
                )
        return float(match["value"])

    def _echoed(self, command: str, value: float) -> None:
        """Send a command that is answered with its value."""
        with self.link.exchange():
            reply = self._query(f"{command}@{value:g}")
            numbers = [float(n) for n in _NUMBER.findall(reply.removeprefix(command))]
            if value not in numbers:
                raise ProtocolError(
                    self.link.name, f"'{command}@{value:g}' was answered {reply!r}", reply=reply
                )

    # -- what it is --------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return what the plate says it is; it has no word for its serial number."""
        with self.link.exchange():
            name = self._query("IN_NAME")
            if not name or _VALUE.fullmatch(name):
                raise ProtocolError(
                    self.link.name, f"'IN_NAME' was answered {name!r}, which is no name", reply=name
                )
        return Identity(maker="IKA", model=name, serial="", firmware="")

    def prepare(self, limit_degc: float) -> None:
        """Switch the heater off and give the plate the highest temperature that is allowed.

        Args:
            limit_degc: Becomes the temperature that the plate falls back to in its second
                watchdog mode; its safety circuit has to be set by hand.

        Raises:
            DeviceFaultError: It is not certain that the heater is off.
        """
        with self.link.exchange():
            self.stop_heating()
            safety_degc = self.safety_temperature_degc()
            self._echoed("OUT_SP_12", math.floor(limit_degc))
            self._limit_degc = limit_degc
        if safety_degc < limit_degc:
            _LOGGER.warning(
                "%s: the safety circuit switches off at %g degC, below the limit of %g degC",
                self.link.name,
                safety_degc,
                limit_degc,
            )

    # -- temperature -------------------------------------------------------------------------

    def temperature_degc(self) -> float:
        """Return the temperature at the probe, in degC."""
        return self._value("PV", self._probe_channel)

    def setpoint_degc(self) -> float:
        """Return the temperature that the plate is set to, in degC."""
        return self._value("SP", _HEATER_SETPOINT)

    def safety_temperature_degc(self) -> float:
        """Return where the safety circuit switches off, in degC."""
        return self._value("SP", _SAFETY)

    def heat_to(self, temperature_degc: float) -> None:
        """Set a temperature, arm the watchdog and switch the heater on.

        Args:
            temperature_degc: Up to the limit given to :meth:`prepare`; tenths of a degree count.

        Raises:
            LimitError: Outside; nothing was sent.
            DeviceFaultError: The plate reads back another temperature; the heater was not
                switched on.
        """
        self.check_limits("temperature", temperature_degc, (0.0, self._limit_degc), "degC")
        wanted_degc = round(temperature_degc, 1)
        if abs(wanted_degc - temperature_degc) > 1e-6:
            raise LimitError(
                self.link.name,
                f"temperatures have one decimal, asked for {temperature_degc!r} degC",
                value=temperature_degc,
                unit="degC",
            )
        with self.link.exchange():
            self._command(f"OUT_SP_1 {wanted_degc:g}")
            actual_degc = self.setpoint_degc()
            if abs(actual_degc - wanted_degc) > _ACCEPTED_K:
                raise DeviceFaultError(
                    self.link.name,
                    f"set point reads {actual_degc:g} degC after {wanted_degc:g} degC was set; "
                    "check the safety temperature at the plate",
                )
            self.feed_watchdog()
            self._commanded_degc = actual_degc  # from here on it may be heating
            self._command("START_1")
            self.setpoint_degc()  # answered in order: the command before has arrived

    def feed_watchdog(self) -> None:
        """Arm the watchdog, or begin its time anew."""
        self._echoed("OUT_WD1", self.watchdog_s)

    def stop_heating(self) -> None:
        """Switch the heater off, confirm it as far as possible and disarm the watchdog.

        Raises:
            DeviceFaultError: The set point did not go down.
        """
        with self.link.exchange():
            self._command("STOP_1")
            self._command(f"OUT_SP_1 {_REST_DEGC:g}")
            actual_degc = self.setpoint_degc()
            if actual_degc > _HIGHEST_REST_DEGC:
                raise DeviceFaultError(
                    self.link.name,
                    f"set point still reads {actual_degc:g} degC after the heater was switched "
                    "off; switch the plate off at its switch",
                )
            self._commanded_degc = None
            self._echoed("OUT_WD2", 0)

    def is_heating(self) -> bool:
        """Return whether the heater was commanded on; the plate cannot be asked."""
        return self._commanded_degc is not None

    def fault(self) -> str:
        """Return what does not agree with what was commanded, "" for nothing."""
        if self._commanded_degc is None:
            return ""
        actual_degc = self.setpoint_degc()
        if abs(actual_degc - self._commanded_degc) <= _ACCEPTED_K:
            return ""
        return (
            f"set point reads {actual_degc:g} degC though {self._commanded_degc:g} degC was set: "
            "somebody turned the knob, or the plate lost its power"
        )

    # -- stirring ----------------------------------------------------------------------------

    def speed_rpm(self) -> float:
        """Return how fast it stirs, in rpm."""
        return self._value("PV", _SPEED)

    def set_speed_rpm(self, speed_rpm: float) -> None:
        """Stir, or stop stirring.

        Args:
            speed_rpm: Whole rpm, 0 for standing still.

        Raises:
            LimitError: Outside or no whole number; nothing was sent.
            DeviceFaultError: The plate reads back another speed; the stirrer was not switched on.
        """
        self.check_limits("stirring speed", speed_rpm, (0.0, MAX_SPEED_RPM), "rpm")
        if speed_rpm != round(speed_rpm):
            raise LimitError(
                self.link.name,
                f"stirring speed must be whole rpm, asked for {speed_rpm!r}",
                value=speed_rpm,
                unit="rpm",
            )
        with self.link.exchange():
            if speed_rpm == 0:
                self._command("STOP_4")
                self.speed_rpm()  # answered in order: the command before has arrived
                return
            self._command(f"OUT_SP_4 {speed_rpm:g}")
            actual_rpm = self._value("SP", _SPEED)
            if actual_rpm != speed_rpm:
                raise DeviceFaultError(
                    self.link.name,
                    f"stirring speed reads {actual_rpm:g} rpm after {speed_rpm:g} rpm was set",
                )
            self._command("START_4")
            self.speed_rpm()

    # -- safety ------------------------------------------------------------------------------

    def make_safe(self) -> None:
        """Switch heater and stirrer off and read back set point and speed.

        Raises:
            InstrumentError: It is not certain that both are off.
        """
        with self.link.exchange(urgent=True):
            failure: InstrumentError | None = None
            try:
                self.stop_heating()
            except DeviceFaultError as error:  # the stirrer is stopped all the same
                failure = error
            self._command("STOP_4")
            self._confirm_stirrer_stops()
        if failure is not None:
            raise failure

    def _confirm_stirrer_stops(self) -> None:
        """Read the speed until it is zero or falls; a liquid takes a while to come to rest."""
        before_rpm = self.speed_rpm()
        for _ in range(_LOOKS):
            if before_rpm <= _STANDS_STILL_RPM:
                return
            time.sleep(_LOOK_INTERVAL_S)
            speed_rpm = self.speed_rpm()
            if speed_rpm < before_rpm:
                return
        raise DeviceFaultError(
            self.link.name,
            f"still stirs at {before_rpm:g} rpm after the stirrer was switched off; switch the "
            "plate off at its switch",
        )
