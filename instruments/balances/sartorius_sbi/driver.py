"""Sartorius balances by SBI: Entris, Secura, Quintix, Practum, Cubis.

Sources: Sartorius, Secura/Quintix/Practum operating instructions (WSE6004), chapter "Data
interfaces"; technical note of the Entris II on SBI. A command is ESC and a letter; only the print
command and the questions of identity are answered. The unit is left out while a weight is not
stable.
"""

import re

from instruments.balances.weight import Weight, in_grams
from instruments.driver import Identity, LinkedInstrument
from instruments.errors import DeviceFaultError, ProtocolError
from instruments.links import Link

_ESC = "\x1b"
_ID_LENGTH = 6
_SHORT, _LONG = 14, 20  # characters of a line without and with its identification

_WEIGHT = re.compile(r"(?P<sign>[+\- ])(?P<value> *\d+\.?\d*) (?P<unit>.{3})")
_SPECIALS = {
    "High": "the pan is overloaded; take the load off",
    "Low": "the pan is underloaded; check that it is in place",
    "Cal": "it is adjusting itself; wait until it is done",
    "Err": "see the error codes in its manual",
}


class SartoriusSbi(LinkedInstrument):
    """The balance.

    Args:
        link: Serial or socket link, CR LF both ways.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._model = ""
        self._unit = ""  # of the last stable weight
        link.resync = self._resynchronise

    # -- exchanges ---------------------------------------------------------------------------

    def _resynchronise(self) -> None:
        def is_model(answer: str) -> bool:
            if self._model:
                return answer.strip() == self._model
            return _parts(answer) is None and _special(answer) is None

        self.link.synchronise(f"{_ESC}x1_", is_model)

    def _query(self, command: str) -> str:
        with self.link.exchange():
            self.link.write(_ESC + command)
            return str(self.link.read())

    def _command(self, command: str) -> None:
        with self.link.exchange():
            self.link.write(_ESC + command)

    def _text(self, command: str) -> str:
        with self.link.exchange():
            reply = self._query(command)
            if not reply.strip() or _parts(reply) is not None:
                raise ProtocolError(
                    self.link.name, f"'ESC {command}' was answered {reply!r}", reply=reply
                )
        return reply.strip()

    # -- what it does ------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return what the balance says it is."""
        with self.link.exchange():
            self._model = self._text("x1_")
            return Identity(
                maker="Sartorius",
                model=self._model,
                serial=self._text("x2_"),
                firmware=self._text("x3_"),
            )

    def read_weight(self) -> Weight:
        """Return the net weight at once, stable or not.

        A weight that is not stable comes without its unit and is taken to have that of the last
        stable one; before there was any, it is NaN.

        Raises:
            DeviceFaultError: Overload, underload, or an error of the balance.
        """
        with self.link.exchange():
            reply = self._query("P")
            special = _special(reply)
            if special is not None:
                raise DeviceFaultError(
                    self.link.name, f"prints {reply.strip()!r}: {special}", code=reply.strip()
                )
            parts = _parts(reply)
            if parts is None:
                raise ProtocolError(
                    self.link.name,
                    f"'ESC P' was answered {reply!r}, which is no weight",
                    reply=reply,
                )
            value, unit = parts
            if not (unit or self._unit):
                return Weight(mass_g=float("nan"), is_stable=False)
            try:
                mass_g = in_grams(value, unit or self._unit)
            except ValueError as error:
                raise ProtocolError(self.link.name, f"'ESC P': {error}", reply=reply) from error
            self._unit = unit or self._unit
        return Weight(mass_g=mass_g, is_stable=bool(unit))

    def tare(self) -> None:
        """Take what is on the pan as zero; the balance does not answer, so look at the weight."""
        self._command("U")

    def make_safe(self) -> None:
        """Do nothing: a balance neither emits nor moves."""


def _parts(line: str) -> tuple[str, str] | None:
    """Return number and unit ("" while not stable) of a printed weight, None for other lines."""
    if len(line) == _LONG:
        line = line[_ID_LENGTH:]
    match = _WEIGHT.fullmatch(line) if len(line) == _SHORT else None
    if match is None:
        return None
    return (match["sign"] + match["value"]).replace(" ", ""), match["unit"].strip()


def _special(line: str) -> str | None:
    """Return what a line says that has no weight."""
    if len(line) not in (_SHORT, _LONG):
        return None
    words = line[_ID_LENGTH:] if len(line) == _LONG else line
    for start, meaning in _SPECIALS.items():
        if words.strip().startswith(start):
            return meaning
    return None
