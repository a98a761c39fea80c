"""The command line: one front door to bench, plans and records.

Everything heavy is imported by the command that needs it, so that ``regrow --help`` is at once.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulators.bench import SimulatedBench

__version__ = "0.1.0"

_DEMO_BENCH = Path(__file__).parent / "simulators" / "benches" / "demo.toml"
_INTERRUPTED = 130  # exit code of a program that Ctrl-C ended


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; None takes those of the process.

    Returns:
        The exit code: 0 success, 1 the run or the check failed, 2 a wrong call, 130 interrupted.
    """
    args = _parse(argv)
    os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")
    _set_up_logging(debug=args.debug)
    for stream in (sys.stdout, sys.stderr):  # a Windows console may not know µ and °
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        code: int = args.command(args)
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


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the arguments; KEY=VALUE may stand before, between and after the options."""
    parser = _parser()
    args, left = parser.parse_known_args(argv)
    if left and not (hasattr(args, "assignments") and all(_is_assignment(text) for text in left)):
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    if left:
        args.assignments = [*args.assignments, *left]
    return args


def _is_assignment(text: str) -> bool:
    return "=" in text and not text.startswith("-")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="regrow",
        description="Run and watch the regrowth of perovskite nanocrystals, real or simulated.",
    )
    parser.add_argument("--version", action="version", version=f"regrow {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the whole trace of an error")
    commands = parser.add_subparsers(dest="name", required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[Any], int], help_text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help_text, description=help_text)
        sub.set_defaults(command=command)
        return sub

    demo = add("demo", _demo, "run a light-induced regrowth on the simulated bench")
    demo.add_argument("assignments", nargs="*", metavar="KEY=VALUE", help="parameters of the plan")
    demo.add_argument("--replay", metavar="FILE", help="play measured spectra back instead")
    _add_run_options(demo)
    run = add("run", _run, "run a plan")
    run.add_argument("plan", metavar="PLAN", help="name of the plan; see: regrow plans")
    run.add_argument("assignments", nargs="*", metavar="KEY=VALUE", help="parameters of the plan")
    run.add_argument("--bench", type=Path, metavar="FILE", help="bench file (default: demo bench)")
    run.add_argument("--simulated", action="store_true", help="simulate the bench of --bench")
    run.add_argument("--replay", metavar="FILE", help="play measured spectra back (simulated)")
    _add_run_options(run)
    plans = add("plans", _plans, "list the plans with their parameters")
    plans.add_argument("plan", nargs="?", help="only this plan")
    simulate = add("simulate", _simulate, "serve simulated instruments until interrupted")
    simulate.add_argument("bench", type=Path, metavar="BENCH.toml")
    simulate.add_argument("--json", action="store_true", help="one JSON object a line per device")
    devices = add("devices", _devices, "connect, identify and read every instrument of a bench")
    devices.add_argument("bench", type=Path, metavar="BENCH.toml")
    devices.add_argument("--simulated", action="store_true", help="simulate the bench first")
    analyse = add("analyse", _analyse, "track the PL peak through files of spectra")
    analyse.add_argument("files", nargs="+", type=Path, metavar="FILE")
    analyse.add_argument("--json", action="store_true", help="one JSON object a line per spectrum")
    analyse.add_argument("--out", type=Path, metavar="DIR", help="write plots and tables here")
    report = add("report", _report, "write the report of a recorded run again")
    report.add_argument("run", type=Path, metavar="RUN", help="the run's folder")
    add("doctor", _doctor, "check the installation and say what is wrong")
    return parser


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="DIR",
                        help="where run folders go (default: ./runs)")  # fmt: skip
    parser.add_argument("--speed", type=float, metavar="X",
                        help="simulated seconds per second (default: no pause at all)")  # fmt: skip
    parser.add_argument("--seed", type=int, help="seed of the simulated noise")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--quiet", action="store_true", help="no progress")


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


# -- runs


def _demo(args: argparse.Namespace) -> int:
    args.plan, args.bench, args.simulated = "light_regrowth", None, True
    return _run(args)


def _run(args: argparse.Namespace) -> int:
    from simulators.clock import virtual_time  # first of all: before bluesky and ophyd

    if args.replay is not None and not (args.simulated or args.bench is None):
        _say("regrow run: --replay needs a simulated bench: add --simulated")
        return 2
    simulated = args.simulated or args.bench is None
    if args.speed is not None and not simulated:
        _say("regrow run: --speed is for a simulated bench; a real one runs in real time")
        return 2
    from plans.session import Session

    session = Session(
        bench_file=args.bench or _DEMO_BENCH,
        plan_name=args.plan,
        assignments=args.assignments,
        runs_folder=args.runs,
        say=_say,
        progress=None if args.quiet else _show_progress(),
    )
    with contextlib.redirect_stdout(sys.stderr):  # bluesky prints; stdout is for the result
        with session.watcher() as watcher:
            if simulated:
                with (
                    virtual_time(speed=args.speed) as clock,
                    _simulators(session.bench_file, args) as simulators,
                ):
                    watcher.hand_over = clock.submit
                    session.run(addresses=simulators.addresses, md={"simulated": True})
                    watcher.hand_over = None
                    truth = simulators.truth()
            else:
                session.run()
        result = session.finish()
    if simulated:  # what the sample itself has counted
        result["true_dose_j_cm2"] = truth["dose_j_cm2"]
    if args.json:
        import json

        print(json.dumps(result, ensure_ascii=False), flush=True)
    else:
        print(_summary(result), flush=True)
    if session.interrupted:
        return _INTERRUPTED
    return 0 if result["exit_status"] == "success" and not result["not_confirmed_off"] else 1


@contextlib.contextmanager
def _simulators(bench_file: Path, args: argparse.Namespace) -> "Iterator[SimulatedBench]":
    """Serve the bench's instruments on free ports of this machine."""
    import tomllib

    from simulators.bench import SimulatedBench

    bench: dict[str, Any] | Path = bench_file
    if args.replay is not None:  # the measured series takes the place of the sample
        bench = tomllib.loads(bench_file.read_text(encoding="utf-8"))
        simulation = bench.setdefault("simulation", {})
        simulation.pop("sample", None)
        simulation["replay"] = {"file": str(Path(args.replay).resolve())}
    with SimulatedBench(bench, seed=args.seed, ports="any") as simulators:
        yield simulators


