"""USB spectrometers: device, driver, python-seabreeze, pyusb, virtual bus, simulator."""

import time
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instruments.bench import load_bench
from instruments.errors import (
    ConfigurationError,
    DeviceFaultError,
    InstrumentError,
    LimitError,
    LinkLostError,
    LinkTimeoutError,
    ProtocolError,
)
from simulators.bench import SimulatedBench, SimulationError
from tests.contract.usb_lab import BENCH, NAMES, usb_lab

RESOLUTION_US = {"plus": 1000, "flame": 1000, "qepro": 1, "hdx": 1}


@pytest.fixture
def lab(virtual_clock, tmp_path):
    with usb_lab(tmp_path) as lab:
        yield lab


def as_sent(lab, name):
    """Return the last exposure as the model gives it, to within its finer converter."""
    counts = lab.last_counts(name)
    return 4 * counts if name == "qepro" else counts


def is_last_exposure(lab, name, counts):
    finer = 4 if name == "qepro" else 1
    return bool(np.all(np.abs(counts - as_sent(lab, name)) < finer))


def test_every_model_says_who_it_is(lab):
    assert {name: lab[name].identity.model for name in NAMES} == {
        "plus": "USB2000+",
        "flame": "Flame-S",
        "qepro": "QE Pro",
        "hdx": "HDX",
    }
    assert lab["plus"].identity.serial == "USB2+H04242"
    assert lab["qepro"].identity.firmware == "0.67"


@pytest.mark.parametrize("name", NAMES)
def test_a_spectrum_is_what_the_detector_saw(lab, name):
    counts = lab.take(name)
    assert is_last_exposure(lab, name, counts)
    reading = lab[name].read()
    assert reading[f"{name}_peak_counts"]["value"] == counts.max()


def test_electric_dark_counts_are_the_mean_of_the_dark_pixels(lab):
    counts = lab.take("flame")
    reading = lab["flame"].read()["flame_electric_dark_counts"]["value"]
    assert reading == pytest.approx(np.mean(counts[6:21]))
    lab.take("hdx")
    assert np.isnan(lab["hdx"].read()["hdx_electric_dark_counts"]["value"])


def test_the_wavelength_offset_of_the_bench_file_is_added_and_dated(lab):
    configuration = lab["flame"].read_configuration()
    axis = configuration["flame_wavelength_nm"]["value"]
    stored = lab.exposures("flame")._wavelength_nm
    assert axis - stored == pytest.approx(0.25)
    assert configuration["flame_wavelength_offset_nm"]["value"] == 0.25
    assert configuration["flame_wavelength_calibrated"]["value"] == "2026-11-02"
    assert lab["plus"].read_configuration()["plus_wavelength_calibrated"]["value"] == ""


def test_an_offset_without_its_date_is_refused(tmp_path, virtual_clock):
    text = BENCH.replace("wavelength_calibrated = 2026-11-02\n", "")
    with (
        pytest.raises(ConfigurationError, match="wavelength_calibrated is missing"),
        usb_lab(tmp_path, text),
    ):
        pass


@pytest.mark.parametrize("name", NAMES)
def test_any_legal_integration_time_comes_back_within_the_resolution(lab, name):
    device = lab[name]
    low_s, high_s = device._spectrometer.integration_limits_s

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.floats(low_s, high_s))
    def check(integration_time_s):
        device._spectrometer.set_integration_time_s(integration_time_s)
        actual_s = device._spectrometer.integration_time_s()
        assert abs(actual_s - integration_time_s) <= RESOLUTION_US[name] * 1.01e-6
        if integration_time_s < 0.65:
            assert abs(actual_s - integration_time_s) <= 10.1e-6

    check()


@pytest.mark.parametrize("name", NAMES)
def test_an_illegal_integration_time_is_refused_before_a_byte_is_sent(lab, name):
    device = lab[name]
    low_s, high_s = device._spectrometer.integration_limits_s
    before = len(device._driver.link.wire_log.entries())

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.one_of(
            st.floats(max_value=low_s, exclude_max=True),
            st.floats(min_value=high_s, exclude_min=True),
            st.just(float("nan")),
        )
    )
    def check(integration_time_s):
        with pytest.raises(LimitError):
            device._spectrometer.set_integration_time_s(integration_time_s)

    check()
    assert len(device._driver.link.wire_log.entries()) == before


