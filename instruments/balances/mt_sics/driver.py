"""Mettler Toledo balances, MT-SICS levels 0 and 1.

Source: Mettler Toledo, MT-SICS reference manual (11780711), chapters 2 (format, error messages) and
3 (levels 0 and 1). 9600 baud 8N1 as delivered, CR LF both ways. The answer to ``SI`` begins with
``S``.
"""

import re

from instruments.balances.weight import Weight, in_grams
from instruments.driver import Identity, LinkedInstrument
from instruments.errors import DeviceFaultError, ProtocolError
from instruments.links import Link

_TARE_TIMEOUT_S = 15.0

_WEIGHT = re.compile(r"(?P<id>S|T) (?P<state>[SD]) +(?P<value>[+-]?\d+\.?\d*) (?P<unit>[a-zA-Z]+)")
_TEXT = re.compile(r'(?P<id>I\d+) A "(?P<text>[^"]*)"')
_REFUSALS = {
    "ES": "it does not know the command (syntax error)",
    "ET": "the line garbled the command (transmission error); check speed and parity",
    "EL": "the command makes no sense now (logical error)",
}
_STATES = {
    "I": "it is busy, or the weight did not become stable",
    "L": "it does not accept the parameter",
    "+": "the pan is overloaded; take the load off",
    "-": "the pan is underloaded; check that it is in place",
}


class MtSics(LinkedInstrument):
    """The balance.

    Args:
        link: Serial or socket link, CR LF both ways.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        link.resync = self._resynchronise

    # -- exchanges ---------------------------------------------------------------------------

    def _resynchronise(self) -> None:
        # The reset @ would synchronise as well, but it forgets the tare.
        self.link.synchronise("I4", lambda answer: answer.startswith("I4 A"))

    def _query(self, command: str, answer_id: str, timeout_s: float | None = None) -> str:
        """Return an answer; raise what the balance refuses."""
        with self.link.exchange():
            self.link.write(command)
            reply = str(self.link.read(timeout_s=timeout_s)).rstrip()
            words = reply.split(maxsplit=2)
            refusal = _REFUSALS.get(reply)
            if refusal is None and len(words) == 2 and words[0] == answer_id:
                refusal = _STATES.get(words[1])
            if refusal is not None:
                raise DeviceFaultError(
                    self.link.name, f"{command!r} was answered {reply!r}: {refusal}", code=reply
                )
            if not words or words[0] != answer_id:
                raise ProtocolError(
                    self.link.name, f"{command!r} was answered {reply!r}", reply=reply
                )
        return reply

    def _text(self, command: str) -> str:
        with self.link.exchange():
            reply = self._query(command, command)
            match = _TEXT.fullmatch(reply)
            if match is None:
                raise ProtocolError(
                    self.link.name, f"{command!r} was answered {reply!r}", reply=reply
                )
        return match["text"]

    def _weight(self, command: str, answer_id: str, timeout_s: float | None = None) -> Weight:
        with self.link.exchange():
            reply = self._query(command, answer_id, timeout_s)
            match = _WEIGHT.fullmatch(reply)
            if match is None:
                raise ProtocolError(
                    self.link.name,
                    f"{command!r} was answered {reply!r}, which is no weight",
                    reply=reply,
                )
            try:
                mass_g = in_grams(match["value"], match["unit"])
            except ValueError as error:
                raise ProtocolError(self.link.name, f"{command!r}: {error}", reply=reply) from error
        return Weight(mass_g=mass_g, is_stable=match["state"] == "S")

    # -- what it does ------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return what the balance says it is; the model comes with its capacity."""
        with self.link.exchange():
            model, firmware, serial = (self._text(question) for question in ("I2", "I3", "I4"))
        return Identity(maker="Mettler Toledo", model=model, serial=serial, firmware=firmware)

    def read_weight(self) -> Weight:
        """Return the net weight at once, stable or not.

        Raises:
            DeviceFaultError: Overload, underload, or the balance is busy.
        """
        return self._weight("SI", "S")

    def tare(self) -> None:
        """Take what is on the pan as zero; the balance waits until it is stable.

        Raises:
            DeviceFaultError: It did not become stable, or cannot be tared.
        """
        self._weight("T", "T", _TARE_TIMEOUT_S)

    def make_safe(self) -> None:
        """Do nothing: a balance neither emits nor moves."""
