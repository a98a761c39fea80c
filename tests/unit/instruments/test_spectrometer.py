"""The spectrometer: averaging, smoothing, one exposure per trigger."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import InstrumentError, LimitError, LinkTimeoutError
from instruments.spectrometers import Spectrometer, WavelengthOffset
from instruments.spectrometers.smoothing import smooth_boxcar
from tests.unit.instruments.fake_drivers import FakeSpectrometer, finished


@pytest.fixture
def driver():
    return FakeSpectrometer()


@pytest.fixture
def spectrometer(virtual_clock, driver):
    device = Spectrometer(name="spectrometer", driver=driver, integration_time_s=0.2, averages=2)
    device.connect()
    driver.done.clear()
    return device


def value(spectrometer, key):
    return spectrometer.read()[f"spectrometer_{key}"]["value"]


def test_a_spectrum_is_the_mean_of_the_exposures_and_the_peak_the_highest_of_all(
    spectrometer, driver
):
    driver.spectra = [[0, 1, 2, 3, 65535], [0, 3, 2, 1, 100]]
    finished(spectrometer.trigger())
    assert value(spectrometer, "spectrum_counts").tolist() == [0, 2, 2, 2, 32817.5]
    assert value(spectrometer, "peak_counts") == 65535


def test_reading_never_exposes_again(spectrometer, driver):
    driver.spectra = [[1] * 5, [1] * 5]
    finished(spectrometer.trigger())
    first = spectrometer.read()
    second = spectrometer.read()
    assert driver.methods().count("take_spectrum") == 2
    assert first["spectrometer_exposure_start_s"]["value"] == value(
        spectrometer, "exposure_start_s"
    )
    assert np.array_equal(
        first["spectrometer_spectrum_counts"]["value"],
        second["spectrometer_spectrum_counts"]["value"],
    )


def test_before_the_first_trigger_there_is_no_number(spectrometer):
    assert np.isnan(value(spectrometer, "spectrum_counts")).all()
    assert np.isnan(value(spectrometer, "peak_counts"))


def test_the_exposure_starts_after_the_stale_spectra(spectrometer, driver):
    driver.spectra = [[9] * 5, [1] * 5, [1] * 5]
    spectrometer.discard_next()
    asked_s = time.time()
    finished(spectrometer.trigger())
    assert value(spectrometer, "exposure_start_s") == pytest.approx(asked_s + 0.2)
    assert value(spectrometer, "peak_counts") == 1


def test_the_documents_know_shape_and_unit(spectrometer):
    described = spectrometer.describe()
    assert described["spectrometer_spectrum_counts"]["shape"] == [5]
    assert described["spectrometer_spectrum_counts"]["units"] == "counts"
    assert spectrometer.hints["fields"] == ["spectrometer_peak_counts"]
    configuration = spectrometer.read_configuration()
    assert configuration["spectrometer_wavelength_nm"]["value"].tolist() == [
        400,
        401,
        402,
        403,
        404,
    ]
    assert configuration["spectrometer_full_scale_counts"]["value"] == 65535
    assert configuration["spectrometer_serial_number"]["value"] == "1"
    assert configuration["spectrometer_model"]["value"] == "Maker Model"


def test_settings_are_set_and_read_back(spectrometer, driver):
    finished(spectrometer.integration_time_s.set(0.5))
    finished(spectrometer.averages.set(1))
    finished(spectrometer.boxcar_px.set(1))
    assert driver.exposure_s == 0.5
    driver.spectra = [[0, 3, 0, 0, 0]]
    finished(spectrometer.trigger())
    assert value(spectrometer, "spectrum_counts").tolist() == [1.5, 1, 1, 0, 0]
    assert value(spectrometer, "peak_counts") == 3


@pytest.mark.parametrize(("key", "wrong"), [("averages", 0), ("averages", 1.5), ("boxcar_px", -1)])
def test_a_setting_outside_its_limits_is_refused(spectrometer, key, wrong):
    with pytest.raises(LimitError, match="whole number"):
        finished(getattr(spectrometer, key).set(wrong))


def test_stopping_ends_the_trigger_after_the_exposure_under_way(spectrometer, driver):
    driver.exposure_s, driver.spectrum_timeout_s = 10.0, 20.0
    driver.spectra = [[1] * 5, [1] * 5]
    status = spectrometer.trigger()
    time.sleep(0.1)
    spectrometer.stop()
    spectrometer.stop(success=True)
    with pytest.raises(InstrumentError, match="stopped after 1 of 2 spectra"):
        finished(status)


def test_a_failed_exposure_fails_the_status_with_the_drivers_words(spectrometer, driver):
    driver.failing["take_spectrum"] = LinkTimeoutError("spectrometer", "no spectrum")
    with pytest.raises(LinkTimeoutError, match="no spectrum"):
        finished(spectrometer.trigger())


@given(
    st.lists(st.floats(0, 65535), min_size=1, max_size=40),
    st.integers(0, 10),
)
def test_smoothing_keeps_a_constant_and_stays_within_the_extremes(counts, half_width_px):
    smooth = smooth_boxcar(np.asarray(counts), half_width_px)
    assert smooth.shape == (len(counts),)
    assert smooth.min() >= min(counts) - 1e-6
    assert smooth.max() <= max(counts) + 1e-6
    flat = smooth_boxcar(np.full(len(counts), 7.0), half_width_px)
    assert flat == pytest.approx(7.0)


# -- dark pixels, nonlinearity, offset, bursts


def test_the_dark_pixels_are_averaged_apart(spectrometer, driver):
    assert np.isnan(value(spectrometer, "electric_dark_counts"))
    driver.spectra = [[10, 5, 5, 5, 5], [20, 5, 5, 5, 5]]
    finished(spectrometer.trigger())
    assert value(spectrometer, "electric_dark_counts") == 15
    driver.dark_pixels = ()
    driver.spectra = [[10, 5, 5, 5, 5], [20, 5, 5, 5, 5]]
    finished(spectrometer.trigger())
    assert np.isnan(value(spectrometer, "electric_dark_counts"))


def test_corrections_are_published_and_never_applied(spectrometer, driver):
    driver.spectra = [[1000] * 5] * 2
    finished(spectrometer.trigger())
    assert value(spectrometer, "spectrum_counts").tolist() == [1000] * 5
    configuration = spectrometer.read_configuration()
    assert configuration["spectrometer_nonlinearity"]["value"].tolist() == [0.99, 1e-7]
    assert configuration["spectrometer_dark_pixels"]["value"].tolist() == [0]
    assert configuration["spectrometer_boxcar_px"]["value"] == 0


def test_an_offset_moves_the_axis_and_is_told_with_its_date(virtual_clock, driver):
    device = Spectrometer(
        name="spectrometer",
        driver=driver,
        integration_time_s=0.1,
        wavelength_offset=WavelengthOffset(offset_nm=-0.5, calibrated="2026-11-02"),
    )
    before = device.wavelength_nm.get()
    device.connect()
    assert device.wavelength_nm.get().tolist() == [399.5, 400.5, 401.5, 402.5, 403.5]
    assert before.tolist() == device.wavelength_nm.get().tolist()
    assert device.wavelength_offset_nm.get() == -0.5
    assert device.wavelength_calibrated.get() == "2026-11-02"
    assert device.nonlinearity.get().tolist() == [0.99, 1e-7]


def test_a_spectrometer_is_safe_without_being_asked(spectrometer, driver):
    spectrometer.make_safe()
    assert driver.methods() == []


def test_a_burst_is_one_event_of_its_own(spectrometer, driver):
    driver.spectra = [[number] * 5 for number in range(3)]
    spectrometer.burst.spectra.put(3)
    finished(spectrometer.burst.trigger())
    reading = spectrometer.burst.read()
    assert reading["spectrometer_burst_counts"]["value"][:, 0].tolist() == [0, 1, 2]
    assert np.diff(reading["spectrometer_burst_time_s"]["value"]) == pytest.approx(0.2)
    assert not any("burst" in key for key in spectrometer.read())


def test_before_the_first_burst_there_is_no_number(spectrometer):
    reading = spectrometer.burst.read()
    assert np.isnan(reading["spectrometer_burst_counts"]["value"]).all()
    assert reading["spectrometer_burst_time_s"]["value"].shape == (10,)
    assert spectrometer.burst.read_configuration()["spectrometer_burst_spectra"]["value"] == 10


def test_a_burst_ends_when_it_is_stopped(spectrometer, driver, virtual_clock):
    driver.spectra = [[1] * 5 for _ in range(10)]
    status = spectrometer.burst.trigger()
    virtual_clock.block(0.5)
    spectrometer.burst.stop()
    with pytest.raises(InstrumentError, match="stopped after 3 of 10"):
        finished(status)


@pytest.mark.parametrize("number", [0, 2001, 1.5])
def test_a_burst_of_an_impossible_length_is_refused(spectrometer, number):
    with pytest.raises(LimitError):
        spectrometer.burst.spectra.put(number)
