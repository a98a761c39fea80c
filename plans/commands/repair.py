"""regrow repair: mend a record that was cut off."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a run")


def run(args: argparse.Namespace) -> int:
    """Repair records and say what was done; the exit code is 1 when arrays are lost."""
    from plans.records import repair_run

    lost = 0
    for path in args.runs:
        done = repair_run(path)
        lost += done.lost_rows
        print(f"{done.path}: {'repaired' if done.changed else 'nothing to do'}")
        if done.torn_tail is not None:
            print(f"    {done.cut_bytes} bytes of half a line are now in {done.torn_tail.name}")
        if done.wrote_stop:
            print("    the run was closed with the status 'fail'")
        for file in done.rebuilt:
            print(f"    {file.name} was written anew; the old one is kept beside it")
        if done.lost_rows:
            print(f"    {done.lost_rows} arrays are in no file any more and read as NaN")
    return 1 if lost else 0
