"""A Python console with the bench's devices and plans in it."""

import code
import contextlib
import io
import re
from collections.abc import Mapping
from typing import Any

from gui.messages import Code, Done
from instruments.bench import Bench

_COLOURS = re.compile("\\x1b\\[[0-9;]*m")


class Console:
    """Runs what a person types; IPython where it is installed, plain Python elsewhere.

    Args:
        bench: Its devices are names in the console.
        plans: The plans by name.
    """

    def __init__(self, bench: Bench, plans: Mapping[str, Any]) -> None:
        self._names: dict[str, Any] = {"bench": bench, **bench.devices, **plans}
        self._shell: Any = None

    def run(self, request: Code) -> Done:
        """Run one piece of code and return what it printed."""
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            self._run(request.text)
        return Done(ticket=request.ticket, text=_COLOURS.sub("", output.getvalue()))

    def _run(self, text: str) -> None:
        if self._shell is None:
            self._shell = _make_shell(self._names)
        self._shell(text)


def _make_shell(names: dict[str, Any]) -> Any:
    try:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config
    except ImportError:
        interpreter = code.InteractiveInterpreter(names)
        return lambda text: interpreter.runsource(text, symbol="single")
    config = Config()
    config.HistoryManager.enabled = False  # the window keeps the history; no file, no thread
    shell = InteractiveShell(user_ns=names, config=config)
    return shell.run_cell
