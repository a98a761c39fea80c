"""regrow run: one plan on a real or a simulated bench."""

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gui.commands.benches import DEMO_BENCH, simulated_bench

if TYPE_CHECKING:
    from plans.session import Session

_INTERRUPTED = 130  # exit code of a program that Ctrl-C ended


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("plan", metavar="PLAN", help="name of the plan; see: regrow plans")
    parser.add_argument(
        "assignments", nargs="*", metavar="KEY=VALUE", help="parameters of the plan"
    )
    parser.add_argument(
        "--bench", type=Path, metavar="FILE", help="bench file (default: demo bench)"
    )
    parser.add_argument("--simulated", action="store_true", help="simulate the bench of --bench")
    parser.add_argument("--replay", metavar="FILE", help="play measured spectra back (simulated)")
    parser.add_argument("--no-guard", action="store_true",
                        help="no process that switches off when this one dies")  # fmt: skip
    parser.add_argument(
        "--check", action="store_true", help="only connect and print the preflight table"
    )
    add_run_options(parser)


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command has that runs a plan."""
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="DIR",
                        help="where run folders go (default: ./runs)")  # fmt: skip
    parser.add_argument("--speed", type=float, metavar="X",
                        help="simulated seconds per second (default: no pause at all)")  # fmt: skip
    parser.add_argument("--seed", type=int, help="seed of the simulated noise")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def run(args: argparse.Namespace) -> int:
    """Run a plan, print what came of it, and return the exit code."""
    from simulators.clock import virtual_time  # first of all: before bluesky and ophyd

    simulated = args.simulated or args.bench is None
    if args.replay is not None and not simulated:
        _say("regrow run: --replay needs a simulated bench: add --simulated")
        return 2
    if args.speed is not None and not simulated:
        _say("regrow run: --speed is for a simulated bench; a real one runs in real time")
        return 2
    from plans.session import Session

    session = Session(
        bench_file=args.bench or DEMO_BENCH,
        plan_name=args.plan,
        assignments=args.assignments,
        runs_folder=args.runs,
        say=_say,
        progress=None if args.quiet else _show_progress(),
        guarded=not getattr(args, "no_guard", False),
    )
    if getattr(args, "check", False):
        return _check(session, args, simulated=simulated)
    with contextlib.redirect_stdout(sys.stderr):  # bluesky prints; stdout is for the result
        with session.watcher() as watcher:
            if simulated:
                with (
                    virtual_time(speed=args.speed) as clock,
                    simulated_bench(
                        session.bench_file, seed=args.seed, replay=args.replay
                    ) as simulators,
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
        print(json.dumps(result, ensure_ascii=False), flush=True)
    else:
        print(_summary(result), flush=True)
    if result["not_confirmed_off"] and not simulated and sys.stdin.isatty():
        _wait_for_acknowledgement(session.bench_file)
    if session.interrupted:
        return _INTERRUPTED
    return 0 if result["exit_status"] == "success" and not result["not_confirmed_off"] else 1


def _check(session: "Session", args: argparse.Namespace, *, simulated: bool) -> int:
    """Print the preflight table; return 1 if something is refused."""
    from simulators.clock import virtual_time

    if simulated:
        with (
            virtual_time(speed=args.speed),
            simulated_bench(session.bench_file, seed=args.seed, replay=args.replay) as simulators,
        ):
            checks = session.check(addresses=simulators.addresses)
    else:
        checks = session.check()
    if args.json:
        print(json.dumps([vars(check) for check in checks], ensure_ascii=False))
    else:
        from plans.preflight import format_checks

        print(format_checks(checks))
    return 1 if any(check.verdict == "refused" for check in checks) else 0


def _wait_for_acknowledgement(bench_file: Path) -> None:
    """Keep what is not certain on the screen until the person says that it is off."""
    from instruments.open_ends import OpenEnds

    ends = OpenEnds(bench_file)
    with contextlib.suppress(EOFError, KeyboardInterrupt):  # the next run asks again
        while ends.read():
            for end in ends.read():
                _say(f"NOT CONFIRMED OFF {end}")
            if input("Look at the instrument. Type OFF when it is off: ").strip().upper() == "OFF":
                ends.acknowledge()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _show_progress() -> Callable[[str], None]:
    """Return a printer that rewrites one line of a terminal, or prints now and then to a file."""
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
