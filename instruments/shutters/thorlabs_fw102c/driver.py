"""Thorlabs FW102C and FW212C filter wheels.

Sources: Thorlabs, FW102C/FW212C operating manual, chapter "Command line interface"; echo and prompt
as in Micro-Manager's ThorlabsFilterWheel adapter. 115200 baud 8N1.
"""

from instruments.driver import Identity
from instruments.errors import DeviceFaultError, LimitError
from instruments.links import Link
from instruments.shutters.prompt import PromptInstrument

_TURN_TIMEOUT_S = 10.0  # the prompt may come only when the wheel is there
_FAST = 1


class ThorlabsFw102c(PromptInstrument):
    """The wheel.

    Args:
        link: Serial or socket link; CR, echo and prompt.
    """

    turn_timeout_s = _TURN_TIMEOUT_S

    def __init__(self, link: Link) -> None:
        super().__init__(link, family="Filter Wheel")
        self._count: int | None = None
        link.on_reconnect = self._restore

    def _restore(self) -> None:
        if self._count is not None:
            self._set_up()

    def identify(self) -> Identity:
        """Return what the wheel says it is; it has no word for its serial number."""
        text = self._identification("*idn?")
        words = text.split()
        model = next((word for word in words if word.startswith("FW")), text)
        return Identity(maker="Thorlabs", model=model, serial="", firmware=words[-1])

    def prepare(self) -> int:
        """Have it turn fast and keep its position sensors dark while it stands.

        Returns:
            How many positions it has.
        """
        with self.link.exchange():
            self._set_up()
            return self.count()

    def _set_up(self) -> None:
        self._setting("speed", _FAST)
        self._setting("sensors", 0)  # their light would be measured

    def count(self) -> int:
        """Return how many positions the wheel has."""
        if self._count is None:
            self._count = self._integer("pcount?")
        return self._count

    def position(self) -> int:
        """Return the position, from 1."""
        return self._integer("pos?")

    def turn_to(self, position: int) -> None:
        """Turn to a position and read back that it is there.

        Args:
            position: From 1 to :meth:`count`.

        Raises:
            LimitError: There is no such position; it was not sent.
            DeviceFaultError: The wheel stands elsewhere.
        """
        count = self.count()
        is_whole = isinstance(position, int) and not isinstance(position, bool)
        if not is_whole or not 1 <= position <= count:
            raise LimitError(
                self.link.name,
                f"there are positions 1 to {count}, asked for {position!r}; nothing was sent",
                value=position,
                limits=(1, count),
            )
        with self.link.exchange():
            self._command(f"pos={position}", self.turn_timeout_s)
            actual = self.position()
            if actual != position:
                raise DeviceFaultError(
                    self.link.name,
                    f"stands at position {actual} after it was turned to {position}; check that "
                    "the wheel is free",
                )

    def make_safe(self) -> None:
        """Do nothing: a wheel stands where it is, and emits nothing."""
