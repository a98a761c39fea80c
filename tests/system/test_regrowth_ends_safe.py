"""However a regrowth ends, the simulators themselves say that lamp and pump are off."""

import os
import signal
import threading
import time

import pytest
from bluesky.utils import RunEngineInterrupted

from plans.engine import InterruptWatcher
from plans.experiments.light_regrowth import light_regrowth

PUMPING_S = 40.0  # virtual time at which the ligand is being added
LIT_S = 400.0  # and at which the sample is exposed


def regrowth(lab, **changes):
    settings = {
        "max_time_min": 20.0,
        "dark_tail_min": 1.0,
        "ligand_volume_ul": 1000.0,
        "baseline_frames": 3,
        **changes,
    }
    devices = lab.devices("spectrometer", "light", "stage", "meter", "pump")
    return light_regrowth(**devices, **settings)


def at(instant_s, act):
    """Do something on another thread at a virtual instant from now."""

    def wait_and_act():
        time.sleep(instant_s)
        act()

    thread = threading.Thread(target=wait_and_act, name="saboteur")
    thread.start()
    return thread


def assert_dark_and_still(lab):
    assert lab.lamp_is_off()
    assert lab.pump_is_stopped()


@pytest.fixture(params=[PUMPING_S, LIT_S], ids=["while pumping", "while lit"])
def instant_s(request):
    return request.param


def test_the_faults_of_this_file_come_while_something_is_on(lab):
    seen = {}

    def look(name, instant_s):
        seen[name] = (
            lab.simulators.state("pump")["pumping"],
            lab.simulators.state("light")["emitting"],
        )

    threads = [
        at(PUMPING_S, lambda: look("pumping", PUMPING_S)),
        at(LIT_S, lambda: look("lit", LIT_S)),
    ]
    outcome = lab.engine.run(regrowth(lab))
    for thread in threads:
        thread.join()
    assert outcome.exit_status == "success", outcome
    assert seen == {"pumping": (True, False), "lit": (False, True)}
    assert_dark_and_still(lab)


def test_an_error_in_the_plan(lab, instant_s):
    def with_error():
        start_s = time.monotonic()
        plan = regrowth(lab)
        response = None
        while True:
            message = plan.send(response)
            if time.monotonic() - start_s > instant_s:
                plan.throw(ValueError("somebody tripped over the plan"))
            response = yield message

    outcome = lab.engine.run(with_error())
    assert outcome.exit_status == "fail"
    assert "tripped" in outcome.reason
    assert_dark_and_still(lab)


@pytest.mark.parametrize("ending", ["abort", "halt"])
def test_abort_and_halt(lab, instant_s, ending):
    ways = {"abort": lambda: lab.engine.abort("enough"), "halt": lab.engine.run_engine.halt}
    thread = at(instant_s, ways[ending])
    outcome = lab.engine.run(regrowth(lab))
    thread.join()
    assert outcome.exit_status == "abort"
    assert_dark_and_still(lab)
    if ending == "abort" and instant_s == LIT_S:  # after a halt nothing more is written
        final = lab.stream("closing")[0]["light_dose_j_cm2"]
        assert final == pytest.approx(lab.simulators.truth()["dose_j_cm2"], rel=0.005, abs=0.001)


def test_stop(lab, instant_s):
    thread = at(instant_s, lambda: lab.engine.run_engine.stop())
    lab.engine.run(regrowth(lab))
    thread.join()
    assert lab.stop["exit_status"] == "success"
    assert_dark_and_still(lab)


def test_pause_then_abort(lab, instant_s):
    run_engine = lab.engine.run_engine
    thread = at(instant_s, run_engine.request_pause)
    with pytest.raises(RunEngineInterrupted):
        run_engine(regrowth(lab))
    thread.join()
    assert run_engine.state == "paused"
    assert_dark_and_still(lab)
    time.sleep(100)
    assert_dark_and_still(lab)
    run_engine.abort("the operator had enough")
    assert lab.stop["exit_status"] == "abort"
    assert_dark_and_still(lab)


def test_pause_then_resume_lights_the_sample_again_and_keeps_the_dose(lab):
    run_engine = lab.engine.run_engine
    thread = at(LIT_S, run_engine.request_pause)
    with pytest.raises(RunEngineInterrupted):
        run_engine(regrowth(lab))
    thread.join()
    assert_dark_and_still(lab)
    time.sleep(1000)
    dose_j_cm2 = lab.simulators.truth()["dose_j_cm2"]
    lit = []
    thread = at(5.0, lambda: lit.append(lab.simulators.state("light")["emitting"]))
    run_engine.resume()
    thread.join()
    assert lit == [True]
    assert lab.stop["exit_status"] == "success"
    assert lab.simulators.truth()["dose_j_cm2"] > dose_j_cm2 + 5
    counted = lab.stream("tracked")[-1]["light_dose_j_cm2"]
    assert counted == pytest.approx(lab.simulators.truth()["dose_j_cm2"], rel=0.005)
    assert_dark_and_still(lab)


def test_ctrl_c(lab, instant_s, virtual_clock):
    thread = at(instant_s, lambda: os.kill(os.getpid(), signal.SIGINT))
    with InterruptWatcher(lambda _: lab.engine.abort("Ctrl-C"), hand_over=virtual_clock.submit):
        outcome = lab.engine.run(regrowth(lab))
    thread.join()
    assert outcome.exit_status == "abort"
    assert outcome.reason == "Ctrl-C"
    assert_dark_and_still(lab)


@pytest.mark.parametrize("cable", ["spectrometer", "stage", "meter"])
def test_the_cable_of_another_instrument_is_pulled(lab, cable):
    instant_s = {"spectrometer": LIT_S, "stage": 2.0, "meter": 2.0}[cable]
    thread = at(instant_s, lambda: lab.simulators.unplug(cable))
    outcome = lab.engine.run(regrowth(lab))
    thread.join()
    assert outcome.exit_status == "fail"
    assert cable in outcome.reason
    assert_dark_and_still(lab)


@pytest.mark.parametrize(("cable", "instant_s"), [("light", LIT_S), ("pump", PUMPING_S)])
def test_the_cable_of_the_lamp_or_the_pump_is_pulled_and_put_back(lab, cable, instant_s):
    thread = at(instant_s, lambda: lab.simulators.unplug(cable))
    back = at(instant_s + 20.0, lambda: lab.simulators.replug(cable))
    outcome = lab.engine.run(regrowth(lab))
    thread.join()
    assert outcome.exit_status == "fail"
    assert cable in outcome.reason
    confirmed = all(safe.confirmed for safe in lab.bench.make_safe())
    back.join()
    tries = 0
    while not confirmed and tries < 10:
        time.sleep(2.0)
        confirmed = all(safe.confirmed for safe in lab.bench.make_safe())
        tries += 1
    assert confirmed
    assert_dark_and_still(lab)


def test_a_device_that_refuses_ends_the_run_dark(lab):
    thread = at(LIT_S, lambda: lab.simulators.faults("spectrometer").drop(exchanges=None))
    outcome = lab.engine.run(regrowth(lab))
    thread.join()
    assert outcome.exit_status == "fail"
    assert "spectrometer" in outcome.reason
    assert_dark_and_still(lab)
