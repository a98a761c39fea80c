"""One run in real time, in a process of its own, with one fault in it (POSIX)."""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from instruments.bench import load_bench
from instruments.errors import BusyError
from instruments.guard import read_reports
from instruments.open_ends import OpenEnds
from plans.records import RecordError, open_run, repair_run, verify_run
from tests.campaign import ledger

ROOT = Path(__file__).parents[2]
MARK = "REGROW_CAMPAIGN_POINT"
START_S, END_S = 600.0, 120.0  # of a busy computer; how long it takes to be off is judged by itself
FAULTS = (
    "kill -9 of the plan", "process stopped", "SIGTERM", "SIGINT",
    "kill -9 of the guard", "kill -9 of the simulators", "kill -9 of plan, guard just replaced",
    "disk full by the kernel", "kill -9 of the window", "kill -9 of window and bench process",
    "cable of the spectrometer out",
)  # fmt: skip


class BenchProcess:
    """The simulators' process."""

    def __init__(self, folder):
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "tests.campaign.bench_process", str(folder / "bench.toml")],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.bench_file = Path(json.loads(self._popen.stdout.readline())["bench"])

    def ask(self, what):
        self._popen.stdin.write(json.dumps({"do": what}) + "\n")
        self._popen.stdin.flush()
        return json.loads(self._popen.stdout.readline())

    def kill(self):
        self._popen.kill()
        self._popen.wait(10)
        self._popen.stdin.close()
        self._popen.stdout.close()

    def is_on(self):
        states = self.ask("states")
        return any(s.get("emitting") or s.get("pumping") for s in states.values())


class Child:
    """The process of the run, and what it said."""

    def __init__(self, module, folder, *arguments):
        self._said = {}
        self.runs = folder / "runs"
        self.errors = (folder / "stderr.txt").open("w")
        self.popen = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=self.errors, text=True,
            env={**os.environ, MARK: str(folder)},
        )  # fmt: skip
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self):
        for line in self.popen.stdout:
            word, _, number = line.strip().partition(" ")
            if word in ("ack", "guard", "host") and number.isdigit():  # bluesky prints, too
                self._said[word] = int(number)  # of guards, the last that has got ready

    @property
    def acknowledged(self):
        """Frames after which the plan has gone on."""
        return self._said.get("ack", 0)

    @property
    def guard(self):
        return self._said["guard"]

    def wait_for(self, condition, timeout_s):
        end_s = time.monotonic() + timeout_s
        while time.monotonic() < end_s:
            if condition():
                return True
            if self.popen.poll() is not None:
                return condition()
            time.sleep(0.02)
        return False

    def close(self):
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait(20)
        self._thread.join(20)
        self.popen.stdout.close()
        self.errors.close()


class WindowChild(Child):
    """The window, and the run that it has started in the process of its bench."""

    @property
    def acknowledged(self):
        """Tracked frames whose lines are in the journal: the plan has gone on after each."""
        journal = next(self.runs.glob("*/run.jsonl"), None)
        return 0 if journal is None else _tracked_lines(journal)

    @property
    def host(self):
        return self._said["host"]


def _tracked_lines(journal):
    """Count the whole lines of tracked frames, without the record's own reader."""
    uid, count = None, 0
    for line in journal.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            name, document, *_ = json.loads(line)
            if name == "descriptor" and document["name"] == "tracked":
                uid = document["uid"]
            count += name == "event" and document["descriptor"] == uid
    return count


def _start(bench, fault, folder):
    bench_file, runs = bench.bench_file, folder / "runs"
    if "window" in fault:
        places = folder / "places"
        return WindowChild("tests.campaign.window_child", folder, bench_file, runs, places)
    return Child("tests.campaign.child", folder, bench_file, runs)


