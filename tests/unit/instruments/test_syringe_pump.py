"""The syringe pump and the account of its syringe."""

import time

import bluesky.plan_stubs as bps
import pytest
from bluesky import Msg
from bluesky.utils import RunEngineInterrupted
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import (
    DeviceFaultError,
    InstrumentError,
    LimitError,
    LinkLostError,
    LinkTimeoutError,
    StalledError,
)
from instruments.pumps import Dispense, PumpProgress, Syringe, SyringePump
from tests.unit.instruments.fake_drivers import FakePump, an_engine, finished, wait_until

SYRINGE = Syringe(
    name="BD plastic 10 mL",
    diameter_mm=14.43,
    capacity_ul=10_000,
    loaded_ul=8_000,
    contents="toluene",
)


@pytest.fixture
def driver():
    return FakePump()


@pytest.fixture
def pump(virtual_clock, driver):
    device = SyringePump(name="pump", driver=driver, syringe=SYRINGE)
    device.connect()
    driver.done.clear()
    return device


def value(pump, key):
    return pump.read()[f"pump_{key}"]["value"]


def starts(driver):
    return [done for done in driver.done if done[0] == "start"]


def test_a_dispense_is_done_when_the_pump_says_so(pump, driver):
    began_s = time.monotonic()
    finished(pump.set(Dispense(volume_ul=100, rate_ul_min=600)))
    assert time.monotonic() - began_s == pytest.approx(10.0, abs=0.5)
    assert starts(driver) == [("start", 100, 600, "infuse")]
    assert value(pump, "volume_infused_ul") == pytest.approx(100)
    assert value(pump, "remaining_ul") == pytest.approx(7900)
    assert value(pump, "is_pumping") == 0
    assert value(pump, "rate_ul_min") == 600


def test_the_account_counts_while_it_pumps(pump):
    status = pump.set(Dispense(volume_ul=100, rate_ul_min=600, direction="withdraw"))
    time.sleep(5.0)
    assert value(pump, "is_pumping") == 1
    assert value(pump, "volume_withdrawn_ul") == pytest.approx(50, abs=1)
    assert value(pump, "remaining_ul") == pytest.approx(8050, abs=1)
    finished(status)
    assert value(pump, "remaining_ul") == pytest.approx(8100)


@pytest.mark.parametrize(
    ("dispense", "match"),
    [
        (Dispense(volume_ul=8001, rate_ul_min=600), r"8000 uL are left"),
        (Dispense(volume_ul=2001, rate_ul_min=600, direction="withdraw"), r"2000 uL are free"),
    ],
)
def test_more_than_there_is_is_never_sent(pump, driver, dispense, match):
    with pytest.raises(LimitError, match=match):
        pump.set(dispense)
    assert driver.done == []


def test_the_last_drop_can_be_asked_for(pump):
    pump.check(Dispense(volume_ul=8000, rate_ul_min=600))
    pump.check(Dispense(volume_ul=2000, rate_ul_min=600, direction="withdraw"))


@pytest.mark.parametrize(
    ("volume_ul", "rate_ul_min", "direction"),
    [(0, 1, "infuse"), (1, 0, "infuse"), (-1, 1, "infuse"), (float("nan"), 1, "infuse")],
)
def test_a_dispense_that_makes_no_sense_cannot_be_made(volume_ul, rate_ul_min, direction):
    with pytest.raises(ValueError, match="above 0"):
        Dispense(volume_ul=volume_ul, rate_ul_min=rate_ul_min, direction=direction)


def test_a_direction_is_infuse_or_withdraw():
    with pytest.raises(ValueError, match="infuse or withdraw"):
        Dispense(volume_ul=1, rate_ul_min=1, direction="sideways")
    assert str(Dispense(volume_ul=1, rate_ul_min=2)) == "infuse 1 uL at 2 uL/min"
    assert Dispense(volume_ul=1, rate_ul_min=2).duration_s == 30


def test_a_busy_pump_takes_no_second_dispense(pump, driver):
    status = pump.set(Dispense(volume_ul=10, rate_ul_min=600))
    with pytest.raises(InstrumentError, match="is busy: infuse 10 uL"):
        pump.set(Dispense(volume_ul=10, rate_ul_min=600))
    with pytest.raises(InstrumentError, match="is busy"):
        pump.reload(10_000)
    finished(status)
    assert len(starts(driver)) == 1


