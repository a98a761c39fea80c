"""A quantity as ophyd sees it."""

import threading
import time

import numpy as np
import pytest
from ophyd import Component as Cpt
from ophyd import Device
from ophyd.utils import ReadOnlyError

from instruments.errors import (
    DeviceFaultError,
    InstrumentError,
    LimitError,
    LinkTimeoutError,
    NotConnectedError,
)
from instruments.signals import InstrumentSignal


class Meter(Device):
    """A device whose methods stand for a driver."""

    power_w = Cpt(
        InstrumentSignal, getter="get_power_w", units="W", precision=9, doc="Power on the head."
    )
    wavelength_nm = Cpt(
        InstrumentSignal,
        getter="get_wavelength_nm",
        setter="set_wavelength_nm",
        units="nm",
        tolerance=0.5,
        timeout_s=3.0,
        kind="config",
    )
    mode = Cpt(InstrumentSignal, getter="get_mode", setter="set_mode")
    beep = Cpt(InstrumentSignal, setter="set_beep")
    lost = Cpt(InstrumentSignal, getter="no_such_method")

    def __init__(self, **kwargs):
        super().__init__("", name="meter", **kwargs)
        self.value = 1.5e-3
        self.nm = 405.0
        self.rounding = 1.0
        self.word = "slow"
        self.set_takes_s = 0.0
        self.calls = []

    def get_power_w(self):
        self.calls.append("power")
        return self.value

    def get_wavelength_nm(self):
        return self.nm

    def set_wavelength_nm(self, value):
        time.sleep(self.set_takes_s)
        if value > 1100:
            raise LimitError("meter", "above 1100 nm")
        self.nm = round(value / self.rounding) * self.rounding

    def get_mode(self):
        return self.word

    def set_mode(self, value):
        self.word = value

    def set_beep(self, value):
        self.calls.append(value)


class TunableMeter(Meter):
    """Inherits its signals."""


@pytest.fixture
def meter(virtual_clock):
    return Meter()


def test_reading_asks_and_carries_the_time_of_the_answer(meter):
    time.sleep(5.0)
    reading = meter.power_w.read()
    assert reading == {"meter_power_w": {"value": 1.5e-3, "timestamp": time.time()}}
    time.sleep(5.0)
    meter.value = 2e-3
    again = meter.power_w.read()["meter_power_w"]
    assert again == {"value": 2e-3, "timestamp": reading["meter_power_w"]["timestamp"] + 5.0}


def test_the_last_reading_is_kept_without_asking(meter):
    assert meter.power_w.cached is None
    assert meter.power_w.timestamp == 0.0
    meter.power_w.get()
    meter.value = 0.0
    assert meter.power_w.cached == 1.5e-3
    assert meter.power_w.timestamp == time.time()
    assert meter.calls == ["power"]


def test_a_quantity_is_described_with_units_and_precision(meter):
    assert meter.power_w.describe()["meter_power_w"] == {
        "source": "instrument:meter_power_w",
        "dtype": "number",
        "shape": [],
        "units": "W",
        "precision": 9,
    }
    assert meter.calls == ["power"]
    meter.power_w.describe()
    assert meter.calls == ["power"]


@pytest.mark.parametrize(
    ("value", "dtype", "shape"),
    [
        ("off", "string", []),
        (True, "boolean", []),
        (np.True_, "boolean", []),
        (3, "integer", []),
        (np.int64(3), "integer", []),
        (np.float64(3), "number", []),
        (np.zeros(4), "array", [4]),
        ([[1, 2, 3]], "array", [1, 3]),
    ],
)
def test_the_type_of_a_value_is_described_as_the_event_model_names_it(meter, value, dtype, shape):
    meter.value = value
    key = meter.power_w.describe()["meter_power_w"]
    assert (key["dtype"], key["shape"]) == (dtype, shape)
    assert ("dtype_numpy" in key) == (dtype == "array")


def test_a_quantity_without_units_claims_none(meter):
    assert set(meter.mode.describe()["meter_mode"]) == {"source", "dtype", "shape"}


def test_an_array_says_of_what(meter):
    meter.value = np.zeros(4)
    assert meter.power_w.describe()["meter_power_w"]["dtype_numpy"] == "<f8"


def test_what_has_no_place_in_a_document_is_refused(meter):
    meter.value = {"a": 1}
    with pytest.raises(InstrumentError, match="a dict cannot be written"):
        meter.power_w.describe()


