"""One run in virtual time with one fault in it."""

import contextlib
import errno
import gc
import io
import threading
import time
import traceback
from pathlib import Path
from unittest import mock

from instruments.errors import InstrumentError
from plans.catalogue import make_experiment
from plans.engine import Engine
from plans.interlocking import Interlocks
from plans.off import confirm_off
from plans.records import RecordError, RunRecorder, open_run, verify_run
from simulators.clock import LeakedThreadError, virtual_time
from tests.campaign import ledger
from tests.system.conftest import open_lab
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
        self.fault_s = self.told_s = self.freed_s = None
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

    def acknowledge(self, name, doc):
        if self.fail_next_document:
            self.fail_next_document = False
            raise RuntimeError("a callback tripped")
        if name == "event":
            self.acknowledged.append(doc["uid"])


# -- the faults; each returns what it hit, in a word


def exception_in_plan(p):
    p.throw = ValueError("somebody tripped over the plan")
    return ""


def exception_in_device(p):
    name = p.device("spectrometer", "light", "stage", "pump")
    device = p.lab.bench[name]

    def trip(*_, **__):
        raise ZeroDivisionError("a driver tripped")

    for method in ("trigger", "set", "read"):
        if hasattr(device, method):
            vars(device)[method] = trip
    return name


def exception_in_callback(p):
    p.fail_next_document = True
    return ""


def cable_out(p):
    name = p.device("spectrometer", "light", "stage", "pump", "meter", "plate")
    p.lab.simulators.unplug(name)
    if name in ledger.EMITTERS:  # it cannot be told to go off before its cable is back
        time.sleep(p.rng.uniform(1.0, 20.0))
        p.lab.simulators.replug(name)
        p.freed_s = time.monotonic()
    return name


def power_cut_of_one(p):
    name = p.device("spectrometer", "light", "stage", "pump", "plate")
    p.lab.simulators.power_cycle(name)
    return name


def _line_fault(kind):
    def fault(p):
        name = p.device("spectrometer", "light", "stage", "pump", "meter", "plate")
        faults = p.lab.simulators.faults(name)
        exchanges = p.rng.choice((1, 1, 2, 5))
        if kind == "late":
            faults.late(p.rng.uniform(0.2, 4.0), exchanges=exchanges)
        else:
            getattr(faults, kind)(exchanges=exchanges)
        time.sleep(20.0)
        faults.clear()
        return name

    return fault


def ctrl_c(p):
    p.lab.engine.abort("Ctrl-C")
    return ""


def stop_button(p):
    p.lab.bench.make_safe()
    p.lab.engine.abort("SAFE STOP")
    return ""


def disk_full(p):
    """The disk takes the first half of what is written next, and nothing after it."""
    for writer in p.recorder._open.values():

        def full(lines, file=writer._journal._file):
            file.write(lines[: len(lines) // 2])
            raise OSError(errno.ENOSPC, "no space left on device")

        writer._journal._write = full
    return ""


def disk_read_only(p):
    for writer in p.recorder._open.values():

        def refuse(_):
            raise OSError(errno.EROFS, "read-only file system")

        writer._journal._write = refuse
    return ""


def interlock_open(p):
    """Somebody opens the door of the bench: an input that no plan looks at."""
    p.lab.simulators.faults("door").device("interlock-open")
    return ""


def disk_slow(p):
    for writer in p.recorder._open.values():
        write = writer._journal._write

        def slow(lines, write=write):
            time.sleep(3.0)
            write(lines)

        writer._journal._write = slow
    time.sleep(30.0)
    return ""


def clock_jump(p):
    p.clock._epoch_s += p.rng.choice((-86_400.0, -3600.0, -5.0, 5.0, 3600.0, 86_400.0))
    return ""


def pause_for_long(p):
    run_engine = p.lab.engine.run_engine
    run_engine.request_pause()
    time.sleep(5.0)
    if run_engine.state != "paused":
        return "over"
    p.paused_dark = not any(
        p.lab.simulators.state(n).get("emitting") or p.lab.simulators.state(n).get("pumping")
        for n in ("light", "pump")
    )
    time.sleep(p.rng.uniform(60.0, 20_000.0))
    return "paused"


FAULTS = {
    "exception in plan": exception_in_plan,
    "exception in device": exception_in_device,
    "exception in callback": exception_in_callback,
    "cable out": cable_out,
    "half reply": _line_fault("truncate"),
    "garbage": _line_fault("garble"),
    "late reply": _line_fault("late"),
    "no reply": _line_fault("drop"),
    "connection cut in a reply": _line_fault("disconnect"),
    "power cut of one instrument": power_cut_of_one,
    "Ctrl-C in virtual time": ctrl_c,
    "SAFE STOP": stop_button,
    "disk full": disk_full,
    "disk slow": disk_slow,
    "disk read-only": disk_read_only,
    "interlock open": interlock_open,
    "clock jump": clock_jump,
    "pause for long": pause_for_long,
}
TELLS_ITSELF = {"Ctrl-C in virtual time", "SAFE STOP", "interlock open"}
"""Faults after which all must be off, counted from the fault itself.

The others are counted from where the plan is told: a plan that waits for an exposure raises its
exception when the exposure is over, and a driver asks again before it gives a late reply up.
"""
DOOR = """
[device.door]
model = "thorlabs-sc10"
address = "TCPIP::127.0.0.1::57375::SOCKET"

[[interlock]]
name = "door"
watch = "door.is_interlock_open"
above = 0.5
"""


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

    with engine:
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
    begins = [point.fault_s if fault in TELLS_ITSELF else point.told_s or point.fault_s]
    if point.freed_s is not None:
        begins.append(point.freed_s)
    row["all_off_s"] = ledger.off_after_s(intervals, max(begins))
    row["from_fault_s"] = ledger.off_after_s(intervals, point.fault_s)
    return row


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


__all__ = ["FAULTS", "PLANS", "length_s", "run"]