@pytest.mark.parametrize("name", NAMES)
def test_the_first_spectrum_after_a_change_of_the_exposure_does_not_count(lab, name):
    lab.take(name)
    old = lab.last_counts(name).copy()
    lab[name].integration_time_s.set(0.3).wait(10)
    counts = lab.take(name)
    assert is_last_exposure(lab, name, counts)
    assert not np.array_equal(lab.last_counts(name), old)


def test_the_qe_pro_never_gives_what_it_exposed_ahead(lab, virtual_clock):
    lab.take("qepro")
    virtual_clock.block(10.0)
    assert lab.simulators.state("qepro")["buffered"] == 1
    kept = lab.last_counts("qepro").copy()
    counts = lab.take("qepro")
    assert is_last_exposure(lab, "qepro", counts)
    assert not np.array_equal(lab.last_counts("qepro"), kept)


# -- faults


@pytest.mark.parametrize("name", NAMES)
def test_a_dropped_spectrum_ends_in_a_time_out_and_the_next_is_right(lab, name):
    lab.take(name)
    # the QE Pro is told to empty its buffer first
    lab.simulators.faults(name).drop(skip=1 if name == "qepro" else 0)
    with pytest.raises(LinkTimeoutError):
        lab.take(name)
    assert is_last_exposure(lab, name, lab.take(name))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("late_s", [1.5, 4.0])
def test_a_late_spectrum_is_never_taken_for_the_next(lab, name, late_s):
    lab.take(name)
    lab.simulators.faults(name).late(late_s, skip=1 if name == "qepro" else 0)
    with pytest.raises(LinkTimeoutError):
        lab.take(name)
    for _ in range(6):
        try:
            counts = lab.take(name)
        except (LinkTimeoutError, ProtocolError):
            continue
        assert is_last_exposure(lab, name, counts)
        break
    else:
        pytest.fail("it did not recover")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fault", ["garble", "truncate"])
def test_a_damaged_answer_is_an_error_and_the_next_is_right(lab, name, fault):
    lab.take(name)
    getattr(lab.simulators.faults(name), fault)(skip=1 if name == "qepro" else 0)
    device = lab[name]
    if fault == "garble" and name in ("plus", "flame"):
        # a spectrum of this protocol has no checksum; every other answer shows the damage
        with pytest.raises(ProtocolError):
            device._driver.identify()
    else:
        with pytest.raises((LinkTimeoutError, ProtocolError)):
            lab.take(name)
    assert is_last_exposure(lab, name, lab.take(name))


