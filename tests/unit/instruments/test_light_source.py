"""The light source and its dose."""

import datetime
import math
import threading
import time

import bluesky.plan_stubs as bps
import pytest
from bluesky import Msg
from bluesky.utils import RunEngineInterrupted

from instruments.errors import (
    DeviceFaultError,
    InterlockOpenError,
    LimitError,
    LinkLostError,
    LinkTimeoutError,
)
from instruments.light_sources import (
    Emission,
    IrradianceCalibration,
    LightChannel,
    LightFault,
    LightSource,
)
from tests.unit.instruments.fake_drivers import FakeLight, an_engine, finished, wait_until

ACTINIC = Emission(wavelength_nm=405, irradiance_mw_cm2=20.0)
PROBE = Emission(wavelength_nm=365, irradiance_mw_cm2=1.0, purpose="probe")


def channel(number, wavelength_nm, limit_ma, irradiance_mw_cm2_per_ma):
    return LightChannel(
        number=number,
        wavelength_nm=wavelength_nm,
        fwhm_nm=10,
        limit=limit_ma,
        calibration=IrradianceCalibration.proportional(
            irradiance_mw_cm2_per_ma, limit_ma, calibrated=datetime.date(2026, 11, 2)
        ),
    )


@pytest.fixture
def driver():
    return FakeLight()


@pytest.fixture
def light(driver):
    source = LightSource(
        name="light",
        driver=driver,
        channels=[channel(0, 365, 700, 0.05), channel(1, 405, 1000, 0.05)],
    )
    source.connect()
    driver.done.clear()
    return source


def value(light, key):
    return light.read()[f"light_{key}"]["value"]


def test_connecting_switches_off_and_sets_the_limits_of_the_bench_file(light, driver):
    assert driver.limits == {0: 700, 1: 1000}
    assert value(light, "is_on") == 0
    assert value(light, "wavelength_nm") == 0.0
    assert value(light, "fault") == ""


def test_light_is_on_when_the_instrument_has_confirmed_it(light, driver):
    finished(light.set(ACTINIC))
    assert driver.on == {1}
    assert driver.levels[1] == 400
    assert [m for m in driver.methods() if m != "faults"] == [
        "set_level",
        "level",
        "switch_on",
        "lit",
    ]
    assert value(light, "irradiance_mw_cm2") == pytest.approx(20.0)
    assert value(light, "current_ma") == 400
    assert value(light, "wavelength_nm") == 405.0


@pytest.mark.parametrize(
    ("emission", "match"),
    [
        (Emission(wavelength_nm=405, irradiance_mw_cm2=50.1), r"0.05 to 50 mW/cm2"),
        (Emission(wavelength_nm=405, irradiance_mw_cm2=0.04), r"0.05 to 50 mW/cm2"),
        (Emission(wavelength_nm=365, irradiance_mw_cm2=36), r"0.05 to 35 mW/cm2"),
        (Emission(wavelength_nm=470, irradiance_mw_cm2=1), r"no channel emits 470 nm; .*365, 405"),
    ],
)
def test_what_no_channel_can_emit_is_never_sent(light, driver, emission, match):
    with pytest.raises(LimitError, match=match):
        light.set(emission)
    assert driver.done == []


def test_both_ends_of_the_range_can_be_set(light):
    for irradiance in light.irradiance_range_mw_cm2(365):
        light.check(Emission(wavelength_nm=365, irradiance_mw_cm2=irradiance))
    light.check(Emission.off())


def test_one_emission_ends_before_another_begins(light, driver):
    finished(light.set(ACTINIC))
    driver.done.clear()
    finished(light.set(PROBE))
    assert driver.methods().index("make_safe") < driver.methods().index("switch_on")
    assert driver.on == {0}


def test_another_irradiance_is_set_without_a_dark_moment(light, driver):
    finished(light.set(ACTINIC))
    driver.done.clear()
    finished(light.set(Emission(wavelength_nm=405, irradiance_mw_cm2=10.0)))
    assert "make_safe" not in driver.methods()
    assert value(light, "irradiance_mw_cm2") == pytest.approx(10.0)


def test_the_dose_counts_between_the_middles_of_the_confirmations(virtual_clock, light, driver):
    driver.takes_s = {"switch_on": 0.2, "make_safe": 0.4}
    finished(light.set(ACTINIC))  # on at 0.1 s, confirmed at 0.2 s
    time.sleep(10.0)
    finished(light.set(Emission.off()))  # sent at 10.2 s, confirmed at 10.6 s
    assert light.ledger.on_time_s(time.monotonic()) == pytest.approx(10.3, abs=1e-6)
    assert value(light, "dose_j_cm2") == pytest.approx(0.206, abs=1e-6)
    assert value(light, "probe_dose_j_cm2") == 0.0
    time.sleep(5.0)
    assert value(light, "on_time_s") == pytest.approx(10.3, abs=1e-6)


