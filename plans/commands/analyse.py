"""regrow analyse: the PL peak through files of spectra."""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="one JSON object a line per spectrum")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write plots and tables here")


def run(args: argparse.Namespace) -> int:
    """Print the tracked peak of every spectrum; return the exit code."""
    from plans.importing.analyse import analyse_files

    return analyse_files(
        args.files, out_dir=args.out, json_lines=print if args.json else None,
        report=_say if args.json else print,
    )  # fmt: skip


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
