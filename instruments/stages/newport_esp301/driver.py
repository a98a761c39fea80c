"""Newport ESP301 and ESP300 motion controllers.

Source: Newport, ESP300 and ESP301 user's manuals, command reference. Commands that set something
are not answered, so each is followed by the question for errors (``TB?``), which also proves that
it has arrived. The controller uses the unit that it was set up with; this driver insists on mm.
"""

import logging
import math
import time
from collections.abc import Callable
from typing import TypeVar

from instruments.driver import Identity, LinkedInstrument
from instruments.errors import (
    DeviceFaultError,
    InterlockOpenError,
    LimitError,
    ProtocolError,
    StalledError,
)
from instruments.links import Link
from instruments.stages.axis import AxisMotion
from instruments.stages.newport_esp301 import _codec
from instruments.stages.newport_esp301._codec import Report

T = TypeVar("T")
_LOGGER = logging.getLogger(__name__)

_CYCLE_S = 400e-6
_CLOCKS_AGREE = 0.8
_ERRORS_KEPT = 10  # how many the controller keeps
_STOP_TIMEOUT_S = 2.0
_POLL_INTERVAL_S = 0.05
_UNKNOWN_MOVE_S = 120.0


class Esp301(LinkedInstrument):
    """The controller with its axes.

    Args:
        link: Serial or socket link, CR written, CR LF read.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._axes: list[Esp301Axis] = []
        self._cycles = 0
        self._answered_s = math.inf
        self._untold: list[Report] = []
        link.resync = self._resynchronise

    def add_axis(
        self,
        number: int,
        *,
        name: str,
        limits_mm: tuple[float, float],
        in_position_mm: float = 0.001,
        home_mode: int = 1,
    ) -> "Esp301Axis":
        """Return an axis of this controller.

        Args:
            number: 1 to 3.
            name: What the axis is called in messages.
            limits_mm: Lowest and highest position that may be asked for.
            in_position_mm: How near the target counts as there.
            home_mode: What homing looks for: 0 the position 0, 1 home switch and index, 2 home
                switch, 3 and 4 the upper and lower limit switch, 5 and 6 these with index.
        """
        axis = Esp301Axis(
            self,
            number,
            name=name,
            limits_mm=limits_mm,
            in_position_mm=in_position_mm,
            home_mode=home_mode,
        )
        self._axes.append(axis)
        return axis

    # -- exchanges ---------------------------------------------------------------------------

    def _resynchronise(self) -> None:
        self.link.synchronise("VE?", lambda answer: answer.lstrip().startswith("ESP"))

    def query(self, question: str, parse: Callable[[str], T]) -> T:
        """Ask, and return what the answer means.

        Args:
            question: The question.
            parse: Reads the answer.

        Raises:
            ProtocolError: The answer does not fit.
        """
        with self.link.exchange():
            self.link.write(question)
            line = str(self.link.read())
            try:
                return parse(line)
            except _codec.FrameError as error:
                raise ProtocolError(self.link.name, f"{question!r}: {error}", reply=line) from error

    def command(self, command: str) -> None:
        """Tell the controller to do something, and ask whether it did.

        Args:
            command: The command.

        Raises:
            DeviceFaultError: It reports an error.
        """
        with self.link.exchange():
            self.link.write(command)
            self.raise_error(f"after {command!r}")

    def raise_error(self, context: str) -> None:
        """Raise what the controller has to report, if anything.

        Args:
            context: When, for the message.

        Raises:
            InterlockOpenError: An emergency stop or an interlock.
            StalledError: An axis could not follow.
            DeviceFaultError: Anything else.
        """
        self.look()
        if not self._untold:
            return
        report = self._untold.pop(0)
        words = f"reports error {report.code} ({report.text}) {context}"
        if report.is_interlock:
            raise InterlockOpenError(
                self.link.name, f"{words}; release it, then connect again", code=report.code
            )
        if report.is_stall:
            raise StalledError(
                self.link.name,
                f"{words}; remove what is in the way of axis {report.axis}, then home it",
                code=report.code,
            )
        raise DeviceFaultError(self.link.name, words, code=report.code)

    def look(self) -> None:
        """Keep what the controller has to report for the next call of :meth:`raise_error`."""
        report = self._report()
        if report.code:
            self._untold.append(report)

    def _report(self) -> Report:
        asking_s = time.monotonic()
        report = self.query("TB?", _codec.parse_report)
        # The count of servo cycles begins anew at switching on, and then no position is known.
        counted_s = (report.cycles - self._cycles) * _CYCLE_S
        if counted_s < _CLOCKS_AGREE * (asking_s - self._answered_s) - _CYCLE_S:
            _LOGGER.warning("%s: was switched off meanwhile; home its axes", self.link.name)
            for axis in self._axes:
                axis.lose_reference()
        self._cycles, self._answered_s = report.cycles, time.monotonic()
        return report

    def forget_errors(self) -> list[str]:
        """Return the errors of earlier times in words, after which the controller has none."""
        found = [f"{report.code} ({report.text})" for report in self._untold]
        self._untold.clear()
        for _ in range(_ERRORS_KEPT + 1):
            report = self._report()
            if not report.code:
                break
            found.append(f"{report.code} ({report.text})")
        return found

    def identify(self) -> Identity:
        """Return what the controller says it is; it has no word for its serial number."""
        with self.link.exchange():
            words = self.query("VE?", str).split()
        if not words or not words[0].startswith("ESP"):
            raise ProtocolError(self.link.name, f"'VE?' was answered {' '.join(words)!r}")
        firmware = " ".join(words[1:]).removeprefix("Version").strip()
        return Identity(maker="Newport", model=words[0], serial="", firmware=firmware)

    def make_safe(self) -> None:
        """Stop every axis and read back that all stand still.

        Raises:
            DeviceFaultError: An axis still moves after 2 s.
        """
        for axis in self._axes:
            axis.stop()


class Esp301Axis:
    """One axis; made by :meth:`Esp301.add_axis`.

    The controller has no word for "homed". An axis counts as homed when it was homed through this
    object and the controller was not switched off since.

    Args:
        controller: The controller.
        number: Number of the axis.
        name: What the axis is called in messages.
        limits_mm: Lowest and highest position that may be asked for.
        in_position_mm: How near the target counts as there.
        home_mode: What homing looks for.
    """

    def __init__(
        self,
        controller: Esp301,
        number: int,
        *,
        name: str,
        limits_mm: tuple[float, float],
        in_position_mm: float,
        home_mode: int,
    ) -> None:
        self._controller = controller
        self._number = number
        self.name = name
        self._wanted_limits_mm = limits_mm
        self.limits_mm = limits_mm
        self.resolution_mm = in_position_mm
        self._home_mode = home_mode
        self._is_homed = False
        self._is_homing = False
        self.speed_mm_s = math.nan

    @property
    def link(self) -> Link:
        """The line to the controller."""
        return self._controller.link

    @property
    def _label(self) -> str:
        return f"{self._controller.link.name} axis {self.name}"

    def _number_of(self, question: str) -> float:
        return self._controller.query(f"{self._number}{question}", _codec.parse_number)

    def _integer_of(self, question: str) -> int:
        return self._controller.query(f"{self._number}{question}", _codec.parse_integer)

    def _command(self, command: str) -> None:
        self._controller.command(f"{self._number}{command}")

    def prepare(self) -> None:
        """Read unit, speed and travel, and switch the motor on.

        The limits in use are the narrower of the file's and the controller's.

        Raises:
            LimitError: The controller displays in another unit than mm, or the bench file allows
                nothing of its travel.
            DeviceFaultError: The motor does not switch on.
        """
        with self.link.exchange():
            forgotten = self._controller.forget_errors()
            unit = self._integer_of("SN?")
            if unit != _codec.MILLIMETRES:
                known = 0 <= unit < len(_codec.UNIT_NAMES)
                raise LimitError(
                    self._label,
                    f"displays in {_codec.UNIT_NAMES[unit] if known else f'unit {unit}'}, which "
                    "would make every length wrong; set up a linear stage in mm (SN2)",
                )
            low_mm, high_mm = self._number_of("SL?"), self._number_of("SR?")
            self.speed_mm_s = self._number_of("VA?")
            self._command("MO")
        if forgotten:
            _LOGGER.info("%s: errors of earlier times: %s", self._label, ", ".join(forgotten))
        wanted_low_mm, wanted_high_mm = self._wanted_limits_mm
        if max(low_mm, wanted_low_mm) >= min(high_mm, wanted_high_mm):
            raise LimitError(
                self._label,
                f"the controller allows {low_mm:g} to {high_mm:g} mm, the bench file "
                f"{wanted_low_mm:g} to {wanted_high_mm:g} mm",
            )
        self.limits_mm = (max(low_mm, wanted_low_mm), min(high_mm, wanted_high_mm))

    def position_mm(self) -> float:
        """Return the position in mm; without a reference it is a number without meaning."""
        return self._number_of("TP?")

    def is_homed(self) -> bool:
        """Return whether the axis was homed since the controller was switched on."""
        self._controller.look()
        return self._is_homed

    def lose_reference(self) -> None:
        """Take note that the position means nothing any more."""
        self._is_homed = self._is_homing = False

    def check_position_mm(self, position_mm: float) -> None:
        """Check a position against the limits.

        Args:
            position_mm: The position.

        Raises:
            LimitError: Outside.
        """
        low_mm, high_mm = self.limits_mm
        if not low_mm <= position_mm <= high_mm:
            raise LimitError(
                self._label,
                f"position must be {low_mm:g} to {high_mm:g} mm, asked for {position_mm!r}",
                value=position_mm,
                unit="mm",
                limits=self.limits_mm,
            )

    def move_timeout_s(self, position_mm: float) -> float:
        """Return how long a move to a position may take from the other end of the travel.

        Args:
            position_mm: Where to.
        """
        low_mm, high_mm = self.limits_mm
        way_mm = max(position_mm - low_mm, high_mm - position_mm)
        if not self.speed_mm_s > 0:  # not read yet
            return _UNKNOWN_MOVE_S
        return way_mm / self.speed_mm_s * 2 + 5.0

    def start_move_to_mm(self, position_mm: float) -> None:
        """Start a move; :meth:`motion` tells when it is over.

        Args:
            position_mm: Where to, within the limits; a nanometre counts.

        Raises:
            LimitError: Outside; nothing was sent.
            DeviceFaultError: The axis is not homed, its motor is off, or the controller refuses.
        """
        self.check_position_mm(position_mm)
        with self.link.exchange():
            if not self.is_homed():
                raise DeviceFaultError(
                    self._label,
                    f"is not homed, so it cannot move to {position_mm:g} mm; make sure that "
                    f"nothing is in its way and home it: {self.name}.home()",
                )
            if not self._integer_of("MO?"):
                raise DeviceFaultError(
                    self._label, "its motor is off; find out why, then connect again and home it"
                )
            self._command(f"PA{_codec.format_position(position_mm)}")

    def start_home(self) -> None:
        """Start the search for the reference position; :meth:`motion` tells when it is over."""
        with self.link.exchange():
            self._is_homed = False
            self._command("MO")
            self._command(f"OR{self._home_mode}")
            self._is_homing = True

    def motion(self) -> AxisMotion:
        """Return whether the axis moves.

        Raises:
            StalledError: It could not follow.
            DeviceFaultError: The controller reports another error.
        """
        with self.link.exchange():
            is_moving = not self._integer_of("MD?")
            try:
                self._controller.raise_error("during a move")
            except DeviceFaultError:
                self.lose_reference()
                raise
        if not is_moving and self._is_homing:
            self._is_homed, self._is_homing = True, False
        return AxisMotion(is_moving=is_moving, warning="")

    def stop(self) -> None:
        """Stop and read back that the axis stands still.

        Raises:
            DeviceFaultError: It still moves after 2 s.
        """
        deadline_s = time.monotonic() + _STOP_TIMEOUT_S
        with self.link.exchange(urgent=True):
            self.link.write(f"{self._number}ST")
            is_moving = not self._integer_of("MD?")
            self._is_homing = False
        while is_moving:
            if time.monotonic() > deadline_s:
                raise DeviceFaultError(
                    self._label, f"still moves {_STOP_TIMEOUT_S:g} s after 'ST'; cut its power"
                )
            time.sleep(_POLL_INTERVAL_S)
            is_moving = not self._integer_of("MD?")