def run(bench, fault, rng, folder):
    """Run the plan, strike while something is on, and return a row of the table."""
    bench.ask("replug")
    bench.ask("power_cycle")
    row = {"plan": "light_regrowth", "fault": fault, "hit": ""}
    child = _start(bench, fault, folder)
    try:
        # The spectrometer is looked after from its first frame.
        frames = rng.randrange(
            "cable" in fault, 8
        )  # from the dosing before the first frame to the exposure
        started = child.wait_for(lambda: child.acknowledged >= frames and bench.is_on(), START_S)
        if not started:
            row["broken"] = "the run did not light: " + (folder / "stderr.txt").read_text()[-500:]
            return row
        time.sleep(rng.uniform(0.0, 0.8))
        child.wait_for(bench.is_on, START_S)  # it may have gone off between two steps of the plan
        row["struck"], row["on_at_fault"] = True, bench.is_on()
        struck_at = child.acknowledged
        fault_s = time.monotonic()
        _strike(fault, child, bench)
        if fault == "kill -9 of the simulators":
            row["all_off_s"] = 0.0  # what was on has gone with them
        ended = child.wait_for(lambda: child.popen.poll() is not None, END_S)
        row["exit_status"] = str(child.popen.poll()) if ended else "did not end"
        if fault != "kill -9 of the simulators":
            told_s = getattr(child, "told_s", fault_s)
            _wait_until_safe(bench)
            intervals = ledger.all_spans(bench.ask("states"))
            row["all_off_s"] = ledger.off_after_s(intervals, told_s)
            if told_s == fault_s:
                row["from_fault_s"] = row["all_off_s"]
            row["safe_at_end"] = all(s["safe"] for s in bench.ask("states").values())
        row["acknowledged"] = struck_at = max(struck_at, child.acknowledged)
        row["leftovers"] = _leftovers(folder) or _locked(bench.bench_file)
        # What an end leaves for a person to acknowledge would refuse the next point.
        row["open_ends"] = [str(end) for end in OpenEnds(bench.bench_file).acknowledge()]
        if "cable" in fault:  # nobody can know about an instrument that cannot be asked
            row["open_ends"] = [end for end in row["open_ends"] if ": spectrometer:" not in end]
        row.update(_records(struck_at, folder))
        reports = [r for path in (folder / "runs").rglob("guard.jsonl")
                   for r in read_reports(path.parent)]  # fmt: skip
        row["guard"] = [(r.cause, r.is_safe, r.took_s) for r in reports]
        return row
    finally:
        child.close()


def _strike(fault, child, bench):
    pid = child.popen.pid
    if fault == "kill -9 of the plan":
        os.kill(pid, signal.SIGKILL)
    elif fault == "process stopped":
        os.kill(pid, signal.SIGSTOP)
    elif fault == "SIGTERM":
        os.kill(pid, signal.SIGTERM)
    elif fault == "SIGINT":
        os.kill(pid, signal.SIGINT)
    elif fault == "kill -9 of the simulators":
        bench.kill()
    elif fault == "cable of the spectrometer out":
        bench.ask("unplug")
    elif fault == "kill -9 of the window":
        os.kill(pid, signal.SIGKILL)
    elif fault == "kill -9 of window and bench process":
        os.kill(child.host, signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)
    elif fault == "disk full by the kernel":  # no file of the process grows any further
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (_longest_file(child.runs),) * 2)
    else:
        # The run goes on under a second guard, until the operator ends it, or it is killed, too.
        _replace_guard(child)
        child.told_s = time.monotonic()
        os.kill(pid, signal.SIGKILL if "plan" in fault else signal.SIGINT)


def _replace_guard(child):
    """Kill the guard, and wait until another one stands by."""
    first = child.guard
    os.kill(first, signal.SIGKILL)
    if not child.wait_for(lambda: child.guard != first, START_S):
        raise TimeoutError("no second guard got ready")


def _longest_file(runs):
    journals = runs.glob("*/run.jsonl")
    return max((path.stat().st_size for path in journals), default=4096)


def _locked(bench_file):
    """Return who still owns the bench, "" for nobody."""
    bench = load_bench(bench_file)
    try:
        bench.own()
    except BusyError as error:
        return str(error)
    bench.close()
    return ""


def _wait_until_safe(bench):
    end_s = time.monotonic() + 15.0
    while time.monotonic() < end_s:
        if all(state["safe"] for state in bench.ask("states").values()):
            return
        time.sleep(0.02)


def _leftovers(folder):
    """Return the processes of the point that are still there after a while."""
    mark = f"{MARK}={folder}".encode()
    end_s = time.monotonic() + 15.0
    while True:
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (path / "environ").read_bytes().split(b"\0"):
                    found.append((path / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        if not found or time.monotonic() > end_s:
            return "; ".join(found)
        time.sleep(0.1)


def _records(acknowledged, folder):
    runs = [path for path in (folder / "runs").iterdir() if path.is_dir()]
    if not runs:
        return {"readable": acknowledged == 0, "lost": acknowledged, "events": 0}
    try:
        opened = open_run(runs[0])
        for stream in opened.streams:
            opened.table(stream)
        tracked = opened.event_count("tracked")
        repair_run(runs[0])
        problems = verify_run(runs[0]).problems
        again = open_run(runs[0]).event_count("tracked")
    except RecordError as error:
        return {"readable": False, "lost": acknowledged, "why": str(error)}
    lost = max(0, acknowledged - tracked) + (tracked - again)
    return {"readable": True, "events": tracked, "lost": lost, "problems": list(problems)[:3]}