def test_stopping_ends_the_dispense_and_keeps_the_account(pump, driver):
    status = pump.set(Dispense(volume_ul=100, rate_ul_min=600))
    time.sleep(5.0)
    pump.stop()
    pump.stop(success=True)
    with pytest.raises(InstrumentError, match="stopped during: infuse 100 uL"):
        finished(status)
    assert value(pump, "is_pumping") == 0
    assert value(pump, "remaining_ul") == pytest.approx(7950, abs=1)
    time.sleep(60)
    assert value(pump, "remaining_ul") == pytest.approx(7950, abs=1)


def test_a_reset_in_mid_run_fails_the_dispense_with_the_pumps_words(pump, driver):
    status = pump.set(Dispense(volume_ul=100, rate_ul_min=600))
    time.sleep(3.0)
    driver.failing["progress"] = DeviceFaultError("pump", "alarm R: the pump was reset")
    with pytest.raises(DeviceFaultError, match="alarm R"):
        finished(status)
    assert "alarm R" in pump.fault.get()
    driver.failing.clear()
    driver.ended_s = time.monotonic()
    # Counted last at about 3 s; what came after cannot be known: the most it can be is booked.
    assert 7900 <= value(pump, "remaining_ul") <= 7970


def test_an_alarm_that_somebody_else_has_read_still_fails_the_dispense(pump, driver):
    status = pump.set(Dispense(volume_ul=1000, rate_ul_min=600))
    time.sleep(3.05)
    driver.failing["progress"] = StalledError("pump", "alarm S: the motor stalled")
    with pytest.raises(StalledError):
        pump.read()
    driver.failing.clear()
    with pytest.raises(StalledError, match="the motor stalled"):
        finished(status)


def test_a_dispense_that_ends_early_is_a_fault(pump, driver):
    status = pump.set(Dispense(volume_ul=100, rate_ul_min=600))
    time.sleep(5.0)
    driver.ended_s = time.monotonic()  # somebody pressed the key
    with pytest.raises(DeviceFaultError, match=r"ended after 5\d.* of 100 uL"):
        finished(status)


def test_a_line_that_is_away_for_a_moment_does_not_end_the_dispense(pump, driver):
    status = pump.set(Dispense(volume_ul=100, rate_ul_min=600))
    time.sleep(2.0)
    driver.failing["progress"] = LinkTimeoutError("pump", "no answer")
    time.sleep(5.0)
    driver.failing.clear()
    finished(status)
    assert value(pump, "remaining_ul") == pytest.approx(7900)


def test_a_line_that_stays_away_fails_the_dispense_and_books_the_most_it_can_have_been(
    pump, driver
):
    status = pump.set(Dispense(volume_ul=8000, rate_ul_min=600))
    time.sleep(2.0)
    driver.failing["progress"] = LinkLostError("pump", "unplugged")
    driver.failing["stop"] = LinkLostError("pump", "unplugged")
    with pytest.raises(LinkLostError):
        finished(status)
    seconds = time.monotonic() - driver.job[0]
    driver.failing.clear()
    assert 10 <= seconds <= 20
    assert value(pump, "remaining_ul") == pytest.approx(8000 - 10 * seconds, abs=12)


def test_a_pump_that_never_ends_fails_by_its_own_time_out(pump, driver):
    endless = PumpProgress(
        is_pumping=True, is_paused=False, infused_ul=1.0, withdrawn_ul=0.0, resolution_ul=0.01
    )
    driver.progress = lambda: endless
    with pytest.raises(LinkTimeoutError, match="still pumps 25 s after the start"):
        finished(pump.set(Dispense(volume_ul=100, rate_ul_min=600)))


def test_a_reloaded_syringe_begins_a_new_account(pump):
    finished(pump.set(Dispense(volume_ul=100, rate_ul_min=600)))
    pump.reload(9_000)
    assert value(pump, "remaining_ul") == 9_000
    assert value(pump, "volume_infused_ul") == 0
    with pytest.raises(LimitError, match="holds 0 to 10000 uL"):
        pump.reload(10_001)


def test_resuming_delivers_the_rest_and_a_replayed_message_waits_for_it(pump, driver):
    dose = Dispense(volume_ul=100, rate_ul_min=600)
    pump.set(dose)
    time.sleep(4.0)
    pump.stop()
    pump.pause()
    time.sleep(1000)
    pump.resume()
    finished(pump.set(dose))  # the engine replays the same object
    assert len(starts(driver)) == 2
    assert starts(driver)[1][1] == pytest.approx(60, abs=1)
    assert value(pump, "remaining_ul") == pytest.approx(7900, abs=0.05)


