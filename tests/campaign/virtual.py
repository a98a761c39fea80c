"""One run in virtual time with one fault in it."""

import contextlib
import gc
import io
import threading
import time
import traceback
from pathlib import Path
from unittest import mock

from instruments.errors import InstrumentError
from instruments.guard.client import HEARTBEAT_S
from plans.catalogue import make_experiment
from plans.engine import Engine
from plans.interlocking import Interlocks
from plans.lost_lines import LostLines
from plans.off import confirm_off
from plans.records import RecordError, RunRecorder, open_run, verify_run
from simulators.clock import LeakedThreadError, virtual_time
from tests.campaign import ledger
from tests.campaign.faults import COUNTED_FROM, FAULTS
from tests.system.conftest import DOOR, open_lab
from tests.system.quick_plans import quick_plans

PLANS = (
    "light_regrowth", "light_regrowth", "ligand_titration", "uv_photostability", "power_series",
    "evaporation_assembly", "condition_matrix", "dose_reciprocity", "ife_check",
)  # fmt: skip
SHORTER = {
    "light_regrowth": {"max_time_min": 1.0, "dark_tail_min": 0.0},
    "evaporation_assembly": {"max_time_min": 1.0},
    "uv_photostability": {"max_exposure_min": 1.0, "points_per_decade": 2},
}


class Point:
    """Everything that a fault can get at, and what came of it."""

    def __init__(self, rng, lab, clock, recorder):
        self.rng, self.lab, self.clock, self.recorder = rng, lab, clock, recorder
        self.fault_s = self.struck_s = self.told_s = self.freed_s = None
        self.lines = None
        self.is_read = False
        self.on_at_fault = False
        self.throw = None
        self.fail_next_document = False
        self.acknowledged = []
        self.paused_dark = None

    def device(self, *names):
        present = [name for name in names if name in self.lab.bench]
        return self.rng.choice(present)

    def watched(self, plan):
        """The plan, with a note of when it was told of trouble, and a place to throw from."""
        response, error = None, None
        while True:
            try:
                message = plan.throw(error) if error is not None else plan.send(response)
            except StopIteration as stop:
                return stop.value
            except Exception as raised:  # by the plan itself, which has ended safe meanwhile
                self.tell(getattr(raised, "born_s", self.fault_s))
                raise
            error = None
            try:
                if self.throw is not None:
                    thrown, self.throw = self.throw, None
                    self.strike()
                    raise thrown
                response = yield message
            except GeneratorExit:
                plan.close()
                raise
            except Exception as raised:
                self.tell(time.monotonic())
                error = raised

    def tell(self, at_s):
        if self.told_s is None and self.fault_s is not None:
            self.told_s = at_s

    def strike(self):
        """Note when what was laid for a run to stumble over is stumbled over."""
        if self.struck_s is None:
            self.struck_s = time.monotonic()

    def acknowledge(self, name, doc):
        if self.fail_next_document:
            self.fail_next_document = False
            self.strike()
            raise RuntimeError("a callback tripped")
        if name == "event":
            self.acknowledged.append(doc["uid"])


def length_s(plan, folder):
    """Return how long a clean run takes, and when something was on in it."""
    return run(plan, None, None, None, folder)


@contextlib.contextmanager
def errors_with_births():
    """Note in every error of an instrument when it came up."""
    made = InstrumentError.__init__

    def make(self, *args, **kwargs):
        made(self, *args, **kwargs)
        self.born_s = time.monotonic()

    with mock.patch.object(InstrumentError, "__init__", make):
        yield


def run(plan, fault, instant_s, rng, folder):
    """Run a plan and strike at an instant; return a row of the table.

    Args:
        plan: Name of the plan.
        fault: Name of the fault; None for a clean run.
        instant_s: When it strikes, s after the start.
        rng: Of all that is random in it.
        folder: A folder of its own.
    """
    row = {"plan": plan, "fault": fault, "instant_s": instant_s}
    quick = quick_plans(folder)[plan]
    values = {**quick.values, **SHORTER.get(plan, {})}
    changes = quick.changes
    if fault == "interlock open":
        changes = {**changes, "extra": changes.get("extra", "") + DOOR}
    sockets = _sockets()
    quiet = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    try:
        with quiet[0], quiet[1], virtual_time(epoch_s=1_767_261_600.0) as clock, \
                errors_with_births(), open_lab(folder, changes) as lab:  # fmt: skip
            row.update(_run(plan, fault, instant_s, rng, folder, (quick, values, clock, lab)))
        left = _sockets() - sockets
        if left > 0:
            row["leftovers"] = f"{left} sockets"
    except LeakedThreadError as error:
        row["leftovers"] = str(error)
    except Exception:
        row["broken"] = traceback.format_exc()
    return row


