"""Runs the fault campaign over every driver, prints it as a table and writes it as JSON.

With words on the command line only the models that contain one of them are tried; ``--most 3``
lets each fault hit three exchanges of an order instead of all.
"""

import argparse
import collections
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from simulators.clock import patches

patches.install()

import logging  # noqa: E402

from instruments.bench_models import MODELS  # noqa: E402
from tests.driver_campaign.campaign import run_model  # noqa: E402

OUTPUT = Path("driver-campaign.json")


def main() -> int:
    """Run, print, write; return 1 if a case failed."""
    logging.disable(logging.CRITICAL)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--most", type=int, default=1000)
    asked = parser.parse_args()
    results = []
    for model in MODELS:
        if asked.words and not any(word in model for word in asked.words):
            continue
        found = list(run_model(model, most=asked.most))
        results += found
        _print_model(model, found)
    failures = [result for result in results if not result.passed]
    for result in failures:
        print(
            f"FAILED {result.model} | {result.scenario} | {result.fault} at {result.exchange} | "
            f"{result.outcome}: {result.detail}"
        )
    good = len(results) - len(failures)
    print(f"{good} of {len(results)} cases ended as they must")
    rows = [{**asdict(result), "passed": result.passed} for result in results]
    OUTPUT.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(f"written to {OUTPUT}")
    return 1 if failures else 0


def _print_model(model, results) -> None:
    """Print the outcomes of each fault, counted over orders and exchanges."""
    by_fault = collections.defaultdict(collections.Counter)
    for result in results:
        by_fault[result.fault][result.outcome.split(",")[0]] += 1
    for fault, outcomes in by_fault.items():
        words = ", ".join(f"{outcome} {count}" for outcome, count in outcomes.most_common())
        print(f"{model:<20}{fault:<20}{words}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