def test_a_quantity_knows_what_it_is(meter):
    assert meter.power_w.doc == "Power on the head."
    assert TunableMeter().power_w.doc == "Power on the head."
    assert InstrumentSignal(name="alone", getter=lambda: 1).doc == ""


def test_setting_reads_back(meter):
    meter.wavelength_nm.put(450.2)
    assert meter.wavelength_nm.cached == 450.0


def test_a_value_that_was_not_taken_is_a_fault(meter):
    meter.rounding = 100.0
    with pytest.raises(DeviceFaultError, match=r"reads back 400\.0 nm after 450 nm was set"):
        meter.wavelength_nm.put(450)


def test_any_readback_is_accepted_without_a_tolerance(meter):
    meter.mode.put("fast")
    assert meter.mode.cached == "fast"


def test_a_quantity_without_a_setter_cannot_be_set(meter):
    with pytest.raises(ReadOnlyError, match="can be read only"):
        meter.power_w.put(1.0)
    with pytest.raises(ReadOnlyError):
        meter.power_w.set(1.0)
    assert not meter.power_w.write_access


def test_a_quantity_without_a_getter_shows_what_was_set(meter):
    with pytest.raises(NotConnectedError, match="was not set yet"):
        meter.beep.get()
    meter.beep.put(1)
    assert meter.beep.get() == 1
    assert meter.calls == [1]


@pytest.mark.parametrize("value", ["405", None, True, float("nan"), float("inf")])
def test_what_is_no_number_is_never_sent(meter, value):
    with pytest.raises(LimitError):
        meter.wavelength_nm.set(value)
    with pytest.raises(LimitError):
        meter.wavelength_nm.put(value)
    assert meter.nm == 405.0


def test_a_number_is_finite_even_without_units(meter):
    with pytest.raises(LimitError, match="finite"):
        meter.mode.put(float("nan"))


def test_set_returns_at_once_and_is_done_when_the_setter_is(meter):
    meter.set_takes_s = 2.0
    status = meter.wavelength_nm.set(450)
    assert not status.done
    status.wait(5)
    assert meter.nm == 450.0


def test_set_fails_with_the_words_of_the_driver(meter):
    status = meter.wavelength_nm.set(1200)
    with pytest.raises(LimitError, match="above 1100 nm"):
        status.wait(5)


def test_set_that_takes_too_long_fails(meter):
    meter.set_takes_s = 4.0
    status = meter.wavelength_nm.set(450)
    error = status.exception(10)
    assert "meter_wavelength_nm: was not done after 3 s" in str(error)
    time.sleep(5.0)  # the late end of the setter changes nothing
    assert status.exception(1) is error


def test_set_may_be_given_its_own_time(meter):
    meter.set_takes_s = 4.0
    meter.wavelength_nm.set(450, timeout=6.0).wait(10)


def test_an_error_of_another_status_reaches_the_waiting_one(meter):
    from ophyd.status import WaitTimeoutError

    def fail(value):
        raise WaitTimeoutError("waited in vain")

    signal = InstrumentSignal(name="alone", setter=fail)
    error = signal.set(1).exception(5)
    assert type(error) is WaitTimeoutError
    assert "waited in vain" in str(error)


def test_a_missing_method_is_named(meter):
    with pytest.raises(InstrumentError, match="Meter has no method 'no_such_method'"):
        meter.lost.get()


def test_who_subscribes_hears_of_every_reading(meter):
    heard = []
    meter.power_w.subscribe(lambda value, timestamp, **kwargs: heard.append((value, timestamp)))
    meter.power_w.get()
    meter.value = 7.0
    meter.power_w.read()
    assert heard == [(1.5e-3, time.time()), (7.0, time.time())]


def test_an_error_of_the_line_reaches_who_reads(meter):
    def silent():
        raise LinkTimeoutError("meter", "nothing came")

    meter.get_power_w = silent
    with pytest.raises(LinkTimeoutError):
        meter.power_w.read()


def test_two_reads_at_once_each_have_their_own_time(virtual_clock):
    answers = iter([1, 2])
    lock = threading.Lock()

    def slow():
        with lock:
            time.sleep(1.0)
            return next(answers)

    signal = InstrumentSignal(name="alone", getter=slow)
    readings = []
    threads = [
        threading.Thread(target=lambda: readings.append(signal.read()["alone"])) for _ in range(2)
    ]
    start_s = time.time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [(r["value"], round(r["timestamp"] - start_s)) for r in readings] == [(1, 1), (2, 2)]
