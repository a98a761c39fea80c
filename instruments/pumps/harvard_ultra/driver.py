"""Harvard Apparatus PHD Ultra, Pump 11 Elite, Pump 33 DDS and KD Scientific Legato.

Source: Harvard Apparatus, PHD Ultra user's manual, publication 5419-002, pp. 83-88; the others
share the command set. With ``poll on`` every answer ends with XON, so that its end needs no
time-out. All volumes are microlitres and all rates microlitres per minute here; ``_codec`` adds a
unit to every number, and every setting is read back, so that a wrong unit cannot pass.
"""

import logging
import math
from collections.abc import Callable
from typing import TypeVar

from instruments.driver import Identity, LinkedInstrument
from instruments.errors import (
    DeviceFaultError,
    LimitError,
    LinkTimeoutError,
    ProtocolError,
    StalledError,
)
from instruments.links import Link
from instruments.pumps.dispense import Direction, PumpProgress
from instruments.pumps.harvard_ultra import _codec
from instruments.pumps.harvard_ultra._codec import Reply, Status

T = TypeVar("T")
_LOGGER = logging.getLogger(__name__)

DIAMETER_LIMITS_MM = (0.1, 50.0)
_READ_BACK_TOLERANCE = 1e-3
_STOP_ATTEMPTS = 3
_RESOLUTION_UL = 1e-3
_LETTERS: dict[Direction, str] = {"infuse": "i", "withdraw": "w"}


