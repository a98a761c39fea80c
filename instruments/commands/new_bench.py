"""regrow new-bench: a bench file to begin with."""

import argparse
import sys
from pathlib import Path

from instruments.commands import discover
from instruments.discovery import bench_text, example_text, write_bench


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("file", type=Path, metavar="FILE", help="bench file to write")
    parser.add_argument(
        "--example",
        action="append",
        metavar="MODEL",
        help="write an example of this model instead of looking around; may be repeated",
    )
    parser.add_argument(
        "--title", metavar="NAME", help="name of the bench (default: that of the file)"
    )
    parser.add_argument("--network", action="store_true", help="also ask the network")
    parser.add_argument("--host", action="append", default=[], help="also ask this address")
    parser.add_argument("--usb-backend", metavar="NAME", help="pyusb backend to look with")


def run(args: argparse.Namespace) -> int:
    """Write the file and say what to do next."""
    name = args.title or args.file.stem
    if args.example:
        text = example_text(args.example, name=name)
    else:
        found, notes = discover.look(args)
        for note in notes:
            print(f"note: {note}", file=sys.stderr)
        text = bench_text(found, name=name)
    write_bench(args.file, text)
    print(
        f"{args.file}: written. Hold every value against the instruments, then: "
        f"regrow devices {args.file}"
    )
    return 0