def test_probing_has_its_own_account(virtual_clock, light):
    finished(light.set(PROBE))
    time.sleep(2.0)
    finished(light.set(Emission.off()))
    assert value(light, "probe_dose_j_cm2") == pytest.approx(0.002)
    assert value(light, "dose_j_cm2") == pytest.approx(0.002)


def test_a_current_that_reads_back_otherwise_is_a_fault_and_no_light(light, driver):
    driver.level = lambda channel: 350.0
    with pytest.raises(DeviceFaultError, match="reads 350 mA after 400 mA"):
        finished(light.set(ACTINIC))
    assert "switch_on" not in driver.methods()


def test_a_fault_of_the_head_fails_the_order_and_darkens(light, driver):
    driver.wrong = (LightFault(kind="led-open", words="LED of channel 1 is open"),)
    with pytest.raises(DeviceFaultError, match="LED of channel 1 is open"):
        finished(light.set(ACTINIC))
    wait_until(lambda: not driver.on)
    assert light.ledger.current is None


def test_light_that_was_never_confirmed_counts_until_it_is_known_to_be_off(
    virtual_clock, light, driver
):
    driver.failing["switch_on"] = LinkLostError("light", "unplugged")
    driver.failing["make_safe"] = LinkLostError("light", "unplugged")
    with pytest.raises(LinkLostError):
        finished(light.set(ACTINIC))
    assert driver.methods().count("make_safe") == 5  # in 4 s
    time.sleep(100.0)
    assert light.ledger.dose_j_cm2(time.monotonic()) == pytest.approx(2.08, abs=1e-3)
    driver.failing.clear()
    light.stop()
    assert light.ledger.current is None
    assert light.ledger.dose_j_cm2(time.monotonic() + 100) == pytest.approx(2.08, abs=1e-3)


def test_light_that_goes_out_by_itself_is_seen_and_counted_until_then(virtual_clock, light, driver):
    finished(light.set(ACTINIC))
    time.sleep(10.0)
    driver.on.clear()
    assert "is dark though 405 nm at 20 mW/cm2" in value(light, "fault")
    time.sleep(10.0)
    assert "is dark though" in value(light, "fault")
    assert value(light, "dose_j_cm2") == pytest.approx(0.2, abs=1e-3)


def test_light_that_somebody_switched_on_at_the_instrument_is_seen_and_counted(
    virtual_clock, light, driver
):
    driver.on, driver.levels = {0, 1}, {0: 100.0, 1: 200.0}
    assert "405 nm is on though darkness was set" in value(light, "fault")
    assert "365 nm is on though darkness was set" in value(light, "fault")
    time.sleep(100.0)
    assert value(light, "dose_j_cm2") == pytest.approx(1.5, abs=1e-3)
    driver.on = {1}
    assert value(light, "fault") == "405 nm is on though darkness was set"


def test_one_reading_looks_at_the_instrument_once(light, driver):
    finished(light.set(ACTINIC))
    driver.done.clear()
    light.read()
    assert driver.methods().count("lit") == 1
    assert driver.methods().count("faults") == 1


def test_stopping_twice_is_harmless(light, driver):
    finished(light.set(ACTINIC))
    light.stop()
    light.stop(success=True)
    assert driver.on == set()


def test_an_order_that_was_overtaken_by_a_stop_never_switches_on(light, driver):
    held = threading.Event()
    go_on = threading.Event()

    def hold():
        with driver.link.exchange():
            held.set()
            go_on.wait(5)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(5)
    status = light.set(ACTINIC)  # waits for the line
    stopper = threading.Thread(target=light.stop)
    stopper.start()
    go_on.set()
    thread.join(5)
    stopper.join(5)
    wait_until(lambda: status.done)
    wait_until(lambda: not driver.on)
    assert light.ledger.current is None


def test_a_pause_darkens_and_resuming_lights_again(light, driver):
    finished(light.set(ACTINIC))
    light.stop()
    light.pause()
    assert driver.on == set()
    light.resume()
    assert driver.on == {1}
    assert light.ledger.current.purpose == "actinic"


def test_resuming_leaves_dark_what_was_dark(light, driver):
    finished(light.set(ACTINIC))
    finished(light.set(Emission.off()))
    light.stop()
    light.pause()
    light.resume()
    assert driver.on == set()


