"""The process of a guard: ``python -m instruments.guard``.

Started by `instruments.guard.Guard` only. The first line on its standard input says what to guard.
"""

import contextlib
import json
import logging
import os
import queue
import signal
import sys
import threading
from pathlib import Path

import pyvisa

from instruments.bench import load_bench
from instruments.guard.program import GuardedProgram
from instruments.guard.watch import Limits, Watch
from instruments.open_ends import OpenEnds

_STDIN, _STDOUT = 0, 1


class PipeLine:
    """The pipes to the guarded program."""

    def __init__(self) -> None:
        self._words: queue.Queue[str | None] = queue.Queue()
        self._rest = b""

    def start(self) -> None:
        """Begin to listen."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()

    def take(self, timeout_s: float) -> str | None:
        """Return the next word; see `instruments.guard.watch.Line`."""
        try:
            word = self._words.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if word is None:
            raise EOFError
        return word

    def say(self, word: str) -> None:
        """Tell the program something."""
        with contextlib.suppress(OSError):  # it is gone
            os.write(_STDOUT, f"{word}\n".encode())

    def _listen(self) -> None:
        # Not through sys.stdin: a thread that waits there would block the interpreter's end.
        while data := self._read():
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                self._words.put(line.decode("utf-8", errors="replace"))
        self._words.put(None)

    @staticmethod
    def _read() -> bytes:
        try:
            return os.read(_STDIN, 4096)
        except OSError:
            return b""


def speak(text: str) -> None:
    """Tell the person, if anybody still reads."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()


def main() -> int:
    """Guard until told to end.

    Returns:
        The exit code: 0 all is well, 3 the bench had to be made safe, 4 and it is not certain.
    """
    for name in ("SIGINT", "SIGHUP", "SIGBREAK"):  # those of a terminal are not for the guard
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, format="guard: %(message)s")
    line = PipeLine()
    line.start()
    first = line.take(timeout_s=30.0)
    order = json.loads(first or "null")
    program = GuardedProgram(int(order["program"]))
    # Everything that takes time is done while all is well: no import and no parsing later.
    bench = load_bench(order["bench_file"], addresses=order["addresses"])
    pyvisa.ResourceManager("@py")
    line.say("ready")
    watch = Watch(
        bench,
        program,
        line,
        folder=Path(order["folder"]),
        limits=Limits(timeout_s=float(order["timeout_s"])),
        speak=speak,
    )
    report = watch.run()
    if report is None:
        return 0
    if report.is_safe:
        return 3
    try:
        OpenEnds(order["bench_file"]).note(report.not_confirmed.values())
    except OSError as error:
        speak(f"guard: what is not certain cannot be kept: {error}")
    return 4


if __name__ == "__main__":
    code = main()
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(code)  # threads that wait for a silent instrument must not keep the process
