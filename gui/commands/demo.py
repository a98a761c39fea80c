"""regrow demo: the main job on the simulated bench."""

import argparse

from gui.commands import run as run_command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "assignments", nargs="*", metavar="KEY=VALUE", help="parameters of the plan"
    )
    parser.add_argument("--replay", metavar="FILE", help="play measured spectra back instead")
    run_command.add_run_options(parser)


def run(args: argparse.Namespace) -> int:
    """Run a light-induced regrowth on the demonstration bench; return the exit code."""
    args.plan, args.bench, args.simulated = "light_regrowth", None, True
    return run_command.run(args)
