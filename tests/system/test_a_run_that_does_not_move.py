"""An engine that does not answer: the bench is switched off beside it, else the guard does it."""

import threading
import time

import pytest
from bluesky import Msg

from instruments.light_sources.emission import Emission
from plans import guarding
from plans.guarding import GuardedRun

STALL_S, OWN_TRY_S = 10.0, 4.0


class NoProcess:
    """In the place of the guard's process: there is none in virtual time."""

    def __init__(self, _, *, pulse, on_trouble, **__):
        self.pulse, self.on_trouble, self.failed = pulse, on_trouble, False

    def start(self):
        pass

    def wait_until_ready(self):
        pass

    def close(self, *, is_safe):
        pass


@pytest.fixture
def guarded(lab, monkeypatch, tmp_path):
    """A run under guard, and what was said."""
    monkeypatch.setattr(guarding, "Guard", NoProcess)
    said = []
    with GuardedRun(tmp_path / "bench.toml", folder=tmp_path, say=said.append) as made:
        made.protect(lab.engine, lab.bench)
        made.said = said
        yield made
        made.release()


def beat(guarded, length_s):
    """Ask for a beat as the guard's thread does; return when which answers came."""
    began_s, answers = time.monotonic(), []
    while time.monotonic() - began_s < length_s:
        answers.append((time.monotonic() - began_s, guarded.pulse()))
        time.sleep(0.25)
    return answers


def lit(blocked_s):
    """Light, then a step in which the engine's thread gets nothing done, as on a stuck disk."""
    yield Msg("open_run")
    emission = Emission(wavelength_nm=405, irradiance_mw_cm2=5)
    yield Msg("set", lit.device, emission, group="a")
    yield Msg("wait", None, group="a")
    lit.blocked_at_s = time.monotonic()
    time.sleep(blocked_s)
    yield Msg("sleep", None, 600.0)
    yield Msg("close_run")


def run_beside(lab, guarded, blocked_s, length_s, before=lambda: None):
    lit.device = lab.bench["light"]
    outcomes = []
    thread = threading.Thread(
        target=lambda: outcomes.append(lab.engine.run(lit(blocked_s))), name="run"
    )
    thread.start()
    while lab.lamp_is_off():
        time.sleep(0.1)
    before()
    answers = beat(guarded, length_s)
    return thread, answers, outcomes


def test_a_short_stall_is_waited_for(lab, guarded):
    thread, answers, outcomes = run_beside(lab, guarded, blocked_s=8.0, length_s=20.0)
    assert all(answer for _, answer in answers)
    assert not guarded.said
    assert not lab.lamp_is_off()
    lab.engine.abort("enough")
    thread.join()
    assert outcomes[0].reason == "enough"


def test_a_disk_that_hangs_does_not_keep_the_light_on(lab, guarded):
    thread, answers, outcomes = run_beside(lab, guarded, blocked_s=60.0, length_s=20.0)
    assert all(answer for _, answer in answers)  # off is confirmed: the guard need not act
    off_s = max(s for s, words in lab.simulators.state("light")["log"] if words.endswith("off"))
    assert off_s - lit.blocked_at_s < STALL_S + 2.0
    assert "THE RUN DOES NOT MOVE" in guarded.said[0]
    thread.join()
    assert outcomes[0].exit_status == "abort"
    assert outcomes[0].reason == "the engine did not answer"


def test_the_beat_is_kept_back_when_off_is_not_confirmed(lab, guarded):
    def silence():
        lab.simulators.faults("light").drop(exchanges=None)

    thread, answers, _ = run_beside(lab, guarded, blocked_s=60.0, length_s=20.0, before=silence)
    first_s = next(at_s for at_s, answer in answers if not answer)
    assert STALL_S + OWN_TRY_S - 1.0 < first_s < STALL_S + OWN_TRY_S + 2.0
    assert not any(answer for at_s, answer in answers if at_s > first_s)  # the guard ends us now
    lab.simulators.faults("light").clear()
    thread.join()
    lab.bench.make_safe()


def test_a_run_that_no_guard_stands_by_any_more_is_ended(lab, guarded):
    def no_guard():
        guarded.guard.failed = True
        guarded.guard.on_trouble("THE GUARD ENDED AGAIN")

    thread, _, outcomes = run_beside(lab, guarded, blocked_s=0.0, length_s=5.0, before=no_guard)
    thread.join()
    assert guarded.said == ["THE GUARD ENDED AGAIN"]
    assert outcomes[0].reason == "THE GUARD ENDED AGAIN"
    assert guarded.pulse()
