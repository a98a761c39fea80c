"""regrow report: a recorded run's report, written again."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("run", type=Path, metavar="RUN", help="the run's folder")


def run(args: argparse.Namespace) -> int:
    """Write the report and print where it is."""
    from plans.records import write_report

    print(write_report(args.run))
    return 0
