"""regrow syringes: the syringes that a bench file may name."""

import argparse
import dataclasses
import json

from instruments.pumps import syringe_library


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("words", nargs="*", metavar="WORD", help="only those with these words")
    parser.add_argument("--json", action="store_true", help="one JSON object a line per syringe")


def run(args: argparse.Namespace) -> int:
    """Print them; 1 when there is none."""
    words = [word.lower() for word in args.words]
    found = [
        model
        for model in syringe_library().values()
        if all(word in f"{model.name} {model.maker}".lower() for word in words)
    ]
    for model in found:
        if args.json:
            print(json.dumps(dataclasses.asdict(model)))
        else:
            print(f"{model.name:<24} {model.diameter_mm:>7.3f} mm  {model.maker}: {model.material}")
    return 0 if found else 1
