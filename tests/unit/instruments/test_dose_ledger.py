"""The dose ledger."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.light_sources.emission import Emission
from instruments.light_sources.ledger import DoseLedger


def light(ledger, at_s, irradiance_mw_cm2=20.0, purpose="actinic", wavelength_nm=405.0, **extra):
    ledger.light_on(
        wavelength_nm=wavelength_nm,
        irradiance_mw_cm2=irradiance_mw_cm2,
        purpose=purpose,
        at_s=at_s,
        **extra,
    )


def test_a_dose_is_irradiance_times_time():
    ledger = DoseLedger()
    light(ledger, 100.0)
    ledger.light_off(at_s=150.0)
    assert ledger.dose_j_cm2(1000.0) == pytest.approx(1.0)
    assert ledger.on_time_s(1000.0) == 50.0


def test_light_that_is_still_on_counts_up_to_the_moment_of_reading():
    ledger = DoseLedger()
    light(ledger, 0.0)
    assert ledger.dose_j_cm2(25.0) == pytest.approx(0.5)
    assert ledger.dose_j_cm2(50.0) == pytest.approx(1.0)
    assert ledger.on_time_s(50.0) == 50.0


def test_probe_and_actinic_light_have_their_own_accounts():
    ledger = DoseLedger()
    light(ledger, 0.0)
    ledger.light_off(at_s=10.0)
    light(ledger, 10.0, irradiance_mw_cm2=1.0, purpose="probe", wavelength_nm=365.0)
    ledger.light_off(at_s=20.0)
    assert ledger.dose_j_cm2(20.0, purpose="actinic") == pytest.approx(0.2)
    assert ledger.dose_j_cm2(20.0, purpose="probe") == pytest.approx(0.01)
    assert ledger.dose_j_cm2(20.0, wavelength_nm=365.0) == pytest.approx(0.01)
    assert ledger.dose_j_cm2(20.0) == pytest.approx(0.21)


def test_a_light_nobody_confirmed_off_is_still_on():
    ledger = DoseLedger()
    light(ledger, 0.0, confirmed=False)
    assert ledger.known_until_s is None
    assert ledger.current is not None
    assert ledger.dose_j_cm2(3600.0) == pytest.approx(72.0)


def test_it_is_known_until_when_the_light_was_confirmed():
    ledger = DoseLedger()
    light(ledger, 5.0)
    assert ledger.known_until_s == 5.0
    ledger.confirm(at_s=9.0)
    ledger.confirm(at_s=8.0)
    assert ledger.known_until_s == 9.0
    ledger.light_off(at_s=12.0)
    assert ledger.known_until_s == 12.0
    assert ledger.current is None


def test_switching_off_twice_counts_once():
    ledger = DoseLedger()
    light(ledger, 0.0)
    ledger.light_off(at_s=10.0)
    ledger.light_off(at_s=20.0)
    assert ledger.on_time_s(30.0) == 10.0


def test_an_off_before_the_on_never_takes_dose_away():
    ledger = DoseLedger()
    light(ledger, 10.0)
    ledger.light_off(at_s=9.0)
    assert ledger.dose_j_cm2(20.0) == 0.0
    assert ledger.on_time_s(5.0) == 0.0


def test_a_reset_begins_anew_and_keeps_the_light_that_is_on():
    ledger = DoseLedger()
    light(ledger, 0.0)
    ledger.reset(at_s=50.0)
    assert ledger.dose_j_cm2(50.0) == 0.0
    assert ledger.dose_j_cm2(100.0) == pytest.approx(1.0)
    ledger.light_off(at_s=100.0)
    ledger.reset(at_s=110.0)
    assert ledger.dose_j_cm2(200.0) == 0.0
    assert ledger.on_time_s(200.0) == 0.0


SEGMENTS = st.lists(
    st.tuples(
        st.sampled_from([365.0, 405.0, 450.0]),
        st.floats(0.01, 60),
        st.sampled_from(["actinic", "probe"]),
        st.floats(0, 1000),
        st.floats(0, 1000),
    ),
    max_size=20,
)


@given(SEGMENTS)
def test_the_accounts_always_add_up_to_the_light_that_fell(segments):
    ledger, now_s, fallen_j_cm2, on_time_s = DoseLedger(), 0.0, 0.0, 0.0
    for wavelength_nm, irradiance, purpose, on_s, off_s in segments:
        light(ledger, now_s, irradiance, purpose, wavelength_nm)
        now_s += on_s
        fallen_j_cm2 += irradiance * on_s / 1000
        on_time_s += on_s
        ledger.light_off(at_s=now_s)
        now_s += off_s
    assert ledger.dose_j_cm2(now_s) == pytest.approx(fallen_j_cm2)
    assert ledger.on_time_s(now_s) == pytest.approx(on_time_s)
    by_purpose = [ledger.dose_j_cm2(now_s, purpose=p) for p in ("actinic", "probe")]
    assert sum(by_purpose) == pytest.approx(fallen_j_cm2)
    by_nm = [ledger.dose_j_cm2(now_s, wavelength_nm=nm) for nm in (365.0, 405.0, 450.0)]
    assert sum(by_nm) == pytest.approx(fallen_j_cm2)


def test_a_reader_in_another_thread_never_sees_a_dose_shrink():
    ledger = DoseLedger()
    done = threading.Event()
    shrunk = []

    def read():
        last = 0.0
        while not done.is_set():
            dose = ledger.dose_j_cm2(1e6, purpose="actinic")
            if dose < last - 1e-6:  # rounding
                shrunk.append((last, dose))
            last = dose

    light(ledger, 0.0)
    reader = threading.Thread(target=read)
    reader.start()
    for second in range(2000):
        light(ledger, float(second))  # closes one booking and opens the next
    done.set()
    reader.join(timeout=10)
    assert not shrunk
    assert ledger.on_time_s(1999.0) == 1999.0


def test_an_emission_is_light_or_darkness():
    assert Emission.off().is_dark
    assert str(Emission.off()) == "dark"
    emission = Emission(wavelength_nm=405, irradiance_mw_cm2=20.0)
    assert not emission.is_dark
    assert str(emission) == "405 nm at 20 mW/cm2 (actinic)"


@pytest.mark.parametrize(
    ("wavelength_nm", "irradiance_mw_cm2"),
    [(405, 0), (0, 20), (-405, 20), (405, -1), (float("nan"), 1), (405, float("inf"))],
)
def test_an_emission_that_makes_no_sense_cannot_be_made(wavelength_nm, irradiance_mw_cm2):
    with pytest.raises(ValueError, match=r"must be|darkness"):
        Emission(wavelength_nm=wavelength_nm, irradiance_mw_cm2=irradiance_mw_cm2)