@pytest.mark.parametrize("name", NAMES)
def test_single_bytes_make_the_same_spectrum(lab, name):
    lab.take(name)
    lab.simulators.faults(name).slow(200_000.0, exchanges=3)
    assert is_last_exposure(lab, name, lab.take(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_device_that_falls_off_the_bus_is_found_again_with_its_settings(lab, name, virtual_clock):
    lab[name].integration_time_s.set(0.25).wait(10)
    lab.take(name)
    lab.simulators.faults(name).disconnect(skip=1 if name == "qepro" else 0)
    with pytest.raises(LinkLostError):
        lab.take(name)
    lab.simulators.power_cycle(name)
    virtual_clock.block(1.0)
    assert is_last_exposure(lab, name, lab.take(name))
    assert lab[name].integration_time_s.get() == 0.25


@pytest.mark.parametrize("name", NAMES)
def test_unplugged_during_a_spectrum_and_replugged(lab, name, virtual_clock):
    lab[name].integration_time_s.set(2.0).wait(20)
    status = lab[name].trigger()
    virtual_clock.block(0.5)
    lab.simulators.unplug(name)
    with pytest.raises(LinkLostError):
        status.wait(10)
    virtual_clock.block(1.0)
    with pytest.raises(LinkLostError, match="no spectrometer"):
        lab.take(name)
    lab.simulators.replug(name)
    virtual_clock.block(10.0)
    assert is_last_exposure(lab, name, lab.take(name))


@pytest.mark.parametrize("name", NAMES)
def test_one_that_left_the_bus_is_known_to_be_gone_without_being_used(lab, name, virtual_clock):
    link = lab[name].link
    assert not link.is_gone
    lab.simulators.unplug(name)
    assert link.is_gone
    lab.simulators.replug(name)
    assert link.is_gone  # it is there under another address
    virtual_clock.block(6.0)
    link.open()
    assert not link.is_gone


def test_an_urgent_request_ends_a_long_exposure(lab, virtual_clock):
    lab["plus"].integration_time_s.set(100.0).wait(10)
    status = lab["plus"].trigger()
    virtual_clock.block(1.0)
    link = lab["plus"]._driver.link
    began_s = virtual_clock.monotonic_s()
    with link.exchange(urgent=True, timeout_s=2.0):
        pass
    assert virtual_clock.monotonic_s() - began_s < 1.0
    with pytest.raises(LinkLostError):
        status.wait(10)


def test_making_a_spectrometer_safe_waits_for_no_exposure(lab, virtual_clock):
    lab["plus"].integration_time_s.set(100.0).wait(10)
    status = lab["plus"].trigger()
    virtual_clock.block(1.0)
    began_s = virtual_clock.monotonic_s()
    assert all(outcome.confirmed for outcome in lab.bench.make_safe())
    assert virtual_clock.monotonic_s() == began_s
    with pytest.raises(InstrumentError, match="stopped after 0 of 1"):
        status.wait(400)


# -- the bus


def test_connecting_one_spectrometer_leaves_the_others_alone(lab, virtual_clock):
    lab["plus"].integration_time_s.set(5.0).wait(10)
    status = lab["plus"].trigger()
    virtual_clock.block(1.0)
    lab["flame"].disconnect()
    lab["flame"].connect()
    status.wait(30)
    assert is_last_exposure(lab, "plus", lab["plus"].read()["plus_spectrum_counts"]["value"])


def test_a_serial_number_that_is_not_there_is_told_with_those_that_are(tmp_path, virtual_clock):
    one = BENCH.split("[device.flame]")[0]
    path = tmp_path / "bench.toml"
    path.write_text(one, encoding="utf-8")
    with SimulatedBench(path, ports="any") as simulators:
        wrong = simulators.addresses["plus"].replace("H04242", "H00001")
        bench = load_bench(path, addresses={"plus": wrong})
        with pytest.raises(InstrumentError, match=r"no spectrometer USB2\+H00001.*USB2\+H04242"):
            bench.connect()
        bench.close()


def test_a_slow_usb_port_is_refused_in_words(tmp_path, virtual_clock):
    with usb_lab(tmp_path) as lab:
        lab["plus"].disconnect()
        lab.simulators.faults("plus").device("full-speed")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # python-seabreeze warns too
            with pytest.raises(DeviceFaultError, match="USB 2 port"):
                lab["plus"].connect()


def test_a_usb_address_for_a_model_without_usb_cannot_be_simulated():
    for address, model, words in (
        ("seabreeze::X1", "mt-sics", "has no USB"),
        ("seabreeze::", "ocean-flame", "none of a USB spectrometer"),
    ):
        table = {"device": {"one": {"model": model, "address": address}}}
        with pytest.raises(SimulationError, match=words):
            SimulatedBench(table)
    pair = {"model": "ocean-flame", "address": "seabreeze::X1"}
    with pytest.raises(SimulationError, match="another X1"):
        SimulatedBench({"device": {"one": pair, "two": pair}})


# -- the cooled detector


def test_the_detector_cools_and_says_when_it_is_stable(lab, virtual_clock):
    qepro = lab["qepro"]
    assert not qepro.detector_is_stable.get()
    virtual_clock.block(300.0)
    assert qepro.detector_is_stable.get()
    assert qepro.detector_temperature_degc.get() == pytest.approx(-10, abs=0.3)
    qepro.detector_setpoint_degc.set(-15.0).wait(5)
    assert not qepro.detector_is_stable.get()
    assert qepro.detector_setpoint_degc.get() == -15.0
    assert "qepro_detector_temperature_degc" in qepro.read()


def test_a_detector_that_cannot_be_cooled_never_says_that_it_is_stable(lab, virtual_clock):
    lab.simulators.faults("qepro").device("hot")
    virtual_clock.block(600.0)
    assert not lab["qepro"].detector_is_stable.get()


def test_a_set_point_outside_the_limits_is_refused(lab):
    with pytest.raises(LimitError, match="nothing was sent"):
        lab["qepro"].detector_setpoint_degc.put(-80.0)


# -- bursts


@pytest.mark.parametrize("name", NAMES)
def test_a_burst_has_every_spectrum_without_a_gap(lab, name):
    burst = lab[name].burst
    burst.spectra.set(20).wait(5)
    before = lab.exposures(name).count
    burst.trigger().wait(60)
    reading = burst.read()
    counts = reading[f"{name}_burst_counts"]["value"]
    times_s = reading[f"{name}_burst_time_s"]["value"]
    assert counts.shape == (20, lab[name]._spectrometer.pixel_count)
    assert len({row.tobytes() for row in counts}) == 20
    assert np.diff(times_s) == pytest.approx(0.1, abs=0.005)
    assert lab.exposures(name).count - before <= 22  # with one that is thrown away, one ahead
    assert burst.describe()[f"{name}_burst_counts"]["shape"] == list(counts.shape)


def test_a_burst_is_stopped(lab, virtual_clock):
    burst = lab["plus"].burst
    burst.spectra.put(100)
    status = burst.trigger()
    virtual_clock.block(1.0)
    burst.stop()
    with pytest.raises(InstrumentError, match="of 100 spectra"):
        status.wait(5)


@pytest.mark.parametrize("number", [0, 2001, 2.5])
def test_a_burst_of_an_impossible_length_is_refused(lab, number):
    with pytest.raises(LimitError, match="1 to 2000"):
        lab["plus"].burst.spectra.put(number)


def test_a_plan_takes_a_burst_as_one_event(lab):
    from bluesky.plan_stubs import mv, trigger_and_read
    from bluesky.preprocessors import run_decorator

    from plans.engine import Engine

    documents = []
    flame = lab["flame"]

    @run_decorator()
    def kinetics():
        yield from mv(flame.burst.spectra, 12)
        yield from trigger_and_read([flame.burst])

    with Engine(callbacks=[lambda name, doc: documents.append((name, doc))]) as engine:
        engine.run(kinetics())
    (event,) = [doc for name, doc in documents if name == "event"]
    assert np.shape(event["data"]["flame_burst_counts"]) == (12, 2048)
    assert "flame_spectrum_counts" not in event["data"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mode", ["edge", "level"])
def test_a_spectrum_waits_for_its_trigger(lab, name, mode):
    spectrometer = lab[name]
    if name == "plus" and mode == "level":
        with pytest.raises(LimitError, match="trigger modes free, edge"):
            spectrometer.trigger_mode.put(mode)
        return
    lab.take(name)
    spectrometer.trigger_mode.put(mode)
    assert lab.simulators.state(name)["trigger_mode"] != 0
    status = spectrometer.trigger()
    for _ in range(2):  # one for the spectrum that is thrown away
        time.sleep(1.0)
        assert not status.done
        lab.simulators.trigger(name)
    status.wait(10)
    counts = spectrometer.read()[f"{name}_spectrum_counts"]["value"]
    assert is_last_exposure(lab, name, counts)


@pytest.mark.parametrize("name", NAMES)
def test_a_trigger_that_never_comes_ends_in_time_and_leaves_the_line_in_step(lab, name):
    spectrometer = lab[name]
    lab.take(name)
    spectrometer.trigger_timeout_s.put(2.0)
    spectrometer.trigger_mode.put("edge")
    before_s = time.monotonic()
    with pytest.raises(LinkTimeoutError, match="in trigger mode 'edge'"):
        spectrometer.trigger().wait(60)
    assert time.monotonic() - before_s < 10.0
    spectrometer.trigger_mode.put("free")
    assert is_last_exposure(lab, name, lab.take(name))


def test_a_wait_for_a_trigger_has_limits(lab):
    with pytest.raises(LimitError, match="waited for"):
        lab["plus"].trigger_timeout_s.put(0.0)


def test_only_what_has_a_trigger_input_can_be_triggered(lab):
    with (
        SimulatedBench(
            {
                "device": {
                    "meter": {"model": "thorlabs-pm100d", "address": "TCPIP::127.0.0.1::1::SOCKET"}
                }
            },
            ports="any",
        ) as bench,
        pytest.raises(SimulationError, match="no trigger input"),
    ):
        bench.trigger("meter")
