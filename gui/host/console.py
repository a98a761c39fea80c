"""A Python console with the bench's devices and plans in it."""

import code
import contextlib
import io
from collections.abc import Mapping
from typing import Any

from gui.messages import Code, Done
from instruments.bench import Bench


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
        return Done(ticket=request.ticket, text=output.getvalue())

    def _run(self, text: str) -> None:
        if self._shell is None:
            self._shell = _make_shell(self._names)
        self._shell(text)


def _make_shell(names: dict[str, Any]) -> Any:
    try:
        from IPython.core.interactiveshell import InteractiveShell
    except ImportError:
        interpreter = code.InteractiveInterpreter(names)
        return lambda text: interpreter.runsource(text, symbol="single")
    shell = InteractiveShell(user_ns=names, colors="NoColor")
    return lambda text: shell.run_cell(text, store_history=True)
