"""regrow gui: the benchtop window."""

import argparse
import os
import sys
from pathlib import Path

from gui.commands.benches import DEMO_BENCH

_SPEED = 60.0  # a regrowth of half an hour in half a minute, and every frame is seen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "--bench", type=Path, metavar="FILE", help="bench file (default: the demo bench)"
    )
    parser.add_argument("--simulated", action="store_true", help="simulate the bench of --bench")
    parser.add_argument(
        "--speed", type=float, metavar="X",
        help=f"simulated seconds per second (default: {_SPEED:g})",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, help="seed of the simulated noise")
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), metavar="DIR",
        help="where run folders go (default: ./runs)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Open the window; return the exit code when it is closed."""
    is_simulated = args.simulated or args.bench is None
    if args.speed is not None and not is_simulated:
        sys.stderr.write("regrow gui: --speed is for a simulated bench; add --simulated\n")
        return 2
    bench_file = args.bench or DEMO_BENCH
    if not bench_file.is_file():
        sys.stderr.write(f"regrow gui: there is no bench file {bench_file}\n")
        return 2
    os.environ.setdefault("QT_API", "pyqt5")
    try:
        from gui.app import open_window
        from gui.session import HostOptions
    except ImportError as error:
        sys.stderr.write(f"regrow gui: {error}; install the window: pip install 'regrow[gui]'\n")
        return 1
    return open_window(
        HostOptions(
            bench_file=bench_file,
            simulated=is_simulated,
            speed=args.speed or _SPEED,
            runs_folder=args.runs,
            seed=args.seed,
        )
    )
