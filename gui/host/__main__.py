"""Starts the process that owns the bench: ``python -m gui.host BENCH.toml ...``.

The window starts it and holds the other ends of its standard input and output. When the window is
gone, standard input ends: everything is switched off, the run is closed, and this process ends.
"""

import argparse
import os
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from gui import messages, pipe
from gui.host.pace import Pace, RealPace, SimulatedPace


def main() -> int:
    """Serve one bench until the window ends or is gone."""
    args = _arguments()
    os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")
    sender = pipe.Sender(pipe.take_stdout(), name="to-window")
    inbox = _Inbox(sys.stdin.buffer)
    inbox.start()  # before virtual time begins: these threads live on the real clock
    outside = _Outside()
    try:
        if args.simulated:
            _serve_simulated(args, sender, inbox, outside)
        else:
            _serve(args, RealPace(), sender, inbox, outside, addresses=None)
    except Exception as error:  # noqa: BLE001 - the window shows it; there is nobody else to tell
        sender.put(messages.Failed(text=f"{type(error).__name__}: {error}"))
        sender.close()
        return 1
    sender.close()
    return 0


def _serve_simulated(
    args: argparse.Namespace, sender: pipe.Sender, inbox: "_Inbox", outside: "_Outside"
) -> None:
    from simulators.clock import virtual_time  # first of all: before bluesky and ophyd

    sender.put(messages.Starting(text="starting the simulated instruments"))
    with virtual_time(speed=args.speed) as clock:
        from simulators.bench import SimulatedBench

        with SimulatedBench(args.bench, seed=args.seed, ports="any") as simulators:
            pace = SimulatedPace(clock)
            _serve(args, pace, sender, inbox, outside, addresses=simulators.addresses)


def _serve(
    args: argparse.Namespace,
    pace: Pace,
    sender: pipe.Sender,
    inbox: "_Inbox",
    outside: "_Outside",
    *,
    addresses: dict[str, str] | None,
) -> None:
    sender.put(messages.Starting(text="loading instruments and plans"))
    from gui.host.host import Host  # brings bluesky and ophyd

    host = Host(
        bench_file=args.bench,
        runs_folder=args.runs,
        pace=pace,
        tell=sender.put,
        addresses=addresses,
        extra_plans=args.plans,
    )
    host.start()
    outside.run(host.watch)
    outside.run(host.runs.fit.run)
    inbox.deliver_to(host)
    host.wait_for_end()


class _Inbox:
    """Reads what the window says; keeps it until there is somebody to hand it to."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._early: list[Any] = []
        self._host: Any = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="from-window", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def deliver_to(self, host: Any) -> None:
        with self._lock:
            self._host = host
            early, self._early = self._early, []
        for message in early:
            host.take(message)

    def _run(self) -> None:
        for message in pipe.receive(self._stream):
            self._hand_over(message)
        self._hand_over(messages.Shutdown())

    def _hand_over(self, message: Any) -> None:
        with self._lock:
            if self._host is None:
                self._early.append(message)
                return
        self._host.take(message)


class _Outside:
    """Threads that live in the person's time, to be had also from within virtual time."""

    def __init__(self, count: int = 2) -> None:
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        for number in range(count):
            threading.Thread(
                target=lambda: self._work.get()(), name=f"outside-{number}", daemon=True
            ).start()

    def run(self, work: Callable[[], None]) -> None:
        self._work.put(work)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m gui.host")
    parser.add_argument("bench", type=Path)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--simulated", action="store_true")
    parser.add_argument("--speed", type=float, default=60.0)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--plans", help="module with further PLANS, for benchmarks and tests")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
