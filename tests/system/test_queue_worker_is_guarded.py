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
import os
from plans.queueing import startup
from instruments.light_sources.emission import Emission
from bluesky import Msg

def lit():
    yield Msg("set", startup.light, Emission(wavelength_nm=405, irradiance_mw_cm2=20), group="on")
    yield Msg("wait", None, group="on")
    print("on", flush=True)
    yield Msg("sleep", None, 120)

startup.RE(lit())
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
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.wait(10)
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


def test_an_open_interlock_refuses_a_plan_of_the_queue(bench_file, worker, tmp_path):
    path, simulators = bench_file
    rule = '[[interlock]]\nname = "no"\nwatch = "spectrometer.integration_time_s"\nbelow = 100\n'
    path.write_text(path.read_text("utf-8") + rule, "utf-8")
    child = worker()
    assert child.stdout.readline() == ""
    assert "interlock 'no'" in child.stderr.read()
    assert not is_on(simulators)
    (row,) = ReactionLog(tmp_path / "runs").read()
    assert (row["interlock"], row["reaction"]) == ("no", "refused")


def test_what_nobody_has_acknowledged_refuses_a_plan_of_the_queue(bench_file, worker, monkeypatch):
    path, simulators = bench_file
    monkeypatch.setenv("REGROW_LOCKS", str(path.parent / "locks"))
    OpenEnds(path).note(["pump: no answer"])
    child = worker()
    assert child.stdout.readline() == ""
    assert "not confirmed off since" in child.stderr.read()
    assert not is_on(simulators)
