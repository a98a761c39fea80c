"""Thorlabs DC2200 high-power LED driver.

Sources: Thorlabs, "DC2200 LED Controllers" in the Current_And_Temperature_Controller_Examples
repository (mode, current, output, measured current); public programs that quote the DC2200
operation manual v1.8, section 4.3.2 (limit, spelling of the headers). The header of the constant
current is CCURENT with one R, as the maker has it. Currents are in A on the wire, in mA here.
"""

import math
import re
from collections.abc import Mapping, Sequence

from instruments.driver import Identity, LinkedInstrument
from instruments.errors import DeviceFaultError, LimitError, ProtocolError
from instruments.light_sources.channel import FaultKind, LevelUnit, LightFault
from instruments.links import Link

CHANNELS = (0,)
_FULL_MA = 10_000
_MA_PER_A = 1000.0
_SMALLEST_SHARE = 0.5  # an LED that takes less than this of its current is broken
_SMALLEST_MA = 5.0  # below it the measured current says nothing
_ERROR = re.compile(r'(?P<number>[+-]?\d+)\s*,\s*"?(?P<text>[^"]*)"?')
_QUEUE_LENGTH = 32


class ThorlabsDc2200(LinkedInstrument):
    """The controller in constant-current mode; its one output has the number 0.

    Args:
        link: USBTMC or socket link, LF both ways.
    """

    level_unit: LevelUnit = "mA"
    level_step = 1.0
    full_level = float(_FULL_MA)
    many_at_once = False

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._limit_ma: float | None = None
        self._reported: tuple[LightFault, ...] = ()
        link.resync = self._resynchronise
        link.on_reconnect = self._restore

    # -- exchanges ---------------------------------------------------------------------------

    def _resynchronise(self) -> None:
        self.link.synchronise("*IDN?", lambda answer: ",DC2200," in answer.upper())

    def _restore(self) -> None:
        """Bring back what a power cut took; a controller that kept its settings stays as it is."""
        if self._limit_ma is None:
            return
        with self.link.exchange():
            kept = self._mode() == "CC" and self._limit() == self._limit_ma
            if not kept:
                self.prepare({0: self._limit_ma})

    def _query(self, command: str) -> str:
        with self.link.exchange():
            self.link.write(command)
            return str(self.link.read()).strip()

    def _milliamperes(self, command: str) -> float:
        with self.link.exchange():
            reply = self._query(command)
            try:
                current_ma = float(reply) * _MA_PER_A
                if not math.isfinite(current_ma):
                    raise ValueError
            except ValueError as error:
                raise ProtocolError(
                    self.link.name,
                    f"{command!r} was answered {reply!r}, which is no current",
                    reply=reply,
                ) from error
        return round(current_ma, 3)

    def _next_error(self) -> tuple[int, str]:
        """Take the oldest entry of the error queue; number 0 when it is empty."""
        with self.link.exchange():
            reply = self._query("SYST:ERR?")
            match = _ERROR.fullmatch(reply)
            if match is None:
                raise ProtocolError(
                    self.link.name, f"'SYST:ERR?' was answered {reply!r}", reply=reply
                )
        return int(match["number"]), match["text"]

    def _command(self, command: str) -> None:
        with self.link.exchange():
            self.link.write(command)
            number, text = self._next_error()
        if number != 0:
            raise DeviceFaultError(
                self.link.name, f"{command!r} was refused: error {number}, {text}", code=number
            )

    def _channel(self, channel: int) -> None:
        if channel not in CHANNELS:
            raise LimitError(self.link.name, f"has channel 0 only, asked for {channel!r}")

    # -- what it is --------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return what the controller says it is."""
        with self.link.exchange():
            reply = self._query("*IDN?")
            fields = [field.strip() for field in reply.split(",")]
            if len(fields) != 4 or fields[1].upper() != "DC2200":
                raise ProtocolError(
                    self.link.name,
                    f"'*IDN?' was answered {reply!r}, which is no DC2200; check the address",
                    reply=reply,
                )
        return Identity(maker=fields[0], model=fields[1], serial=fields[2], firmware=fields[3])

    def prepare(self, limits: Mapping[int, float]) -> None:
        """Switch off, select constant current and set the limit current, read back.

        Args:
            limits: Highest current of channel 0, whole mA.

        Raises:
            LimitError: The limit is above what the controller knows; nothing was sent.
            DeviceFaultError: The controller did not take a setting.
        """
        for channel, limit_ma in limits.items():
            self._channel(channel)
            self._check_current(limit_ma, self.full_level)
        with self.link.exchange():
            self.make_safe()
            self._empty_queue()  # of what somebody did before us
            self._command("SOURCE1:MODE CC")
            mode = self._mode()
            if mode != "CC":
                raise DeviceFaultError(self.link.name, f"mode reads {mode!r} after CC was set")
            for limit_ma in limits.values():
                self._set_limit(limit_ma)
            self._reported = ()

    def _empty_queue(self) -> None:
        for _ in range(_QUEUE_LENGTH):
            if self._next_error()[0] == 0:
                return

    def _mode(self) -> str:
        reply = self._query("SOURCE1:MODE?").upper()
        return {"1": "CC"}.get(reply, reply)  # the number of the mode is as good

    def _limit(self) -> float:
        return self._milliamperes("SOURCE1:CURRENT:LIMIT?")

    def _set_limit(self, limit_ma: float) -> None:
        self._command(f"SOURCE1:CURRENT:LIMIT {limit_ma / _MA_PER_A:.3f}")
        actual_ma = self._limit()
        if actual_ma != limit_ma:
            raise DeviceFaultError(
                self.link.name,
                f"limit reads {actual_ma:g} mA after {limit_ma:g} mA was set; the LED head may "
                "allow less: lower limit_ma",
            )
        self._limit_ma = limit_ma

    # -- light -------------------------------------------------------------------------------

    def _check_current(self, current_ma: float, highest_ma: float) -> None:
        if not (math.isfinite(current_ma) and 0 <= current_ma <= highest_ma) or (
            current_ma != round(current_ma)
        ):
            raise LimitError(
                self.link.name,
                f"takes whole mA, 0 to {highest_ma:g}, asked for {current_ma!r}; nothing was sent",
                value=current_ma,
                unit="mA",
                limits=(0, highest_ma),
            )

    def set_level(self, channel: int, level: float) -> None:
        """Set the constant current; it does not switch it on.

        Args:
            channel: 0.
            level: Whole mA up to the limit given to :meth:`prepare`.

        Raises:
            LimitError: Outside; nothing was sent.
            DeviceFaultError: The controller refused.
        """
        self._channel(channel)
        self._check_current(level, self.full_level if self._limit_ma is None else self._limit_ma)
        self._command(f"SOURCE1:CCURENT:CURRENT {level / _MA_PER_A:.3f}")

    def level(self, channel: int) -> float:
        """Return the constant current that is set, in mA.

        Args:
            channel: 0.
        """
        self._channel(channel)
        return self._milliamperes("SOURCE1:CCURENT:CURRENT?")

    def switch_on(self, channel: int) -> None:
        """Switch the output on at its set current.

        Args:
            channel: 0.
        """
        self._channel(channel)
        self._reported = ()
        self._command("OUTPUT1:STATE ON")

    def is_on(self) -> bool:
        """Return whether the output is on.

        Raises:
            ProtocolError: The answer is no state.
        """
        with self.link.exchange():
            reply = self._query("OUTPUT1:STATE?").upper()
            if reply not in {"0", "1", "OFF", "ON"}:
                raise ProtocolError(
                    self.link.name, f"'OUTPUT1:STATE?' was answered {reply!r}", reply=reply
                )
        return reply in {"1", "ON"}

    def measured_current_ma(self) -> float:
        """Return the current that flows through the LED, in mA."""
        return self._milliamperes("SENSE3:CURRENT:DATA?")

    def lit(self, channel: int | None = None) -> Mapping[int, float]:
        """Return the current in mA when the output is on.

        Args:
            channel: Has no meaning here.
        """
        with self.link.exchange():
            return {0: self.level(0)} if self.is_on() else {}

    def faults(self, channel: int | None = None) -> Sequence[LightFault]:
        """Return what is wrong: what the error queue says, and an LED that takes no current.

        Args:
            channel: Has no meaning here.
        """
        with self.link.exchange():
            number, text = self._next_error()
            if number != 0:
                words = f"the controller reports {text} (error {number})"
                self._reported = (LightFault(kind=_kind_of(text), words=words),)
            if not self.is_on():
                return self._reported
            set_ma, flows_ma = self.level(0), self.measured_current_ma()
        if set_ma >= _SMALLEST_MA and flows_ma < _SMALLEST_SHARE * set_ma:
            words = f"only {flows_ma:g} mA of {set_ma:g} mA flow: the LED is open"
            return (*self._reported, LightFault(kind="led-open", words=words))
        return self._reported

    def lamp_hours(self) -> float:
        """Return NaN: the controller counts no hours."""
        return math.nan

    def make_safe(self) -> None:
        """Switch the output off and read back that it is.

        Raises:
            DeviceFaultError: It says that it is still on.
        """
        with self.link.exchange(urgent=True):
            self.link.write("OUTPUT1:STATE OFF")
            if self.is_on():
                raise DeviceFaultError(
                    self.link.name,
                    "still reports on after it was switched off; switch it off at its key",
                )


def _kind_of(text: str) -> FaultKind:
    """Return what an error text of the controller is about."""
    lower = text.lower()
    if "open" in lower:
        return "led-open"
    if "temperature" in lower:
        return "over-temperature"
    if "no led" in lower:
        return "no-led"
    return "other"
