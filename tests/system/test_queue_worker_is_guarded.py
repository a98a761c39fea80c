"""A queue server's worker is killed: its guard switches off what it has switched on."""

import json
import os
import subprocess
import sys

import pytest

from instruments.open_ends import OpenEnds
from plans.records import ReactionLog
from tests.system.test_guard import ROOT, bench_file, is_on, wait_until_off

__all__ = ["bench_file"]

WORKER = """
import plans.off
from plans.queueing import startup
from instruments.light_sources.emission import Emission
from bluesky import Msg

def lit():
    yield Msg("set", startup.light, Emission(wavelength_nm=405, irradiance_mw_cm2=20), group="on")
    yield Msg("wait", None, group="on")
    print("on", flush=True)
    input()

plans.off._BETWEEN_TRIES_S = (0.1,)
startup.RE(lit())
print("ended", flush=True)
input()
"""


@pytest.fixture
def worker(bench_file, tmp_path):
    """Starts a process that has imported the startup module, as a queue server's worker does."""
    path, _ = bench_file
    started = []

    def start():
        env = {**os.environ, "REGROW_BENCH": str(path), "REGROW_RUNS": str(tmp_path / "runs")}
        child = subprocess.Popen(
            [sys.executable, "-c", WORKER], cwd=ROOT, env=env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.wait(10)
        child.stdin.close()
        child.stdout.close()
        child.stderr.close()


def test_a_killed_worker_leaves_nothing_lit(bench_file, worker, tmp_path):
    child = worker()
    assert child.stdout.readline().strip() == "on", child.stderr.read()
    _, simulators = bench_file
    assert is_on(simulators)
    child.kill()
    wait_until_off(simulators, child)
    assert not is_on(simulators)
    (report,) = (tmp_path / "runs").rglob("guard.jsonl")
    assert json.loads(report.read_text().splitlines()[-1])["cause"]


def go_on(child):
    """Let the plan of a worker end and return what the worker says then."""
    child.stdin.write("\n")
    child.stdin.flush()
    return child.stdout.readline().strip()


def test_a_plan_that_leaves_the_light_on_is_over_when_it_is_off(bench_file, worker, monkeypatch):
    path, simulators = bench_file
    monkeypatch.setenv("REGROW_LOCKS", str(path.parent / "locks"))
    child = worker()
    assert child.stdout.readline().strip() == "on"
    assert is_on(simulators)
    assert go_on(child) == "ended"
    assert not is_on(simulators)
    assert OpenEnds(path).read() == []


def test_what_a_plan_of_the_queue_leaves_unconfirmed_is_kept(bench_file, worker, monkeypatch):
    path, simulators = bench_file
    monkeypatch.setenv("REGROW_LOCKS", str(path.parent / "locks"))
    child = worker()
    assert child.stdout.readline().strip() == "on"
    simulators.unplug("light")
    assert go_on(child) == "ended"
    (end,) = OpenEnds(path).read()
    assert end.what.startswith("light: ")
    simulators.replug("light")


def test_an_open_interlock_refuses_a_plan_of_the_queue(bench_file, worker, tmp_path):
    path, simulators = bench_file
    rule = '[[interlock]]\nname = "no"\nwatch = "spectrometer.integration_time_s"\nbelow = 100\n'
    path.write_text(path.read_text("utf-8") + rule, "utf-8")
    child = worker()
    assert child.stdout.readline() == ""
    assert "interlock 'no'" in child.stderr.read()
    assert not is_on(simulators)
    rows = ReactionLog(tmp_path / "runs").read()  # the watch may have seen it as well
    assert ("no", "refused") in [(row["interlock"], row["reaction"]) for row in rows]


def test_what_nobody_has_acknowledged_refuses_a_plan_of_the_queue(bench_file, worker, monkeypatch):
    path, simulators = bench_file
    monkeypatch.setenv("REGROW_LOCKS", str(path.parent / "locks"))
    OpenEnds(path).note(["pump: no answer"])
    child = worker()
    assert child.stdout.readline() == ""
    assert "not confirmed off since" in child.stderr.read()
    assert not is_on(simulators)
