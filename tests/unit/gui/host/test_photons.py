import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.host.photons import PhotonCount

PER_J_405 = 405e-9 / 1.98644586e-25


def test_what_was_given_is_counted_by_the_energy_of_its_photons():
    count = PhotonCount()
    count.learn({"light_wavelength_nm": 405.0, "spectrometer_wavelength_nm": np.arange(3.0)})
    count.learn({"light_wavelength_nm": 0.0})  # it is off: its photons were of the colour before
    doses = {"light_dose_j_cm2": 2.0, "light_probe_dose_j_cm2": 0.5}
    assert count.count(doses) == {"incident_photons_cm2": pytest.approx(2.0 * PER_J_405)}


def test_with_an_absorbance_the_absorbed_share_is_counted_from_there_on():
    count = PhotonCount()
    count.learn({"light_wavelength_nm": 405.0})
    count.count({"light_dose_j_cm2": 1.0})
    axis = np.array([300.0, 500.0])
    count.learn({"absorbance_wavelength_nm": axis, "absorbance": np.array([1.0, 1.0])})
    found = count.count({"light_dose_j_cm2": 3.0})
    assert found == {"absorbed_photons_cm2": pytest.approx(0.9 * 2.0 * PER_J_405)}
    count.learn({"absorbance_wavelength_nm": axis, "absorbance": np.full(2, np.nan)})
    assert count.count({"light_dose_j_cm2": 4.0}) == found  # no share is known: nothing is added


def test_without_a_dose_or_a_wavelength_nothing_is_said():
    count = PhotonCount()
    assert count.count({"light_dose_j_cm2": 1.0}) == {}
    count.learn({"light_wavelength_nm": 405.0})
    assert count.count({"elapsed_s": 1.0}) == {}
    count.clear()
    assert count.count({"light_dose_j_cm2": 1.0}) == {}


@given(st.lists(st.floats(0.0, 10.0), min_size=1, max_size=20))
def test_many_steps_of_dose_are_as_good_as_one(steps):
    one, many = PhotonCount(), PhotonCount()
    for each in (one, many):
        each.learn({"light_wavelength_nm": 405.0})
    total = np.cumsum(steps)
    for dose in total:
        found = many.count({"light_dose_j_cm2": float(dose)})
    wanted = one.count({"light_dose_j_cm2": float(total[-1])})
    assert found["incident_photons_cm2"] == pytest.approx(wanted["incident_photons_cm2"])
