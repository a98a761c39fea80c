"""The manner of speaking of Thorlabs' small controllers.

A command ends in CR; the controller repeats it, answers with a line, and ends with its prompt. The
echo tells that an answer belongs to its question.
"""

from instruments.driver import LinkedInstrument
from instruments.errors import DeviceFaultError, ProtocolError
from instruments.links import Link


class PromptInstrument(LinkedInstrument):
    """A controller that echoes and prompts.

    Args:
        link: Serial or socket link; commands end in CR, answers in the prompt ``"> "``.
        family: What the answer to ``*idn?`` contains.
    """

    def __init__(self, link: Link, *, family: str) -> None:
        super().__init__(link)
        self._family = family
        link.resync = self._resynchronise

    def _resynchronise(self) -> None:
        self.link.synchronise("*idn?", lambda answer: self._family in answer)

    def _identification(self, question: str) -> str:
        """Return what the controller says it is; raise if that is another instrument."""
        with self.link.exchange():
            answer = self._text(question)
            if self._family not in answer:
                raise ProtocolError(
                    self.link.name,
                    f"{question!r} was answered {answer!r}, which is no {self._family}; check the "
                    "address",
                    reply=answer,
                )
        return answer

    def _lines(self, command: str, timeout_s: float | None = None) -> list[str]:
        """Return what comes between the echo of a command and the prompt."""
        with self.link.exchange():
            self.link.write(command)
            reply = str(self.link.read(timeout_s=timeout_s))
            lines = [line.strip() for line in reply.replace("\n", "\r").split("\r")]
            echo, *answer = [line for line in lines if line] or [""]
            if echo != command:
                raise ProtocolError(
                    self.link.name, f"{command!r} was echoed as {echo!r}", reply=reply
                )
            if answer and answer[0].lower().startswith("command error"):
                raise DeviceFaultError(
                    self.link.name, f"{command!r} was refused: {answer[0]}", code=answer[0]
                )
        return answer

    def _text(self, command: str) -> str:
        with self.link.exchange():
            answer = self._lines(command)
            if len(answer) != 1:
                raise ProtocolError(
                    self.link.name, f"{command!r} was answered {answer!r}, one line expected"
                )
        return answer[0]

    def _integer(self, command: str) -> int:
        with self.link.exchange():
            answer = self._text(command)
            if not answer.isdecimal():
                raise ProtocolError(
                    self.link.name,
                    f"{command!r} was answered {answer!r}, which is no whole number",
                    reply=answer,
                )
        return int(answer)

    def _flag(self, command: str) -> bool:
        with self.link.exchange():
            value = self._integer(command)
            if value not in (0, 1):
                raise ProtocolError(self.link.name, f"{command!r} was answered {value}")
        return value == 1

    def _command(self, command: str, timeout_s: float | None = None) -> None:
        with self.link.exchange():
            answer = self._lines(command, timeout_s)
            if answer:
                raise ProtocolError(
                    self.link.name, f"{command!r} was answered {answer!r}, nothing expected"
                )

    def _setting(self, name: str, value: int) -> None:
        """Set a parameter and read it back."""
        with self.link.exchange():
            self._command(f"{name}={value}")
            actual = self._integer(f"{name}?")
            if actual != value:
                raise DeviceFaultError(
                    self.link.name, f"{name} reads back {actual} after {value} was set"
                )
