"""Numato Lab USB relay module, one of its relays.

Sources: Numato Lab, user guides of the 1 to 32 channel USB relay modules, chapter "The command
set"; numato/samplecode, usbrelay16_32 (relay numbers from 10 are letters from A). A USB serial
port at any speed. A command ends in CR; the module echoes it, answers with a line and ends with its
prompt. It has no watchdog: a relay stays as it is when the computer goes away.
"""

import re

from instruments.driver import Identity, LinkedInstrument
from instruments.errors import DeviceFaultError, ProtocolError
from instruments.links import Link

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
_STATES = {"on": True, "off": False}


class NumatoRelay(LinkedInstrument):
    """One relay of the module.

    Args:
        link: Serial or socket link; commands end in CR, answers in the prompt ``">"``.
        relay: Number of the relay, from 0.
    """

    def __init__(self, link: Link, *, relay: int = 0) -> None:
        super().__init__(link)
        self._digit = _DIGITS[relay]
        link.resync = self._resynchronise

    def _resynchronise(self) -> None:
        question = f"relay read {self._digit}"
        self.link.synchronise(question, lambda answer: question in answer)

    def identify(self) -> Identity:
        """Return what the module says it is; its id is free to be set."""
        with self.link.exchange():
            firmware, serial = self._answer("ver"), self._answer("id get")
        return Identity(maker="Numato Lab", model="USB relay", serial=serial, firmware=firmware)

    def is_on(self) -> bool:
        """Return whether the relay is on.

        Raises:
            ProtocolError: The answer is neither "on" nor "off".
        """
        with self.link.exchange():
            answer = self._answer(f"relay read {self._digit}")
            if answer not in _STATES:
                raise ProtocolError(
                    self.link.name,
                    f"relay {self._digit} was answered {answer!r}, 'on' or 'off' expected",
                    reply=answer,
                )
        return _STATES[answer]

    def switch_on(self) -> None:
        """Switch the relay on and read it back.

        Raises:
            DeviceFaultError: It stays off.
        """
        self._switch("on")

    def switch_off(self) -> None:
        """Switch the relay off and read it back.

        Raises:
            DeviceFaultError: It stays on.
        """
        self._switch("off")

    def make_safe(self) -> None:
        """Switch the relay off and read back that it is off.

        Raises:
            InstrumentError: It is not certain that it is.
        """
        with self.link.exchange(urgent=True):
            self.switch_off()

    def _switch(self, state: str) -> None:
        with self.link.exchange():
            answer = self._lines(f"relay {state} {self._digit}")
            if answer:
                raise ProtocolError(
                    self.link.name, f"switching {state} was answered {answer!r}", reply=answer[0]
                )
            if self.is_on() != _STATES[state]:
                raise DeviceFaultError(
                    self.link.name,
                    f"relay {self._digit} is not {state} though it was told so; look at the module",
                )

    def _answer(self, command: str) -> str:
        with self.link.exchange():
            answer = self._lines(command)
            if len(answer) != 1:
                raise ProtocolError(
                    self.link.name, f"{command!r} was answered {answer!r}, one line expected"
                )
        return answer[0]

    def _lines(self, command: str) -> list[str]:
        """Return what comes between the echo of a command and the prompt."""
        with self.link.exchange():
            self.link.write(command)
            reply = str(self.link.read())
            echo, *answer = [
                line.strip() for line in re.split("[\r\n]+", reply) if line.strip()
            ] or [""]
            if echo != command:
                raise ProtocolError(
                    self.link.name, f"{command!r} was echoed as {echo!r}", reply=reply
                )
        return answer
