"""regrow verify: look at every byte of a record."""

import argparse
import dataclasses
import json
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a run")
    parser.add_argument("--json", action="store_true", help="one JSON object a line per run")


def run(args: argparse.Namespace) -> int:
    """Verify records; the exit code is 1 when one of them is not as it was written."""
    from plans.records import verify_run

    all_good = True
    for path in args.runs:
        found = verify_run(path)
        all_good = all_good and found.is_good
        if args.json:
            values = {**dataclasses.asdict(found), "path": str(found.path), "good": found.is_good}
            print(json.dumps(values, ensure_ascii=False), flush=True)
            continue
        what = f"{found.lines} documents, {found.events} events, {found.rows} arrays"
        print(f"{'ok ' if found.is_good else 'BAD'} {found.path}: {what}")
        for problem in found.problems:
            print(f"    {problem}")
    if not all_good and not args.json:
        print("regrow repair RUN closes a run that was cut off and takes half a line away")
    return 0 if all_good else 1