@contextlib.contextmanager
def _lines_looked_after(engine, bench):
    """Look at the lines of the run as often as the thread does that gives a guard its beat."""
    lines, ended = LostLines(engine, bench, lambda _: None), threading.Event()

    def look():
        while not ended.wait(HEARTBEAT_S):
            lines.look()

    thread = threading.Thread(target=look, name="beat")
    thread.start()
    try:
        yield lines
    finally:
        ended.set()
        thread.join()
        lines.close()


def _sockets():
    """Return how many sockets this process has open (Linux)."""
    gc.collect()  # what nobody refers to any more is not left over
    count = 0
    for path in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(OSError):
            count += path.readlink().name.startswith("socket:")
    return count


def _run(plan, fault, instant_s, rng, folder, setting):
    quick, values, clock, lab = setting
    recorder = RunRecorder(folder / "runs")
    point = Point(rng, lab, clock, recorder)
    engine = Engine(callbacks=(recorder, point.acknowledge))
    interlocks = Interlocks(lab.bench, lambda _: None)
    lab.engine = engine
    row = {"hit": ""}

    def strike():
        time.sleep(instant_s)
        if engine.run_engine.state == "idle":
            return
        point.fault_s = time.monotonic()
        row["hit"] = FAULTS[fault](point)

    with engine, _lines_looked_after(engine, lab.bench) as point.lines:
        start_s = time.monotonic()
        thread = threading.Thread(target=strike, name="saboteur")
        if fault is not None:
            thread.start()
        devices = {key: lab.bench[device] for key, device in quick.devices.items()}
        if "door" in lab.bench:
            devices["shutter"] = lab.bench["door"]
        experiment = make_experiment(plan, devices, values)
        interlocks.start(engine)
        outcome = engine.run(interlocks.remarks.write_into(point.watched(experiment.plan())))
        interlocks.stop()
        if engine.run_engine.state == "paused":
            thread.join()
            outcome = _go_on(engine, rng)
        row["exit_status"], row["reason"] = outcome.exit_status, str(outcome.reason)[:200]
        open_ends = confirm_off(lab.bench, lambda _: None)  # at once, as a session does
        if fault is not None:
            thread.join()
    states = {name: lab.simulators.state(name) for name in lab.bench}
    intervals = ledger.all_spans(states)
    row["length_s"] = time.monotonic() - start_s
    row["spans"] = [(a - start_s, None if b is None else b - start_s) for a, b in intervals]
    row["safe_at_end"] = all(state["safe"] for state in states.values())
    row["not_confirmed"] = open_ends
    row.update(_times(point, fault, intervals, row["exit_status"]))
    row["paused_dark"] = point.paused_dark
    recorder.close()
    row.update(_records(recorder, point))
    return row


def _go_on(engine, rng):
    """Resume or abort a paused run, as an operator would."""
    from plans.engine import Outcome

    if rng.random() < 0.5:
        engine.run_engine.resume()
        return Outcome(exit_status="success", reason="resumed", error=None, run_uids=())
    engine.run_engine.abort("the operator had enough")
    return Outcome(exit_status="abort", reason="aborted in a pause", error=None, run_uids=())


def _times(point, fault, intervals, status):
    if fault is None or point.fault_s is None:
        return {"struck": False}
    row = {"struck": True, "on_at_fault": ledger.is_on_at(intervals, point.fault_s)}
    if status == "success" or fault == "pause for long":
        row["all_off_s"] = None  # it went on: nothing had to go off
        return row
    begins = [_counted_from(point, fault)]
    if point.freed_s is not None:
        begins.append(point.freed_s)
    row["all_off_s"] = ledger.off_after_s(intervals, max(begins))
    row["from_fault_s"] = ledger.off_after_s(intervals, point.fault_s)
    return row


def _counted_from(point, fault):
    counted = COUNTED_FROM.get(fault, "told")
    if counted == "fault" or point.is_read:
        return point.fault_s
    told_s = point.told_s or point.fault_s
    return (point.struck_s or told_s) if counted == "strike" else told_s


def _records(recorder, point):
    """Open what was recorded, and count the events that were acknowledged and are not there."""
    found, problems = set(), []
    try:
        for folder in [path for path in recorder.folder.iterdir() if path.is_dir()]:
            opened = open_run(folder)
            for stream in opened.streams:
                opened.table(stream)
            found |= {doc["uid"] for name, doc in opened.documents() if name == "event"}
            problems += [p for p in verify_run(folder).problems if "was not closed" not in p]
    except RecordError as error:
        return {"readable": False, "lost": len(point.acknowledged), "why": str(error)}
    return {
        "readable": True,
        "events": len(found),
        "lost": len(set(point.acknowledged) - found),
        "problems": problems[:3],
    }


__all__ = ["COUNTED_FROM", "FAULTS", "PLANS", "length_s", "run"]