def test_a_further_dose_after_the_resumed_one_is_a_further_dose(pump, driver):
    dose = Dispense(volume_ul=100, rate_ul_min=600)
    pump.set(dose)
    time.sleep(4.0)
    pump.stop()
    pump.pause()
    pump.resume()
    finished(pump.set(dose))
    finished(pump.set(dose))
    assert value(pump, "remaining_ul") == pytest.approx(7800, abs=0.05)


def test_after_the_red_button_nothing_is_resumed(pump, driver):
    pump.set(Dispense(volume_ul=100, rate_ul_min=600))
    time.sleep(4.0)
    pump.stop()
    pump.pause()
    pump.make_safe()
    pump.resume()
    assert len(starts(driver)) == 1


def test_a_stop_before_the_start_reaches_the_pump_never_starts_it(pump, driver):
    with driver.link.exchange():  # the line is busy
        status = pump.set(Dispense(volume_ul=100, rate_ul_min=600))
        pump.stop()
    with pytest.raises(InstrumentError, match="stopped during"):
        finished(status)
    assert starts(driver) == []
    assert value(pump, "remaining_ul") == 8000


@given(st.lists(st.tuples(st.floats(1, 500), st.booleans()), max_size=12))
def test_the_account_always_balances(doses):
    driver = FakePump()
    pump = SyringePump(name="pump", driver=driver, syringe=SYRINGE)
    left_ul = 8000.0
    for volume_ul, infuse in doses:
        direction = "infuse" if infuse else "withdraw"
        change_ul = -volume_ul if infuse else volume_ul
        job = Dispense(volume_ul=volume_ul, rate_ul_min=600, direction=direction)
        try:
            pump.check(job)
        except LimitError:
            assert not 0 <= left_ul + change_ul <= 10_000
            continue
        left_ul += change_ul
        pump._account.book(direction, volume_ul)
    assert value(pump, "remaining_ul") == pytest.approx(left_ul)
    assert 0 <= left_ul <= 10_000 + 1e-6


def test_a_refill_is_asked_for_below_what_the_bench_file_wants(virtual_clock):
    driver = FakePump()
    syringe = Syringe(**(vars(SYRINGE) | {"loaded_ul": 1000, "refill_below_ul": 900}))
    pump = SyringePump(name="pump", driver=driver, syringe=syringe)
    pump.connect()
    assert value(pump, "refill_needed") == 0
    finished(pump.set(Dispense(volume_ul=150, rate_ul_min=600)))
    assert value(pump, "refill_needed") == 1


def test_a_pump_with_a_file_knows_after_a_restart_what_is_left(virtual_clock, tmp_path):
    for left_ul in (7900, 7800):
        pump = SyringePump(
            name="pump", driver=FakePump(), syringe=SYRINGE, account_file=tmp_path / "account.json"
        )
        pump.connect()
        finished(pump.set(Dispense(volume_ul=100, rate_ul_min=600)))
        assert value(pump, "remaining_ul") == pytest.approx(left_ul)


def doses_with_pause(pump, dose):
    yield Msg("open_run")
    yield Msg("checkpoint")
    yield from bps.abs_set(pump, dose, group="dose")
    yield Msg("sleep", None, 4.0)
    yield Msg("pause", defer=False)
    yield from bps.wait("dose")
    yield Msg("close_run")


@pytest.mark.parametrize("ending", ["resume", "abort", "stop", "halt"])
def test_the_engine_stops_the_pump_and_only_resuming_delivers_the_rest(pump, driver, ending):
    dose = Dispense(volume_ul=100, rate_ul_min=600)
    with an_engine() as engine:
        with pytest.raises(RunEngineInterrupted):
            engine(doses_with_pause(pump, dose))
        wait_until(lambda: pump._job is None)
        assert value(pump, "is_pumping") == 0
        assert value(pump, "remaining_ul") == pytest.approx(7960, abs=2)
        try:
            getattr(engine, ending)()
        except RunEngineInterrupted:  # the replayed messages pause once more
            engine.resume()
    left_ul = 7900 if ending == "resume" else 7960
    assert value(pump, "remaining_ul") == pytest.approx(left_ul, abs=2)
