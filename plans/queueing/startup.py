"""What a queue server's worker imports: bench, plans, engine.

Name it as the server's startup module (``--startup-module plans.queueing.startup``). The bench file
is in the environment variable ``REGROW_BENCH``, the folder of the runs in ``REGROW_RUNS`` (default:
``runs``). ``regrow queue-server`` does all of this.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")

from bluesky.preprocessors import finalize_wrapper, subs_wrapper
from bluesky.utils import Msg, MsgGenerator

from instruments.bench import load_bench
from instruments.errors import ConfigurationError
from plans.catalogue import PLANS
from plans.engine import Engine
from plans.guarding import GuardedRun
from plans.interlocking import Interlocks
from plans.live.light_seen import LightSeen
from plans.open_ends import OpenEndsDesk
from plans.queueing.described import plans_for_queue
from plans.queueing.reports import ReportsBehind
from plans.records import LiveAnswer, ReactionLog, RunIndex, RunRecorder

BENCH_VARIABLE, RUNS_VARIABLE = "REGROW_BENCH", "REGROW_RUNS"

if not os.environ.get(BENCH_VARIABLE):
    raise ConfigurationError(
        BENCH_VARIABLE,
        "the environment variable is not set; it names the bench file that the queue runs on",
    )

_log = logging.getLogger(__name__)
_bench_file = Path(os.environ[BENCH_VARIABLE])
_runs = Path(os.environ.get(RUNS_VARIABLE, "runs"))
_runs.mkdir(parents=True, exist_ok=True)
_recorder = RunRecorder(_runs)
_reports = ReportsBehind(_recorder)
bench = load_bench(_bench_file)
bench.own(program="queue server")
_open_ends = OpenEndsDesk(bench, _bench_file)
_guarded = GuardedRun(_bench_file, folder=_runs, say=_log.error)
_guarded.__enter__()  # for the life of the worker: whoever kills it leaves nothing lit
bench.connect()


def _make_safe() -> None:
    """Leave the bench safe; what is not certain is kept for whoever comes next."""
    _open_ends.keep_unless_confirmed(bench.make_safe())


# A worker is a process of multiprocessing: at its end finalizers run, functions of atexit do not.
_last_steps: tuple[Callable[[], object], ...] = (
    _guarded.guard.close, _reports.close, bench.close, _make_safe
)  # fmt: skip
for _priority, _step in enumerate(_last_steps):
    Finalize(None, _step, (), None, _priority)  # the highest first: safe before anything else


def _tell_guard(name: str, _: Mapping[str, Any]) -> None:
    folder = _recorder.run_folder
    if name == "start" and folder is not None:
        _guarded.guard.note_folder(folder.path)


_engine = Engine(
    md={"bench": bench.name},
    scan_id_source=RunIndex(_runs).next_scan_id,
    callbacks=(_recorder, _reports, _tell_guard, LiveAnswer(_recorder)),
)
_guarded.protect(_engine, bench)
# Attended: the queue's operator resumes.
_interlocks = Interlocks(bench, _log.error, log=ReactionLog(_runs), attended=True)


def _interlocked(plan: MsgGenerator[Any]) -> MsgGenerator[Any]:
    """Refuse a plan while an interlock is open or nobody has looked at what may be on.

    What trips during the plan goes into its record.
    """
    _open_ends.refuse()
    _interlocks.refuse()
    return _interlocks.remarks.write_into(plan)


def _confirmed_off(plan: MsgGenerator[Any]) -> MsgGenerator[Any]:
    """After a plan, however it ends, see that all is off, and let the spectrometer look."""
    seen = LightSeen()

    def look() -> MsgGenerator[None]:
        yield Msg("wait_for", None, [lambda: asyncio.to_thread(_open_ends.confirm, seen)])

    return (yield from finalize_wrapper(subs_wrapper(plan, seen), look))


RE = _engine.run_engine
RE.preprocessors += [_confirmed_off, _interlocked]
_interlocks.start(_engine)

globals().update(bench.devices)
globals().update(plans_for_queue(PLANS, bench))
