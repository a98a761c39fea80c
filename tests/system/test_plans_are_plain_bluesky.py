"""Every plan runs in a RunEngine as anybody makes it, with nothing of this project around it."""

import contextlib
import threading

import pytest
from bluesky import RunEngine

from plans.catalogue import EXPERIMENTS, find_plan
from tests.system.conftest import open_lab
from tests.system.quick_plans import quick_plans
from tests.system.test_every_plan import write_decays


@contextlib.contextmanager
def bare_engine():
    """Yield a RunEngine with its defaults; it has no way of its own to end its thread."""
    known = set(threading.enumerate())
    run_engine = RunEngine({})
    threads = set(threading.enumerate()) - known
    try:
        yield run_engine
    finally:
        run_engine.loop.call_soon_threadsafe(run_engine.loop.stop)
        for thread in threads:
            thread.join(10.0)
        run_engine.loop.close()


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_a_bare_run_engine_runs_it(name, virtual_clock, capfd, tmp_path):
    quick = quick_plans(tmp_path)[name]
    with open_lab(tmp_path, quick.changes) as lab, bare_engine() as run_engine:
        documents = []
        run_engine.subscribe(lambda kind, doc: documents.append((kind, doc)))
        devices = {key: lab.bench[device] for key, device in quick.devices.items()}
        stop = threading.Event()
        writer = threading.Thread(target=write_decays, args=(tmp_path / "decays", stop))
        writer.start()
        run_engine(find_plan(name)(**devices, **quick.values))
        stop.set()
        writer.join()
        starts = [doc for kind, doc in documents if kind == "start"]
        stops = [doc for kind, doc in documents if kind == "stop"]
        assert starts[0]["plan_name"] == name
        assert len(stops) == len(starts)
        assert {doc["exit_status"] for doc in stops} == {"success"}
        for device in lab.bench:
            assert lab.simulators.state(device)["safe"], device
