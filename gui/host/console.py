"""A Python console with the bench's devices and plans in it."""

import code
import contextlib
import io
import re
import rlcompleter
from collections.abc import Callable, Mapping
from typing import Any

from gui.messages import Code, Complete, Completions, Done
from instruments.bench import Bench

_COLOURS = re.compile("\\x1b\\[[0-9;]*m")
_WORD = re.compile(r"[\w.]*\Z")
_MOST_WORDS = 200


class Console:
    """Runs what a person types; IPython where it is installed, plain Python elsewhere.

    Args:
        bench: Its devices are names in the console.
        plans: The plans by name.
        run: Runs a plan with its records and all that watches a run; a name in the console, too.
    """

    def __init__(
        self, bench: Bench, plans: Mapping[str, Any], run: Callable[..., str] | None = None
    ) -> None:
        self.names: dict[str, Any] = {"bench": bench, **bench.devices, **plans}
        if run is not None:
            self.names["run"] = run
        self._shell: Any = None

    def run(self, request: Code) -> Done:
        """Run one piece of code and return what it printed."""
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            self._loaded().run_cell(request.text)
        return Done(ticket=request.ticket, text=_COLOURS.sub("", output.getvalue()))

    def complete(self, request: Complete) -> Completions:
        """Return how the word before the cursor may go on."""
        found = _WORD.search(request.text[: request.cursor])
        word = "" if found is None else found.group(0)
        begin, words = self._loaded().complete(word, request.text, request.cursor)
        return Completions(ticket=request.ticket, begin=begin, words=tuple(words[:_MOST_WORDS]))

    def _loaded(self) -> "_IPython | _Plain":
        """Load the interpreter when it is wanted for the first time."""
        if self._shell is None:
            try:
                self._shell = _IPython(self.names)
            except ImportError:
                self._shell = _Plain(self.names)
        shell: _IPython | _Plain = self._shell
        return shell


class _IPython:
    """IPython without a terminal."""

    def __init__(self, names: dict[str, Any]) -> None:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False  # the window keeps the history; no file, no thread
        config.Completer.use_jedi = False  # it would look into the drivers in a process of its own
        self._shell = InteractiveShell(user_ns=names, config=config)

    def run_cell(self, text: str) -> None:
        self._shell.run_cell(text)

    def complete(self, word: str, line: str, cursor: int) -> tuple[int, list[str]]:
        matched, words = self._shell.complete(word, line, cursor)
        return cursor - len(matched), list(words)


class _Plain:
    """The interpreter that Python brings."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._interpreter = code.InteractiveInterpreter(names)
        self._completer = rlcompleter.Completer(names)

    def run_cell(self, text: str) -> None:
        self._interpreter.runsource(text, symbol="exec" if "\n" in text else "single")

    def complete(self, word: str, line: str, cursor: int) -> tuple[int, list[str]]:
        words: list[str] = []
        while (found := self._completer.complete(word, len(words))) is not None:
            words.append(found)
        return cursor - len(word), words
