"""A session keeps switching off until it is confirmed, and says so when it is not."""

import os
import signal
import threading
import time

import pytest

from plans.records import open_run
from plans.samples import Batch, Sample, SampleStore
from plans.session import Session
from simulators.bench import SimulatedBench
from tests.system.conftest import DEMO

LIT_S = 300.0


@pytest.fixture
def simulators(virtual_clock, capfd):
    with SimulatedBench(DEMO, ports="any") as simulators:
        yield simulators


@pytest.fixture
def said():
    return []


@pytest.fixture
def session(tmp_path, said):
    return Session(
        bench_file=DEMO,
        plan_name="light_regrowth",
        assignments=["max_time_min=20", "dark_tail_min=0", "baseline_frames=3"],
        runs_folder=tmp_path,
        say=said.append,
    )


def run(session, simulators, *acts):
    """Run the session while other threads act at instants."""

    def at(instant_s, act):
        time.sleep(instant_s)
        act()

    threads = [threading.Thread(target=at, args=act) for act in acts]
    for thread in threads:
        thread.start()
    session.run(addresses=simulators.addresses)
    for thread in threads:
        thread.join()
    return session.finish()


def test_a_lamp_that_comes_back_is_switched_off(session, simulators, said):
    result = run(
        session,
        simulators,
        (LIT_S, lambda: simulators.unplug("light")),
        (LIT_S + 25.0, lambda: simulators.replug("light")),
    )
    assert not simulators.state("light")["emitting"]
    assert result["exit_status"] == "fail"
    assert "light" in result["stop_reason"]
    assert result["not_confirmed_off"] == []
    assert any(text.startswith("NOT CONFIRMED OFF: light") for text in said)


def test_a_lamp_that_stays_away_is_named_to_the_last(session, simulators, said):
    result = run(session, simulators, (LIT_S, lambda: simulators.unplug("light")))
    light, spectrometer = result["not_confirmed_off"]
    assert light.startswith("light: ")
    assert spectrometer.startswith("spectrometer: still sees light at")  # so it does
    assert "Switch it off by hand at the instrument." in said


def test_ctrl_c_before_the_run_opens_nothing(session, simulators, virtual_clock, said):
    with session.watcher() as watcher:
        watcher.hand_over = virtual_clock.submit
        os.kill(os.getpid(), signal.SIGINT)
        while not session.interrupted:
            time.sleep(0.01)
        result = run(session, simulators)
    assert result["run_folder"] is None
    assert result["exit_status"] == "abort"
    assert said[0].startswith("Ctrl-C: ending the run safely")


def test_a_second_ctrl_c_switches_off_without_waiting(session, simulators, virtual_clock, said):
    with session.watcher() as watcher:
        watcher.hand_over = virtual_clock.submit

        def twice():
            simulators.faults("light").late(0.1, exchanges=None)  # so that the ending takes a while
            os.kill(os.getpid(), signal.SIGINT)
            while not session.interrupted:
                time.sleep(0.01)
            time.sleep(0.05)
            os.kill(os.getpid(), signal.SIGINT)

        result = run(session, simulators, (LIT_S, twice))
    assert result["exit_status"] == "abort"
    assert not simulators.state("light")["emitting"]
    assert "Ctrl-C: switching off without waiting for the run" in said


def short_run(folder, sample, say):
    return Session(
        bench_file=DEMO,
        plan_name="calibrate_dark",
        assignments=["integration_times_s=0.1", "frames_each=3", f"sample={sample}"],
        runs_folder=folder,
        say=say,
    )


def start_of(session, simulators):
    return open_run(run(session, simulators)["run_folder"]).start


def test_a_run_carries_the_card_of_its_sample(simulators, said, tmp_path):
    store = SampleStore(tmp_path)
    store.put(Batch(name="B7"))
    store.put(Sample(name="S1", batch="B7", concentration_nm=20.0))
    start = start_of(short_run(tmp_path, "S1", said.append), simulators)
    assert start["sample_card"] == store.card("S1").as_metadata()
    assert start["sample_card"]["batch"]["name"] == "B7"


def test_a_run_of_an_unknown_sample_has_no_card(simulators, said, tmp_path):
    assert "sample_card" not in start_of(short_run(tmp_path, "S2", said.append), simulators)


def test_a_broken_store_is_said_and_stops_no_run(simulators, said, tmp_path):
    (tmp_path / "samples.sqlite3").write_text("this is no database", encoding="utf-8")
    assert "sample_card" not in start_of(short_run(tmp_path, "S1", said.append), simulators)
    assert any(text.startswith("note: the run has no sample card") for text in said)


def test_a_meter_is_the_monitor_only_when_it_is_named(session, simulators, tmp_path, said):
    session._values["max_time_min"] = 1.0
    run(session, simulators)
    folder = next(tmp_path.glob("*_light_regrowth_*"))
    arguments = open_run(folder).start["plan_args"]
    assert arguments["meter"] == "meter"
    assert "monitor" not in arguments
