"""regrow devices: what the instruments of a bench are and say."""

import argparse
from pathlib import Path
from typing import Any

from gui.commands.benches import simulated_bench


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("bench", type=Path, metavar="BENCH.toml")
    parser.add_argument("--simulated", action="store_true", help="simulate the bench first")


def run(args: argparse.Namespace) -> int:
    """Print identity, readings and settings of every device; 1 when one fails."""
    from simulators.clock import virtual_time

    if args.simulated:
        with virtual_time(), simulated_bench(args.bench) as simulators:
            return _read_bench(args.bench, simulators.addresses)
    return _read_bench(args.bench, None)


def _read_bench(bench_file: Path, addresses: dict[str, str] | None) -> int:
    from instruments.bench import load_bench

    with load_bench(bench_file, addresses=addresses) as bench:
        report = bench.read_all()
    for name, found in report.items():
        who = found["identity"]
        print(f"{name}: " + ", ".join(f"{key} {value}" for key, value in who.items() if value))
        for key, value in {**found["readings"], **found["configuration"]}.items():
            print(f"  {key:<34} {_short(value)}")
        if found["error"]:
            print(f"  FAILED: {found['error']}")
    return 1 if any(found["error"] for found in report.values()) else 0


def _short(value: Any) -> str:
    size = getattr(value, "size", 1)
    return f"array of {size} values" if size > 8 else str(value)