class HarvardUltra(LinkedInstrument):
    """One pump, alone or on a chain.

    Args:
        link: Serial or socket link; an answer ends with XON, a request with CR LF.
        pump_address: Number of the pump on the chain, 0 to 99.
        force_percent: Force of the motor; ``None`` leaves what is set at the pump.
    """

    def __init__(
        self, link: Link, *, pump_address: int = 0, force_percent: int | None = None
    ) -> None:
        super().__init__(link)
        self._address = pump_address
        self._force_percent = force_percent
        self._diameter_mm: float | None = None
        self._limits_ul_min = (0.0, 0.0)
        link.resync = self._resynchronise

    # -- exchanges ---------------------------------------------------------------------------

    def _resynchronise(self) -> None:
        question = _codec.encode(self._address, "ver")
        try:
            self.link.synchronise(question, self._is_version)
        except LinkTimeoutError:  # after switching on it does not mark the end of its answers
            self._mark_ends()
            self.link.synchronise(question, self._is_version)

    def _mark_ends(self) -> None:
        """Let the pump end every answer with XON, whether it did before or not."""
        self.link.write(_codec.encode(self._address, "poll on"))
        self.link.flush_read_buffer()

    def _is_version(self, answer: str) -> bool:
        try:
            reply = _codec.decode(answer)
        except _codec.FrameError:
            return False
        return reply.address == self._address and _codec.parse_version(reply.text) is not None

    def _raw(self, command: str) -> Reply:
        """Exchange without judging; a late answer of another pump on the chain is left out."""
        stranger: int | None = None
        with self.link.exchange():
            self.link.write(_codec.encode(self._address, command))
            while True:
                try:
                    text = str(self.link.read())
                except LinkTimeoutError as error:
                    if stranger is None:
                        raise
                    raise ProtocolError(
                        self.link.name,
                        f"{command!r} to pump {self._address} was answered by pump {stranger}; "
                        "check the addresses set at the pumps",
                    ) from error
                try:
                    reply = _codec.decode(text)
                except _codec.FrameError as error:
                    raise ProtocolError(
                        self.link.name, f"{command!r}: {error}", reply=text
                    ) from error
                if reply.address == self._address:
                    return reply
                stranger = reply.address

    def _tell(self, command: str) -> Reply:
        reply = self._raw(command)
        if reply.error:
            raise DeviceFaultError(self.link.name, f"{command!r} was refused: {reply.error}")
        return reply

    def _tell_if_known(self, command: str) -> None:
        """Send what not every model of the family knows."""
        reply = self._raw(command)
        if reply.error:
            _LOGGER.info("%s: %r: %s", self.link.name, command, reply.error)

    def _ask(self, question: str, parse: Callable[[str], T]) -> T:
        with self.link.exchange():
            reply = self._tell(question)
            try:
                return parse(reply.text)
            except _codec.FrameError as error:
                raise ProtocolError(
                    self.link.name, f"{question!r}: {error}", reply=reply.text
                ) from error

    # -- what it is --------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return what the pump says it is."""
        with self.link.exchange():
            self._mark_ends()
            text = self._raw("ver").text
            version = _codec.parse_version(text)
            if version is None:
                raise ProtocolError(self.link.name, f"'ver' was answered {text!r}", reply=text)
            serial = ""
            for line in self._raw("version").lines:
                name, _, value = line.partition(":")
                if name.strip().lower() == "serial number":
                    serial = value.strip()
        maker = "KD Scientific" if "LEGATO" in version[0].upper() else "Harvard Apparatus"
        return Identity(maker=maker, model=version[0], serial=serial, firmware=version[1])

    def prepare(self, diameter_mm: float) -> str:
        """Stop, set the syringe, clear the counters, and read the limits of the rate.

        Args:
            diameter_mm: Inner diameter of the syringe.

        Returns:
            "": this pump tells of no alarm at start.

        Raises:
            LimitError: The diameter is outside; nothing was sent.
            DeviceFaultError: The pump did not take a setting.
        """
        self.check_limits("syringe diameter", diameter_mm, DIAMETER_LIMITS_MM, "mm")
        with self.link.exchange():
            self.stop()
            self._tell_if_known("nvram none")  # nothing is worn out by settings
            self._tell(f"diameter {diameter_mm:.4f}")
            self._check_read_back("diameter", diameter_mm, self.diameter_mm())
            if self._force_percent is not None:
                self._tell(f"force {self._force_percent}")
            self.clear_counters()
            self._limits_ul_min = self._ask("irate lim", _codec.parse_limits_ul_min)
        self._diameter_mm = diameter_mm
        return ""

    def diameter_mm(self) -> float:
        """Return the inner diameter that the pump is set to."""
        return self._ask("diameter", _codec.parse_diameter_mm)

    def rate_limits_ul_min(self) -> tuple[float, float]:
        """Return the slowest and fastest rate, as the pump gives them for the syringe.

        Raises:
            LimitError: No syringe was set.
        """
        if self._diameter_mm is None:
            raise LimitError(self.link.name, "no syringe is set; connect the pump first")
        return self._limits_ul_min

    # -- dispensing --------------------------------------------------------------------------

    def check_dispense(self, volume_ul: float, rate_ul_min: float) -> None:
        """Check that a dispense can be told to the pump.

        Args:
            volume_ul: Microlitres.
            rate_ul_min: Microlitres per minute.

        Raises:
            LimitError: It cannot.
        """
        self.check_limits("rate", rate_ul_min, self.rate_limits_ul_min(), "uL/min")
        try:
            _codec.format_volume(volume_ul)
            _codec.format_rate(rate_ul_min)
        except ValueError as error:
            raise LimitError(self.link.name, str(error)) from error

    def start(self, *, volume_ul: float, rate_ul_min: float, direction: Direction) -> None:
        """Start a dispense; the pump stops by itself when the volume is reached.

        Every setting is read back before the plunger moves. The pump's counters start at 0.

        Args:
            volume_ul: Microlitres.
            rate_ul_min: Microlitres per minute, within :meth:`rate_limits_ul_min`.
            direction: ``infuse`` or ``withdraw``.

        Raises:
            LimitError: A value is outside; nothing was sent.
            DeviceFaultError: The pump refuses, or reads back another value.
        """
        self.check_dispense(volume_ul, rate_ul_min)
        letter = _LETTERS[direction]
        with self.link.exchange():
            if self._raw("status").is_moving:
                raise DeviceFaultError(self.link.name, "is pumping already; stop it first")
            # In a mode of both directions the pump would turn round at the target.
            self._tell_if_known(f"load qs {letter}")
            # After a power cut the pump may hold another syringe's diameter.
            self._check_read_back("diameter", self._diameter_mm or math.nan, self.diameter_mm())
            self.clear_counters()
            self._tell(f"{letter}rate {_codec.format_rate(rate_ul_min)}")
            self._check_read_back(f"{letter}rate", rate_ul_min, self.rate_ul_min(direction))
            self._tell(f"tvolume {_codec.format_volume(volume_ul)}")
            self._check_read_back("tvolume", volume_ul, self.volume_ul())
            reply = self._tell(f"{letter}run")
            if not reply.is_moving:
                raise DeviceFaultError(
                    self.link.name, f"is {_codec.PROMPTS[reply.prompt]} after '{letter}run'"
                )

    def rate_ul_min(self, direction: Direction = "infuse") -> float:
        """Return the rate that the pump is set to, in microlitres per minute.

        Args:
            direction: ``infuse`` or ``withdraw``.
        """
        return self._ask(f"{_LETTERS[direction]}rate", _codec.parse_rate_ul_min)

    def volume_ul(self) -> float:
        """Return the volume of the next dispense, in microlitres."""
        return self._ask("tvolume", _codec.parse_volume_ul)

    def clear_counters(self) -> None:
        """Set the counters of both directions to 0."""
        self._tell("cvolume")

    def _check_read_back(self, command: str, asked: float, actual: float) -> None:
        if not math.isclose(asked, actual, rel_tol=_READ_BACK_TOLERANCE):
            raise DeviceFaultError(
                self.link.name,
                f"{command} reads back {actual:g}, set was {asked:g}; nothing was started",
            )

    def progress(self) -> PumpProgress:
        """Return what the pump does and what it has counted since the dispense was started.

        Raises:
            StalledError: The motor stalled, or a limit switch was hit.
        """
        with self.link.exchange():
            reply = self._tell("status")
            status = self._status_of(reply)
        if reply.prompt == "*" or status.is_stalled:
            raise StalledError(
                self.link.name,
                "the motor stalled; look at the pump and the syringe, then start again",
                code="*",
            )
        if reply.prompt in (">*", "<*"):
            raise StalledError(
                self.link.name,
                f"is {_codec.PROMPTS[reply.prompt]}; look at the syringe, then start again",
                code=reply.prompt,
            )
        return PumpProgress(
            is_pumping=reply.is_moving,
            is_paused=False,
            infused_ul=status.volume_ul if status.infuses else 0.0,
            withdrawn_ul=0.0 if status.infuses else status.volume_ul,
            resolution_ul=_RESOLUTION_UL,
        )

    def _status_of(self, reply: Reply) -> Status:
        try:
            return _codec.parse_status(reply.text)
        except _codec.FrameError as error:
            raise ProtocolError(self.link.name, f"'status': {error}", reply=reply.text) from error

    def stop(self) -> None:
        """Stop the plunger and read back that it stands still.

        Raises:
            DeviceFaultError: The pump says that it still moves.
        """
        with self.link.exchange(urgent=True):
            for _ in range(_STOP_ATTEMPTS):
                self._raw("stp")
                reply = self._raw("status")
                if not reply.is_moving:
                    return
        raise DeviceFaultError(
            self.link.name,
            f"still is {_codec.PROMPTS[reply.prompt]} after {_STOP_ATTEMPTS} stop commands; switch "
            "the pump off",
        )

    def make_safe(self) -> None:
        """Stop the pump, as :meth:`stop`."""
        self.stop()