def test_a_second_stop_before_the_pause_does_not_forget_the_light(light, driver):
    finished(light.set(ACTINIC))
    light.stop()
    light.stop()
    light.pause()
    light.resume()
    assert driver.on == {1}


def test_after_the_red_button_nothing_is_resumed(light, driver):
    finished(light.set(ACTINIC))
    light.stop()
    light.pause()
    light.make_safe()
    light.resume()
    assert driver.on == set()
    assert light.ledger.current is None


def test_a_stop_of_long_ago_is_not_what_a_later_pause_resumes(virtual_clock, light, driver):
    finished(light.set(ACTINIC))
    light.stop()
    time.sleep(3600)
    light.pause()
    light.resume()
    assert driver.on == set()


def test_staging_for_a_further_run_forgets_what_was_interrupted(light, driver):
    finished(light.set(ACTINIC))
    light.stop()
    light.stage()
    light.pause()
    light.resume()
    assert driver.on == set()
    light.unstage()


def test_a_light_that_cannot_be_switched_off_says_so(light, driver):
    driver.failing["make_safe"] = LinkTimeoutError("light", "no answer")
    with pytest.raises(LinkTimeoutError):
        light.stop()
    with pytest.raises(LinkTimeoutError):
        light.make_safe()


def run_with_pause(light, seen):
    yield Msg("open_run")
    yield from bps.mv(light, ACTINIC)
    yield Msg("checkpoint")
    yield Msg("pause", defer=False)
    yield Msg("null")
    seen.append(light.ledger.current)
    yield Msg("close_run")


@pytest.mark.parametrize("ending", ["resume", "abort", "stop", "halt"])
def test_the_engine_darkens_on_pause_and_only_resuming_lights_again(light, driver, ending):
    seen = []
    with an_engine() as engine:
        with pytest.raises(RunEngineInterrupted):
            engine(run_with_pause(light, seen))
        assert driver.on == set()
        getattr(engine, ending)()
    assert driver.on == set()
    lit = ending == "resume"
    assert [current is not None for current in seen] == ([True] if lit else [])


BOTH = (ACTINIC, Emission(wavelength_nm=365, irradiance_mw_cm2=5.0, purpose="probe"))


def test_several_wavelengths_are_on_together_and_booked_apart(virtual_clock, light, driver):
    finished(light.set(BOTH))
    assert driver.on == {0, 1}
    assert value(light, "irradiance_mw_cm2") == pytest.approx(25.0)
    assert value(light, "emits") == "405 nm at 20 mW/cm2 + 365 nm at 5 mW/cm2"
    assert value(light, "fault") == ""
    time.sleep(10.0)
    finished(light.set(ACTINIC))
    time.sleep(10.0)
    light.stop()
    now_s = time.monotonic()
    assert light.ledger.dose_j_cm2(now_s, wavelength_nm=365) == pytest.approx(0.05, abs=1e-6)
    assert light.ledger.dose_j_cm2(now_s, wavelength_nm=405) == pytest.approx(0.4, abs=1e-6)
    assert value(light, "probe_dose_j_cm2") == pytest.approx(0.05, abs=1e-6)
    assert value(light, "on_time_s") == pytest.approx(20.0)


def test_of_two_wavelengths_the_one_that_went_out_is_named(light, driver):
    finished(light.set(BOTH))
    driver.on.discard(0)
    assert value(light, "fault").startswith("365 nm is off though 405 nm at 20 mW/cm2")
    assert set(light.ledger.bookings) == {405.0}


def test_a_source_of_one_wavelength_refuses_two(light, driver):
    driver.many_at_once = False
    with pytest.raises(LimitError, match="one wavelength at a time"):
        light.set(BOTH)
    with pytest.raises(LimitError, match="twice"):
        light.set((ACTINIC, ACTINIC))
    assert driver.done == []


def test_a_pause_resumes_both_wavelengths(light, driver):
    finished(light.set(BOTH))
    light.stop()
    light.pause()
    light.resume()
    assert driver.on == {0, 1}


def test_a_channel_the_bench_file_does_not_name_is_seen(light, driver):
    driver.on, driver.levels = {3}, {3: 10.0}
    assert value(light, "fault") == "channel 3 is on, which the bench file does not name"


