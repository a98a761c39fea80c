"""regrow twin: what a condition would do, before it costs material."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from simulators.sample.liquid import Liquid
from simulators.sample.supplies import read_liquid
from simulators.sample.tables import SampleConfigurationError, Table
from simulators.scouting import Step, scout, write_csv

_NUMBER = r"(\d+(?:\.\d+)?)"
_STEP = re.compile(
    rf"{_NUMBER}(s|min|h)(?::{_NUMBER}:{_NUMBER})?(?:\+{_NUMBER}ul)?(?:@(-?\d+(?:\.\d+)?)degc)?\Z"
)
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_LIGHT_NM = (200.0, 1100.0)
_BATH_DEGC = (-60.0, 150.0)  # wide of what a hotplate and toluene allow
_USUAL = {"vial": ["4h:405:20", "1h"], "film": ["2h"]}
_FORM = "TIME[:NM:MW_CM2][+ULul][@DEGCdegc]"
_STEPS = (
    f"{_FORM}, one after the other: 4h:405:20 is four hours of 20 mW/cm2 at 405 nm, 30min is dark, "
    "5min+100ul adds 100 uL from the syringe, 1h@60degc is warm "
    "(default: 4h:405:20 1h, a film: 2h)"
)
_SYRINGE = (
    "what a + adds, as ligand_mm=10 or antisolvent=0.5,water=0.05; concentration_nm too "
    "(default: the pure solvent)"
)
_BATH = "of a bath or plate in every step that names none (default: the sample's own)"
_OUT = "write NAME.png and NAME.csv (default: twin)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("sample", help="a sample of the library or a TOML file")
    parser.add_argument("steps", nargs="*", metavar="STEP", help=_STEPS)
    parser.add_argument("--syringe", default="", metavar="CONTENTS", help=_SYRINGE)
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
        steps = [read_step(word, bath_degc=args.temperature_degc) for word in words]
        syringe = read_contents(args.syringe)
        if not sum(step.duration_s for step in steps):
            raise SampleConfigurationError("the steps last no time at all; give one that does")
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
        syringe=syringe,
        progress=None if args.quiet else _show,
    )
    table, picture = args.out.with_suffix(".csv"), args.out.with_suffix(".png")
    write_csv(course, table)
    draw(course, picture, f"{args.sample}: {', '.join(words)}")
    print(course.in_words())
    print(f"written: {picture} and {table}")
    return 0


def read_step(word: str, *, bath_degc: float | None = None) -> Step:
    """Return the step that a word describes.

    Args:
        word: The word, as 4h:405:20.
        bath_degc: Temperature in degC where the word names none, None for the sample's own.

    Raises:
        SampleConfigurationError: When it describes none, or light or heat that no bench has.
    """
    match = _STEP.match(word)
    if match is None:
        message = f"{word!r} is no step: write {_FORM}, as 30min, 4h:405:20 or 5min+100ul"
        raise SampleConfigurationError(message)
    number, unit, wavelength_nm, irradiance_mw_cm2, added_ul, degc = match.groups()
    temperature_degc = bath_degc if degc is None else float(degc)
    if wavelength_nm is not None:
        _within(word, "light", float(wavelength_nm), _LIGHT_NM, "nm")
    if temperature_degc is not None:
        _within(word, "temperature", temperature_degc, _BATH_DEGC, "degC")
    duration_s = float(number) * _SECONDS[unit]
    if added_ul is not None and not duration_s:
        raise SampleConfigurationError(f"{word!r} adds something in no time; give it a time")
    return Step(
        duration_s=duration_s,
        wavelength_nm=float(wavelength_nm or 405.0),
        irradiance_mw_cm2=float(irradiance_mw_cm2 or 0.0),
        added_ul=float(added_ul or 0.0),
        temperature_degc=temperature_degc,
    )


def read_contents(words: str) -> Liquid:
    """Return the liquid that words like ``ligand_mm=10,water=0.1`` describe.

    Raises:
        SampleConfigurationError: When they describe none.
    """
    values: dict[str, object] = {}
    for word in filter(None, words.split(",")):
        key, _, number = word.partition("=")
        try:
            values[key.strip()] = float(number)
        except ValueError:
            message = f"--syringe: {word!r} is no NAME=NUMBER, as ligand_mm=10"
            raise SampleConfigurationError(message) from None
    table = Table(values, "--syringe")
    liquid = read_liquid(table)
    table.finish()
    return liquid


def _within(word: str, what: str, value: float, limits: tuple[float, float], unit: str) -> None:
    if not limits[0] <= value <= limits[1]:
        message = (
            f"{word!r}: {what} of {value:g} {unit}; the twin knows {limits[0]:g} to "
            f"{limits[1]:g} {unit}"
        )
        raise SampleConfigurationError(message)


def _show(share: float) -> None:
    if sys.stderr.isatty():
        print(f"{100 * share:3.0f} %", end="\r", file=sys.stderr, flush=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
