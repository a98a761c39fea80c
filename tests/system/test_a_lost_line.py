"""The cable of what a run reads is pulled while the plan waits and the sample is lit."""

import threading
import time

import pytest
from bluesky import Msg

from instruments.light_sources.emission import Emission
from plans.lost_lines import BACK_WITHIN_S, LostLines

WAIT_S = 180.0
CABLE = "spectrometer"


@pytest.fixture
def watched(lab):
    """A lab whose lines are looked at four times a second, as by the thread of a guard."""
    lab.said = []
    lab.lines = LostLines(lab.engine, lab.bench, lab.said.append)
    ended = threading.Event()

    def look():
        while not ended.wait(0.25):
            lab.lines.look()

    thread = threading.Thread(target=look, name="beat")
    thread.start()
    yield lab
    ended.set()
    thread.join()
    lab.lines.close()


def lit_for_long(lab, read):
    """Record what is read once, then wait with the light on."""
    yield Msg("open_run")
    yield Msg("create", None, name="primary")
    for name in read:
        yield Msg("read", lab.bench[name])
    yield Msg("save")
    emission = Emission(wavelength_nm=405, irradiance_mw_cm2=5)
    yield Msg("set", lab.bench["light"], emission, group="a")
    yield Msg("wait", None, group="a")
    yield Msg("sleep", None, WAIT_S)
    yield Msg("close_run")


def run(lab, beside, read=(CABLE,)):
    """Run the plan, do something beside it while it waits, and return how it ended."""
    outcomes = []
    thread = threading.Thread(
        target=lambda: outcomes.append(lab.engine.run(lit_for_long(lab, read))), name="run"
    )
    thread.start()
    while lab.lamp_is_off():
        time.sleep(0.1)
    time.sleep(1.0)
    lab.cut_s = time.monotonic()
    beside()
    thread.join()
    return outcomes[0]


def off_after_s(lab):
    log = lab.simulators.state("light")["log"]
    return max(at_s for at_s, words in log if words.endswith("off")) - lab.cut_s


def test_the_light_is_off_within_two_seconds_and_the_run_says_why(watched):
    outcome = run(watched, lambda: watched.simulators.unplug(CABLE))
    assert BACK_WITHIN_S <= off_after_s(watched) < 2.0
    assert outcome.exit_status == "abort"
    assert f"{CABLE}: the line to" in outcome.reason
    assert "did not come back" in outcome.reason
    assert f"THE LINE TO {CABLE} IS LOST" in watched.said[0]


def test_a_line_that_comes_back_at_once_ends_nothing(watched):
    def wink():
        watched.simulators.unplug(CABLE)
        time.sleep(0.6)
        watched.simulators.replug(CABLE)

    outcome = run(watched, wink)
    assert outcome.exit_status == "success"
    assert off_after_s(watched) > WAIT_S - 2.0
    assert watched.said == [f"{CABLE}: the line was lost for a moment; the run goes on"]


def test_what_the_run_does_not_read_may_be_unplugged(watched):
    outcome = run(watched, lambda: watched.simulators.unplug("stage"))
    assert outcome.exit_status == "success"
    assert watched.said == []


def test_what_the_run_has_read_once_and_needs_no_more_may_be_unplugged(watched):
    outcome = run(watched, lambda: watched.simulators.unplug("meter"), read=("meter", CABLE))
    assert outcome.exit_status == "success"


def test_a_lamp_is_switched_off_as_soon_as_its_cable_is_back(watched):
    def pull():
        watched.simulators.unplug("light")
        time.sleep(5.0)
        watched.simulators.replug("light")
        watched.bench.make_safe()  # as whoever ran it goes on to do

    outcome = run(watched, pull, read=("light", CABLE))
    assert "light: the line to" in outcome.reason
    assert 5.0 <= off_after_s(watched) < 7.0


def test_the_next_run_is_looked_after_as_well(watched):
    assert "did not come back" in run(watched, lambda: watched.simulators.unplug(CABLE)).reason
    watched.simulators.replug(CABLE)
    time.sleep(6.0)
    assert "did not come back" in run(watched, lambda: watched.simulators.unplug(CABLE)).reason
    assert off_after_s(watched) < 2.0
    assert watched.lines.names == set()


def test_in_a_pause_a_cable_may_be_changed(watched):
    def change():
        watched.engine.pause()
        time.sleep(5.0)
        watched.simulators.unplug(CABLE)
        time.sleep(30.0)
        watched.simulators.replug(CABLE)

    run(watched, change)
    watched.engine.run_engine.abort("enough")
    assert watched.said == []
