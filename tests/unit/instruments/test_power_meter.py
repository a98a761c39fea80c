"""The power meter."""

import math

import pytest

from instruments.power_meters import PowerMeter, PowerReading
from instruments.power_meters.thorlabs_pm100 import SensorIdentity
from tests.unit.instruments.fake_drivers import FakeDriver, finished


class FakeMeter(FakeDriver):
    reading_timeout_s = 1.0

    def __init__(self):
        super().__init__("meter")
        self.readings = []
        self.nm, self.count = 0.0, 0

    def prepare(self, *, wavelength_nm, averages):
        self.nm, self.count = wavelength_nm, averages
        return SensorIdentity.from_reply('"S120VC","16060232","02-JUN-2026",1,18,33')

    def wavelength_nm(self):
        return self.nm

    def set_wavelength_nm(self, wavelength_nm):
        self.nm = wavelength_nm

    def averages(self):
        return self.count

    def set_averages(self, averages):
        self.count = averages

    def read_power(self):
        self.do("read_power")
        return self.readings.pop(0)


@pytest.fixture
def driver():
    return FakeMeter()


@pytest.fixture
def meter(driver):
    device = PowerMeter(
        name="meter", driver=driver, wavelength_nm=405.0, averages=10, aperture_area_cm2=0.5
    )
    device.connect()
    return device


def value(meter, key):
    return meter.read()[f"meter_{key}"]["value"]


def test_irradiance_is_power_by_aperture(meter, driver):
    driver.readings = [PowerReading(power_w=0.01, fault="")]
    finished(meter.trigger())
    assert value(meter, "power_w") == 0.01
    assert value(meter, "irradiance_mw_cm2") == pytest.approx(20.0)
    assert value(meter, "fault") == ""
    assert driver.methods().count("read_power") == 1
    assert meter.hints["fields"] == ["meter_power_w"]


def test_out_of_range_is_nan_with_a_reason(meter, driver):
    driver.readings = [PowerReading(power_w=math.nan, fault="power is above the range")]
    finished(meter.trigger())
    assert math.isnan(value(meter, "power_w"))
    assert math.isnan(value(meter, "irradiance_mw_cm2"))
    assert "above" in value(meter, "fault")


def test_before_the_first_trigger_there_is_no_number(meter):
    assert math.isnan(value(meter, "power_w"))
    assert value(meter, "fault") == "not triggered yet"


def test_settings_are_configuration(meter, driver):
    finished(meter.wavelength_nm.set(365))
    finished(meter.averages.set(20))
    assert (driver.nm, driver.count) == (365, 20)
    configuration = {k: v["value"] for k, v in meter.read_configuration().items()}
    assert configuration == {
        "meter_wavelength_nm": 365,
        "meter_averages": 20,
        "meter_aperture_area_cm2": 0.5,
        "meter_sensor": "S120VC no. 16060232, calibrated 02-JUN-2026",
    }
    meter.stop()
    meter.make_safe()
