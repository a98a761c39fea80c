"""regrow simulate: simulated instruments for any program."""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from simulators.bench import SimulatedBench


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("bench", type=Path, metavar="BENCH.toml")
    parser.add_argument("--json", action="store_true", help="one JSON object a line per device")


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C or the end signal."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with SimulatedBench(args.bench, pty=True) as simulators:
        for row in simulators.describe():
            if args.json:
                print(json.dumps(row), flush=True)
            else:
                words = f"{row['name']:<14} {row['model']:<18} {row['address']}"
                print(f"{words}  {row['pty'] or ''}".rstrip(), flush=True)
        print("serving; Ctrl-C ends", file=sys.stderr, flush=True)
        while not ended.wait(0.5):  # in steps: Windows handles the signal between them
            pass
    return 0
