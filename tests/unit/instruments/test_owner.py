"""A bench, a port and a run have one owner at a time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from instruments.bench import load_bench
from instruments.errors import BusyError
from instruments.owner import OwnerLock, locks_folder

ROOT = Path(__file__).parents[3]
BENCH = (
    '[device.meter]\nmodel = "thorlabs-pm100d"\naddress = "TCPIP::127.0.0.1::9::SOCKET"\n'
    "wavelength_nm = 405\naperture_area_cm2 = 0.7\n"
)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("REGROW_LOCKS", str(tmp_path / "locks"))


def test_the_second_owner_is_told_who_the_first_is_and_since_when():
    with OwnerLock("bench left hood") as first:
        assert first.held
        first.acquire()  # again is harmless
        with pytest.raises(BusyError, match=rf"process {os.getpid()} of .* since 20\d\d-"):
            OwnerLock("bench left hood").acquire()
        with OwnerLock("bench right hood"):
            pass
    with OwnerLock("bench left hood"):
        pass
    first.release()


def test_a_killed_owner_leaves_nothing_behind():
    script = (
        "import sys, time\nfrom instruments.owner import OwnerLock\n"
        "lock = OwnerLock('the bench'); lock.acquire(program='test'); print('mine', flush=True)\n"
        "sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout.readline().strip() == b"mine"
    lock = OwnerLock("the bench")
    with pytest.raises(BusyError, match=rf"process {child.pid} .*\(test\)"):
        lock.acquire()
    child.kill()
    child.communicate(timeout=10)
    lock.acquire()
    assert str(os.getpid()) in lock.holder
    lock.release()


def test_an_owner_that_did_not_say_who_it_is_is_an_owner_all_the_same():
    with OwnerLock("x") as lock:
        lock.path.with_suffix(".holder.json").write_text("{")
        with pytest.raises(BusyError, match="did not say who"):
            OwnerLock("x").acquire()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BusyError, match="cannot be made"):
        OwnerLock("x", tmp_path / "file" / "x.lock").acquire()


def test_a_lock_can_take_its_file_away(tmp_path):
    lock = OwnerLock("run", tmp_path / "run.lock")
    lock.acquire()
    lock.release(remove=True)
    assert list(tmp_path.glob("run.*")) == []


def test_a_bench_that_another_one_has_is_not_opened(tmp_path):
    path = tmp_path / "bench.toml"
    path.write_text(BENCH)
    first = load_bench(path)
    first.own()
    with pytest.raises(BusyError, match="is in use by"):
        load_bench(path).connect()
    first.close()


def test_two_bench_files_with_the_same_port_do_not_both_get_it(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).write_text(BENCH)
    first, second = load_bench(tmp_path / "one"), load_bench(tmp_path / "two")
    first.own()
    with pytest.raises(BusyError, match=r"port TCPIP::127.0.0.1::9::SOCKET"):
        second.own()
    first.close()
    second.own()  # nothing was kept of the attempt in vain
    second.close()


def test_a_bench_on_the_addresses_of_its_own_simulators_needs_no_lock(tmp_path):
    path = tmp_path / "bench.toml"
    path.write_text(BENCH)
    address = {"meter": "TCPIP::127.0.0.1::10::SOCKET"}
    first, second = load_bench(path, addresses=address), load_bench(path, addresses=address)
    first.own()
    second.own()
    assert not locks_folder().exists()


def test_without_a_variable_the_locks_are_in_a_folder_of_the_computer(monkeypatch, tmp_path):
    monkeypatch.delenv("REGROW_LOCKS")
    monkeypatch.setenv("PROGRAMDATA", str(tmp_path))
    assert locks_folder() == tmp_path / "regrow" / "locks"
