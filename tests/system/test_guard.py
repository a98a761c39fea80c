"""A real program is killed, stopped or blocked: the guard makes the bench safe in its place.

The simulators live in this process and say themselves when their emitters went off.
"""

import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from instruments.guard import Guard, GuardError, read_reports
from simulators.bench import SimulatedBench

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "simulators" / "benches" / "demo.toml"
PROGRAM = """
import sys, time
from pathlib import Path
from instruments.bench import load_bench
from instruments.guard import Guard
from instruments.light_sources.emission import Emission
from instruments.pumps import Dispense

bench_file = Path(sys.argv[1])
with Guard(bench_file, folder=bench_file.parent, pulse=lambda: True) as guard, \\
        load_bench(bench_file) as bench:
    bench["light"].set(Emission(wavelength_nm=405, irradiance_mw_cm2=20)).wait(5)
    bench["pump"].set(Dispense(volume_ul=5000, rate_ul_min=500))
    while not bench["pump"].is_pumping.get():
        time.sleep(0.01)
    print("on", guard.pid, flush=True)
    EXTRA
"""
WAIT = "time.sleep(60)"
# A call that holds Python's lock: no thread of this process runs any more.
HOLD_THE_LOCK = "import ctypes; ctypes.PyDLL(None).sleep(60)"
NO_MORE_MEMORY = """import resource
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**20, resource.RLIM_INFINITY))
    kept = [bytearray(2**16) for _ in range(10**6)]"""
KILL_THE_GUARD_THEN_MYSELF = """import os, signal
    os.kill(guard.pid, signal.SIGKILL)
    while guard.restarts == 0:
        time.sleep(0.05)
    guard.wait_until_ready()
    os.kill(os.getpid(), signal.SIGKILL)"""


@pytest.fixture
def bench_file(tmp_path):
    """A bench file with the addresses of simulators that this process serves."""
    text = DEMO.read_text(encoding="utf-8")
    table = tomllib.loads(text)
    with SimulatedBench(table, ports="any") as simulators:
        for name, address in simulators.addresses.items():
            text = text.replace(table["device"][name]["address"], address)
        path = tmp_path / "bench.toml"
        path.write_text(text, encoding="utf-8")
        yield path, simulators


def is_on(simulators):
    return simulators.state("light")["emitting"] or simulators.state("pump")["pumping"]


def start(path, extra):
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.replace("EXTRA", extra), str(path)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    word, _, guard = child.stdout.readline().partition(" ")
    assert word == "on", child.stderr.read()
    return child, int(guard)


def wait_until_off(simulators, child):
    end_s = time.monotonic() + 30
    while is_on(simulators) and time.monotonic() < end_s:
        time.sleep(0.01)  # the simulators want the interpreter of this process, too
    child.wait(timeout=30)
    child.communicate()  # the guard holds the error stream: it has ended, too
    assert not is_on(simulators)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("extra", "number", "cause"),
    [
        (WAIT, signal.SIGKILL, "died"),
        (WAIT, getattr(signal, "SIGSTOP", None), "hung"),
        (HOLD_THE_LOCK, None, "hung"),
        ("import os; os.abort()", None, "died"),
    ],
    ids=["kill -9", "stopped", "python's lock held", "crash"],
)
def test_whatever_ends_the_program_the_bench_is_made_safe(bench_file, extra, number, cause):
    path, simulators = bench_file
    child, _ = start(path, extra)
    if number is not None:
        child.send_signal(number)
    wait_until_off(simulators, child)
    assert child.returncode != 0
    reports = read_reports(path.parent)
    assert reports[-1].cause == cause
    assert reports[-1].is_safe
    assert reports[-1].killed == (cause == "hung")


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_a_program_that_gets_no_more_memory_leaves_nothing_on(bench_file):
    path, simulators = bench_file
    child, _ = start(path, NO_MORE_MEMORY)
    wait_until_off(simulators, child)
    assert child.returncode != 0
    assert simulators.state("pump")["alarm"] != "T"  # its own dead-man switch was not needed
    assert read_reports(path.parent)[-1].is_safe


def test_a_program_that_is_not_certain_that_all_is_off_leaves_it_to_its_guard(bench_file):
    path, simulators = bench_file
    child, _ = start(path, "bench.make_safe = bench._end = lambda *_: None; bench.close(); 1 / 0")
    wait_until_off(simulators, child)
    assert child.returncode == 1
    assert (read_reports(path.parent)[-1].cause, is_on(simulators)) == ("unsure", False)


def test_a_program_that_leaves_its_bench_safe_sends_its_guard_home(bench_file):
    path, simulators = bench_file
    child, guard = start(path, "")
    child.communicate(timeout=30)
    assert child.returncode == 0
    assert not is_on(simulators)
    assert read_reports(path.parent) == []
    with pytest.raises(OSError, match=r"."):
        os.kill(guard, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_killed_guard_is_replaced_and_the_second_one_does_its_work(bench_file):
    path, simulators = bench_file
    child, _ = start(path, KILL_THE_GUARD_THEN_MYSELF)
    wait_until_off(simulators, child)
    assert read_reports(path.parent)[-1].is_safe


def test_a_guard_that_is_asked_makes_safe_and_stays(bench_file):
    path, _ = bench_file
    with Guard(path, folder=path.parent) as guard:
        guard.beat()
        report = guard.make_safe()
        assert report.is_safe
        assert report.cause == "asked"
        assert set(report.confirmed) == {"spectrometer", "light", "pump", "stage", "meter"}


def test_a_bench_file_with_an_error_is_found_out_before_anything_is_on(tmp_path):
    path = tmp_path / "bench.toml"
    path.write_text("[device.light]\nmodel = 'toaster'\n")
    with pytest.raises(GuardError, match="while it started"), Guard(path):
        pass
    with pytest.raises(ValueError, match="heartbeat_s"):
        Guard(path, heartbeat_s=2.0, timeout_s=1.0)
    guard = Guard(path)
    with pytest.raises(GuardError, match="start it first"):
        guard.wait_until_ready()
    guard.close()
