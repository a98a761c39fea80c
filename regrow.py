"""The command line: one front door to bench, plans and records.

Everything heavy is imported by the command that needs it, so that ``regrow --help`` is at once. A
command is a module with ``add_arguments(parser)`` and ``run(args) -> exit code``, and a line in
``COMMANDS``.
"""

import argparse
import contextlib
import importlib
import os
import sys
from collections.abc import Mapping, Sequence

__version__ = "0.1.0"

COMMANDS: Mapping[str, tuple[str, str]] = {
    "gui": ("gui.commands.gui", "open the window, on the simulated bench unless told otherwise"),
    "demo": ("gui.commands.demo", "run a light-induced regrowth on the simulated bench"),
    "run": ("gui.commands.run", "run a plan"),
    "plans": ("plans.commands.plans", "list the plans with their parameters"),
    "simulate": (
        "simulators.commands.simulate",
        "serve simulated instruments until interrupted",
    ),
    "devices": (
        "gui.commands.devices",
        "connect, identify and read every instrument of a bench",
    ),
    "discover": (
        "instruments.commands.discover",
        "list the instruments that are there, without disturbing them",
    ),
    "acknowledge": (
        "instruments.commands.acknowledge",
        "show what could not be confirmed to be off, and say that you have looked",
    ),
    "new-bench": ("instruments.commands.new_bench", "write a bench file to begin with"),
    "analyse": ("plans.commands.analyse", "track the PL peak through files of spectra"),
    "report": ("plans.commands.report", "write the report of a recorded run again"),
    "response": (
        "plans.commands.response",
        "save a measured spectral response as a file that a bench file may name",
    ),
    "verify": ("plans.commands.verify", "check the record of a run, byte by byte"),
    "repair": ("plans.commands.repair", "close a record that was cut off"),
    "samples": ("plans.commands.samples", "note and show what is in the vials and what came of it"),
    "queue-server": ("plans.commands.queue_server", "put the bench behind a bluesky-queueserver"),
    "syringes": ("instruments.commands.syringes", "list the syringes that a bench file may name"),
    "fit-kinetics": ("gui.commands.fit_kinetics", "fit the twin's rate constants to recorded runs"),
    "twin": ("simulators.commands.twin", "run the digital twin alone and plot what it would show"),
    "doctor": ("plans.commands.doctor", "check the installation and say what is wrong"),
}
"""By name: the module, and what the command does."""

_INTERRUPTED = 130  # exit code of a program that Ctrl-C ended


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; None takes those of the process.

    Returns:
        The exit code: 0 success, 1 the run or the check failed, 2 a wrong call, 130 interrupted.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    args = _parse(words)
    os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")
    # All matrices here are small: threads that wait for each other would only take the processor.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _set_up_logging(debug=args.debug)
    for stream in (sys.stdout, sys.stderr):  # a Windows console may not know µ and °
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        code: int = importlib.import_module(COMMANDS[args.name][0]).run(args)
    except KeyboardInterrupt:
        _say("interrupted")
        return _INTERRUPTED
    except BrokenPipeError:
        return 1
    except Exception as error:
        if args.debug:
            raise
        _say(f"regrow {args.name}: {error}")
        return 2 if _is_wrong_call(error) else 1
    return code


def _parse(words: list[str]) -> argparse.Namespace:
    """Parse the arguments; KEY=VALUE may stand before, between and after the options."""
    parser = _parser(chosen=next((word for word in words if word in COMMANDS), None))
    args, left = parser.parse_known_args(words)
    if left and not (hasattr(args, "assignments") and all(_is_assignment(text) for text in left)):
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    if left:
        args.assignments = [*args.assignments, *left]
    return args


def _is_assignment(text: str) -> bool:
    return "=" in text and not text.startswith("-")


def _parser(*, chosen: str | None) -> argparse.ArgumentParser:
    """Return the parser; only the chosen command's module is imported for its arguments."""
    parser = argparse.ArgumentParser(
        prog="regrow",
        description="Run and watch the regrowth of perovskite nanocrystals, real or simulated.",
    )
    parser.add_argument("--version", action="version", version=f"regrow {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the whole trace of an error")
    commands = parser.add_subparsers(dest="name", required=True, metavar="COMMAND")
    for name, (module, help_text) in COMMANDS.items():
        sub = commands.add_parser(name, help=help_text, description=help_text)
        if name == chosen:
            importlib.import_module(module).add_arguments(sub)
    return parser


def _set_up_logging(*, debug: bool) -> None:
    import logging

    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if debug else logging.WARNING,
        format="%(asctime)s %(name)s: %(message)s" if debug else "note: %(message)s",
    )
    if not debug:  # these two print the trace of an error that is reported in words
        for name in ("bluesky", "ophyd"):
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _say(text: str) -> None:
    """Speak to the person; results go to stdout, talk to stderr."""
    print(text, file=sys.stderr, flush=True)


def _is_wrong_call(error: Exception) -> bool:
    from instruments.errors import ConfigurationError
    from plans.parameters import ParameterError

    return isinstance(error, ConfigurationError | ParameterError | FileNotFoundError)


if __name__ == "__main__":
    sys.exit(main())