def test_a_level_beyond_the_calibration_is_booked_and_told(virtual_clock, light, driver):
    driver.on, driver.levels = {0}, {0: 1400.0}
    assert "channel 0 is at 1400 mA, beyond its calibration" in value(light, "fault")
    assert value(light, "irradiance_mw_cm2") == pytest.approx(70.0)


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("led-open", "is_led_open"),
        ("no-led", "is_led_open"),
        ("over-temperature", "is_over_temperature"),
        ("interlock", "is_interlock_open"),
    ],
)
def test_an_interlock_rule_can_watch_each_fault(light, driver, kind, key):
    keys = ("is_led_open", "is_over_temperature", "is_interlock_open")
    assert [value(light, each) for each in keys] == [0, 0, 0]
    driver.wrong = (LightFault(kind=kind, words="words"),)
    assert {each: value(light, each) for each in keys} == {each: int(each == key) for each in keys}
    assert value(light, "fault") == "words"


def test_an_open_interlock_fails_the_order_by_name(light, driver):
    driver.wrong = (LightFault(kind="interlock", words="interlock open"),)
    with pytest.raises(InterlockOpenError, match="interlock open"):
        finished(light.set(ACTINIC))
    wait_until(lambda: not driver.on)


def test_a_source_in_percent_has_no_current(light, driver):
    finished(light.set(ACTINIC))
    assert value(light, "level_percent") == 40.0
    driver.level_unit = "%"
    assert math.isnan(value(light, "current_ma"))


def test_the_age_of_the_lamp_is_kept_with_the_run(light, driver):
    driver.hours = 812.0
    assert light.read_configuration()["light_lamp_hours"]["value"] == 812.0


def expiring():
    return LightChannel(
        number=0,
        wavelength_nm=550,
        fwhm_nm=200,
        limit=50,
        unit="%",
        geometry="transmission",
        calibration=IrradianceCalibration(
            points=((5.0, 0.1), (20.0, 0.6), (60.0, 1.0)),
            calibrated=datetime.date(2025, 1, 7),
            expires=datetime.date(2026, 1, 7),
            distance_mm=40,
            meter_serial="P0024871",
        ),
    )


def test_an_expired_calibration_is_told_before_a_run(driver, caplog):
    light = LightSource(name="light", driver=driver, channels=[expiring()])
    assert light.warnings(datetime.date(2026, 1, 7)) == []
    assert "expired on 2026-01-07" in light.warnings(datetime.date(2026, 1, 8))[0]
    light.connect()
    assert "expired" in caplog.text
    assert light.read_configuration()["light_calibration"]["value"] == (
        "550 nm: 0.1 to 1 mW/cm2 at 5 to 60 % (3 points), calibrated 2025-01-07, "
        "expires 2026-01-07, at 40 mm, meter P0024871, up to 50 %, in transmission"
    )


def test_a_source_knows_which_light_shines_through_the_sample(driver):
    light = LightSource(
        name="light", driver=driver, channels=[expiring(), channel(1, 405, 1000, 0.05)]
    )
    assert [c.wavelength_nm for c in light.channels_in("transmission")] == [550]
    assert [c.wavelength_nm for c in light.channels_in("right-angle")] == [405]


def test_nothing_is_set_beyond_the_points_of_a_calibration(driver):
    light = LightSource(name="light", driver=driver, channels=[expiring()])
    low, high = light.irradiance_range_mw_cm2(550)
    assert (low, high) == (pytest.approx(0.1), pytest.approx(0.9))  # the limit is 50 %
    for asked in (0.09, 0.91):
        with pytest.raises(LimitError, match=r"0\.1 to 0\.9"):
            light.check(Emission(wavelength_nm=550, irradiance_mw_cm2=asked))


def test_a_light_that_cannot_be_switched_off_at_once_is_tried_again(virtual_clock, light, driver):
    driver.failing["switch_on"] = LinkTimeoutError("light", "no answer")
    driver.failing["make_safe"] = LinkTimeoutError("light", "no answer")
    status = light.set(ACTINIC)
    time.sleep(2.5)
    assert driver.on == {1}
    driver.failing.clear()
    with pytest.raises(LinkTimeoutError):
        finished(status)
    assert driver.on == set()


def test_who_gives_an_order_meanwhile_is_not_darkened_by_the_one_before(
    virtual_clock, light, driver
):
    driver.failing["switch_on"] = LinkTimeoutError("light", "no answer")
    driver.failing["make_safe"] = LinkTimeoutError("light", "no answer")
    status = light.set(ACTINIC)
    time.sleep(2.5)
    driver.failing.clear()
    finished(light.set(ACTINIC))
    with pytest.raises(LinkTimeoutError):
        finished(status)
    assert driver.on == {1}
