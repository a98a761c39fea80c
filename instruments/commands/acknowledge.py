"""regrow acknowledge: a person has looked at what was not confirmed to be off."""

import argparse
from pathlib import Path

from instruments.open_ends import OpenEnds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("bench", type=Path, metavar="BENCH", help="bench file")
    parser.add_argument("--show", action="store_true", help="only show, acknowledge nothing")


def run(args: argparse.Namespace) -> int:
    """Print what is not certain and acknowledge it; 1 with --show when there is anything."""
    ends = OpenEnds(args.bench)
    found = ends.read() if args.show else ends.acknowledge()
    for end in found:
        print(f"not confirmed off {end}")
    if not found:
        print("everything was confirmed to be off")
    elif not args.show:
        print("acknowledged: the next run may start")
    return int(args.show and bool(found))
