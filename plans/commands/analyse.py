"""regrow analyse: the PL peak through files of spectra."""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="files of spectra, folders of them, or folders of recorded runs",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line per spectrum")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write plots, tables and reports here"
    )
    parser.add_argument(
        "--against", type=Path, metavar="RUN", help="an earlier run or file to lay it over"
    )
    parser.add_argument(
        "--end",
        type=Path,
        metavar="PRODUCT",
        help="a run or file that ends with the product alone: splits every shift by population",
    )
    parser.add_argument(
        "--excitation-nm",
        type=float,
        action="append",
        default=[],
        metavar="NM",
        help="a line of the light that was on; its surroundings are left out",
    )
    parser.add_argument(
        "--band-nm",
        type=float,
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="where the peak may be; everywhere without it",
    )
    parser.add_argument(
        "--shape",
        choices=("split-gaussian", "gaussian", "voigt", "skewed-gaussian"),
        default="split-gaussian",
        help="shape of the line that the peak is read with, in photon energy",
    )


def run(args: argparse.Namespace) -> int:
    """Print the tracked peak of every spectrum; return the exit code."""
    from plans.analysis.other_lines import SHAPES
    from plans.importing.analyse import analyse_files

    shapes = {shape.lower().replace(" ", "-"): shape for shape in SHAPES}
    return analyse_files(
        args.files,
        out_dir=args.out,
        json_lines=print if args.json else None,
        report=_say if args.json else print,
        excitation_nm=args.excitation_nm,
        band_nm=None if args.band_nm is None else (args.band_nm[0], args.band_nm[1]),
        shape=shapes[args.shape],
        against=args.against,
        end=args.end,
        progress=_say,
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
