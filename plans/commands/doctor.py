"""regrow doctor: what is wrong with the installation."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes: nothing."""


def run(args: argparse.Namespace) -> int:
    """Print the findings; 1 when one is bad."""
    from plans.doctor import examine

    findings = examine(Path(__file__).resolve().parents[2])
    for finding in findings:
        print(f"{'ok ' if finding.ok else 'BAD'} {finding.text}")
    return 0 if all(finding.ok for finding in findings) else 1
