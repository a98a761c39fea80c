"""regrow twin: what a condition would do, before it costs material."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from simulators.sample.tables import SampleConfigurationError
from simulators.scouting import Step, scout, write_csv

_STEP = re.compile(r"(\d+(?:\.\d+)?)(s|min|h)(?::(\d+(?:\.\d+)?):(\d+(?:\.\d+)?))?\Z")
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_USUAL = {"vial": ["4h:405:20", "1h"], "film": ["2h"]}
_STEPS = (
    "TIME or TIME:NM:MW_CM2, one after the other: 4h:405:20 is four hours of 20 mW/cm2 at 405 nm, "
    "30min is dark (default: 4h:405:20 1h, a film: 2h)"
)
_BATH = "of a bath or plate (default: the sample's own)"
_OUT = "write NAME.png and NAME.csv (default: twin)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("sample", help="a sample of the library or a TOML file")
    parser.add_argument("steps", nargs="*", metavar="STEP", help=_STEPS)
    parser.add_argument("--temperature-degc", type=float, metavar="T", help=_BATH)
    parser.add_argument("--points", type=int, default=240, help="spectra to take (default: 240)")
    parser.add_argument("--out", type=Path, default=Path("twin"), metavar="NAME", help=_OUT)
    parser.add_argument("--quiet", action="store_true", help="no progress")


def run(args: argparse.Namespace) -> int:
    """Run the twin, write picture and table, and return 0, or 2 for a wrong call."""
    from simulators.sample import Throughput
    from simulators.sample.world_file import open_sample
    from simulators.scouting_figure import draw

    try:
        specimen = open_sample(args.sample, Throughput(stray=0.0, wire_scatter=0.0), Path())
        words = args.steps or _USUAL["film" if "solvent_ul" in specimen.truth() else "vial"]
        steps = [read_step(word) for word in words]
    except SampleConfigurationError as error:
        _say(f"regrow twin: {error}")
        return 2
    if args.points < 2:
        _say("regrow twin: at least 2 points are needed")
        return 2
    course = scout(
        specimen,
        steps,
        points=args.points,
        temperature_degc=args.temperature_degc,
        progress=None if args.quiet else _show,
    )
    table, picture = args.out.with_suffix(".csv"), args.out.with_suffix(".png")
    write_csv(course, table)
    draw(course, picture, f"{args.sample}: {', '.join(words)}")
    print(course.in_words())
    print(f"written: {picture} and {table}")
    return 0


def read_step(word: str) -> Step:
    """Return the step that a word describes.

    Raises:
        SampleConfigurationError: When it describes none.
    """
    match = _STEP.match(word)
    if match is None:
        message = f"{word!r} is no step: write TIME or TIME:NM:MW_CM2, as 30min or 4h:405:20"
        raise SampleConfigurationError(message)
    number, unit, wavelength_nm, irradiance_mw_cm2 = match.groups()
    return Step(
        duration_s=float(number) * _SECONDS[unit],
        wavelength_nm=float(wavelength_nm or 405.0),
        irradiance_mw_cm2=float(irradiance_mw_cm2 or 0.0),
    )


def _show(share: float) -> None:
    if sys.stderr.isatty():
        print(f"{100 * share:3.0f} %", end="\r", file=sys.stderr, flush=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