def _show_progress() -> Callable[[str], None]:
    """Return a printer that rewrites one line of a terminal, or prints now and then to a file."""
    import time

    terminal = sys.stderr.isatty()
    every_s = 0.1 if terminal else 2.0
    last_s = [float("-inf")]

    def show(line: str) -> None:
        now_s = time.perf_counter()
        if now_s - last_s[0] < every_s:
            return
        last_s[0] = now_s
        end = "\x1b[K\r" if terminal else "\n"
        print(line, end=end, file=sys.stderr, flush=True)

    return show


def _summary(result: dict[str, Any]) -> str:
    """Return what a person wants to know after a run."""

    def nm(value: float | None) -> str:
        return "no peak" if value is None else f"{value:.2f} nm"

    lines = [
        f"\nrun:     {result['exit_status']}, ended by {result['stop_reason'] or 'nothing'}"
        + (f" ({result['stop_text']})" if result["stop_text"] else ""),
        f"peak:    {nm(result['peak_start_nm'])} -> {nm(result['peak_end_nm'])}",
    ]
    if result["dose_j_cm2"] is not None:
        lines.append(f"dose:    {result['dose_j_cm2']:.1f} J/cm²")
    took = f"{result['wall_s']:.1f} s"
    if result["simulated_s"] is not None:
        took += f" for {result['simulated_s'] / 3600:.2f} h of simulated time"
    lines.append(f"took:    {took}")
    lines += [f"WARNING: not confirmed off: {text}" for text in result["not_confirmed_off"]]
    lines.append(f"data:    {result['run_folder'] or 'none was written'}")
    if result["report"]:
        lines.append(f"report:  {result['report']}")
    return "\n".join(lines)


# -- the other commands


def _plans(args: argparse.Namespace) -> int:
    from plans.catalogue import PLANS, find_plan
    from plans.parameters import describe_plan

    names = [args.plan] if args.plan else sorted(PLANS)
    for name in names:
        plan = describe_plan(find_plan(name))
        print(f"{plan.name}: {plan.summary}")
        for device in plan.devices:
            need = "needed" if device.required else "if there is one"
            print(f"  {device.name:<26} {device.kind}, {need}")
        for parameter in plan.parameters:
            default = "none" if parameter.default is None else str(parameter.default)
            unit = f" {parameter.quantity.unit}" if parameter.quantity.unit else ""
            allowed = parameter.allowed()
            notes = f"{default}{unit}" + (f"  ({allowed}{unit})" if allowed else "")
            print(f"  {parameter.name:<26} {parameter.quantity.help}: {notes}")
        print()
    return 0


def _simulate(args: argparse.Namespace) -> int:
    import json
    import signal
    import threading

    from simulators.bench import SimulatedBench

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with SimulatedBench(args.bench) as simulators:
        for row in simulators.describe():
            if args.json:
                print(json.dumps(row), flush=True)
            else:
                print(f"{row['name']:<14} {row['model']:<18} {row['address']}", flush=True)
        _say("serving; Ctrl-C ends")
        while not ended.wait(0.5):  # in steps: Windows handles the signal between them
            pass
    return 0


def _devices(args: argparse.Namespace) -> int:
    from simulators.clock import virtual_time

    if args.simulated:
        args.seed = args.replay = None
        with virtual_time(), _simulators(args.bench, args) as simulators:
            return _read_bench(args.bench, simulators.addresses)
    return _read_bench(args.bench, None)


def _read_bench(bench_file: Path, addresses: dict[str, str] | None) -> int:
    from instruments.bench import load_bench

    with load_bench(bench_file, addresses=addresses) as bench:
        report = bench.read_all()
    for name, found in report.items():
        who = found["identity"]
        print(f"{name}: " + ", ".join(f"{key} {value}" for key, value in who.items() if value))
        for key, value in {**found["readings"], **found["configuration"]}.items():
            print(f"  {key:<34} {_short(value)}")
        if found["error"]:
            print(f"  FAILED: {found['error']}")
    return 1 if any(found["error"] for found in report.values()) else 0


def _short(value: Any) -> str:
    size = getattr(value, "size", 1)
    return f"array of {size} values" if size > 8 else str(value)


def _analyse(args: argparse.Namespace) -> int:
    from plans.importing.analyse import analyse_files

    return analyse_files(
        args.files, out_dir=args.out, json_lines=print if args.json else None,
        report=_say if args.json else print,
    )  # fmt: skip


def _report(args: argparse.Namespace) -> int:
    from plans.records import write_report

    print(write_report(args.run))
    return 0


def _doctor(_: argparse.Namespace) -> int:
    from plans.doctor import examine

    findings = examine(Path(__file__).resolve().parent)
    for finding in findings:
        print(f"{'ok ' if finding.ok else 'BAD'} {finding.text}")
    return 0 if all(finding.ok for finding in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
