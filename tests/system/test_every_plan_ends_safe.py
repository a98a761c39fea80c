"""Whatever happens to a plan and whenever: the instruments themselves say that all is off.

A property over plan, instant and fault: every plan meets faults at random instants. REGROW_ENDINGS
sets how many examples are tried in all; the default is what every change can afford.
"""

import contextlib
import os
import random
import tempfile
import threading
import time

import pytest
from bluesky.utils import RunEngineInterrupted

from plans.catalogue import EXPERIMENTS, make_experiment
from simulators.clock import virtual_time
from tests.system.conftest import open_lab
from tests.system.quick_plans import quick_plans
from tests.system.test_every_plan import write_decays

EXAMPLES = int(os.environ.get("REGROW_ENDINGS", "1"))
FAULTS = ("error", "pause and resume", "pause and abort", "abort", "stop", "halt", "cable")
STATUS = {
    "error": "fail",
    "pause and resume": "success",
    "pause and abort": "abort",
    "abort": "abort",
    "stop": "success",
    "halt": None,  # nothing more is written
    "cable": "fail",
}
LONGEST_S = 400.0  # the short runs take about so long; a fault after the end finds all done


def with_error(plan, instant_s):
    """Yield a plan that breaks at an instant."""
    start_s = time.monotonic()
    response = None
    with contextlib.suppress(StopIteration):
        while True:
            message = plan.send(response)
            if time.monotonic() - start_s > instant_s:
                plan.throw(ValueError("somebody tripped over the plan"))
            response = yield message


def run(lab, experiment, fault, instant_s, cable):
    """Run with a fault at an instant; return whether the fault came before the end."""
    engine, run_engine = lab.engine, lab.engine.run_engine
    struck = []

    def strike():
        deadline_s = time.monotonic() + instant_s
        while time.monotonic() < deadline_s:
            if ended.wait(0.5):
                return
        struck.append(run_engine.state == "running")
        if not struck[0]:
            return
        ways = {
            "abort": lambda: engine.abort("enough"),
            "stop": run_engine.stop,
            "halt": run_engine.halt,
            "pause and resume": run_engine.request_pause,
            "pause and abort": run_engine.request_pause,
            "cable": lambda: lab.simulators.unplug(cable),
        }
        ways.get(fault, lambda: None)()

    ended = threading.Event()
    thread = threading.Thread(target=strike, name="saboteur")
    thread.start()
    plan = experiment.plan()
    if fault == "error":
        engine.run(with_error(plan, instant_s))
    elif fault.startswith("pause"):
        with contextlib.suppress(RunEngineInterrupted):
            run_engine(plan)
        if run_engine.state == "paused":
            assert_dark(lab)
            time.sleep(50.0)
            assert_dark(lab)
            if fault == "pause and resume":
                run_engine.resume()
            else:
                run_engine.abort("the operator had enough")
    else:
        engine.run(plan)
    ended.set()
    thread.join()
    return bool(struck and struck[0])


def assert_dark(lab):
    for name in lab.bench:
        state = lab.simulators.state(name)
        for key in ("emitting", "pumping", "heating", "on"):
            assert not state.get(key), (name, key, state)


def switch_off_what_was_unplugged(lab, cable):
    """Put the cable back, as the session waits for, and make safe until it is confirmed."""
    lab.simulators.replug(cable)
    for _ in range(15):
        if all(safe.confirmed for safe in lab.bench.make_safe()):
            return
        time.sleep(2.0)
    raise AssertionError(f"{cable} was not made safe")


def cases():
    """Yield plan, fault, instant and cable: each plan in turn meets the faults in turn."""
    for number in range(max(1, EXAMPLES // len(EXPERIMENTS))):
        for index, name in enumerate(sorted(EXPERIMENTS)):
            chance = random.Random(f"{name} {number}")
            fault = FAULTS[(index + number) % len(FAULTS)]
            yield name, fault, round(chance.uniform(1.0, LONGEST_S), 3), chance.randrange(11)


@pytest.mark.parametrize(("name", "fault", "instant_s", "which"), list(cases()))
def test_a_fault_at_any_point_of_any_plan_leaves_everything_off(name, fault, instant_s, which):
    with tempfile.TemporaryDirectory() as folder, virtual_time(epoch_s=1_767_261_600.0):
        quick = quick_plans(folder)[name]
        with open_lab(folder, quick.changes) as lab:
            devices = {key: lab.bench[device] for key, device in quick.devices.items()}
            cables = sorted(set(quick.devices.values())) or ["light"]
            cable = cables[which % len(cables)]
            stop = threading.Event()
            decays = threading.Thread(target=write_decays, args=(f"{folder}/decays", stop))
            decays.start()
            struck = run(lab, make_experiment(name, devices, quick.values), fault, instant_s, cable)
            stop.set()
            decays.join()
            if fault == "cable" and struck:
                switch_off_what_was_unplugged(lab, cable)
            assert_dark(lab)
            stops = [doc for kind, doc in lab.documents if kind == "stop"]
            starts = [doc for kind, doc in lab.documents if kind == "start"]
            if struck and fault not in {"halt", "cable"}:
                assert len(stops) == len(starts)
                assert stops[-1]["exit_status"] == STATUS[fault], stops[-1]
            if fault == "cable" and struck and stops:  # it may not have been needed any more
                assert stops[-1]["exit_status"] in {"fail", "success"}
