"""The bench, from its file to the red button."""

import socket
import threading
import time
from pathlib import Path

import pytest

from instruments.bench import Bench, load_bench
from instruments.device import BenchDevice
from instruments.errors import (
    ConfigurationError,
    InstrumentError,
    LinkTimeoutError,
    NotConnectedError,
    ProtocolError,
)
from instruments.light_sources import LightSource
from instruments.links import Link
from instruments.power_meters import PowerMeter
from instruments.pumps import SyringePump
from instruments.spectrometers import Spectrometer
from instruments.stages import Stage
from tests.unit.instruments.fake_drivers import FakeDriver, FakeLight

DEMO = Path(__file__).parents[3] / "simulators" / "benches" / "demo.toml"


def changed(tmp_path, old, new):
    text = DEMO.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "bench.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_demonstration_bench_has_its_five_devices():
    bench = load_bench(DEMO)
    assert bench.name == "demo bench"
    assert list(bench) == ["spectrometer", "light", "pump", "stage", "meter"]
    kinds = (Spectrometer, LightSource, SyringePump, Stage, PowerMeter)
    assert [len(bench.of_kind(kind)) for kind in kinds] == [1] * 5
    light = bench.of_kind(LightSource)[0]
    assert [c.wavelength_nm for c in light.channels] == [365, 405, 450, 530]
    assert light.irradiance_range_mw_cm2(405) == pytest.approx((0.0572, 57.2))
    stage = bench.of_kind(Stage)[0]
    assert stage.positions == {"sample": {"x": 12.5}, "meter": {"x": 80.0}}
    assert bench["pump"].syringe.loaded_ul == 8000
    assert "pump" in bench
    assert not any(device.connected for device in bench.devices.values())


def test_addresses_can_be_given_in_place_of_those_in_the_file():
    bench = load_bench(str(DEMO), addresses={"pump": "ASRL7::INSTR"})
    assert bench["pump"]._driver.link.address == "ASRL7::INSTR"
    assert bench["light"]._driver.link.address == "TCPIP::127.0.0.1::57358::SOCKET"


CHAIN = """
[device.second]
model = "newera-ne1000"
address = "TCPIP::127.0.0.1::57359::SOCKET"
pump_address = 1
syringe = "BD plastic 10 mL"
syringe_diameter_mm = 14.43
syringe_volume_ul = 10000
loaded_volume_ul = 8000

[simulation]
"""


def with_a_second_pump(tmp_path, old="", new=""):
    assert old in CHAIN
    return changed(tmp_path, "[simulation]\n", CHAIN.replace(old, new, 1))


def test_two_pumps_of_a_chain_share_one_line(tmp_path):
    bench = load_bench(with_a_second_pump(tmp_path))
    pumps = bench["pump"], bench["second"]
    links = [pump._driver.link for pump in pumps]
    assert links[0] is not links[1]
    assert links[0].line is links[1].line
    assert [link.name for link in links] == ["pump", "second"]


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("pump_address = 1", "pump_address = 0", "pump has the same address and the same pump_add"),
        ("pump_address = 1\n", "", r"shares address .* with pump: each of them needs its pump_add"),
        ("57359", "57358", r"address .* is already that of light"),
        (
            "pump_address = 1",
            "pump_address = 1\nbaud_rate = 9600",
            "whose line is set to 19200 Bd 8N1; set both alike",
        ),
    ],
)
def test_neighbours_that_cannot_be_told_apart_are_refused(tmp_path, old, new, match):
    with pytest.raises(ConfigurationError, match=match):
        load_bench(with_a_second_pump(tmp_path, old, new))


def test_a_bench_file_sets_the_frame_of_a_serial_line(tmp_path):
    path = changed(
        tmp_path,
        "pump_address = 0",
        'pump_address = 0\ndata_bits = 7\nparity = "odd"\nstop_bits = 2\nflow_control = "rts-cts"',
    )
    serial = load_bench(path)["pump"]._driver.link.serial
    assert str(serial) == "19200 Bd 7O2 rts-cts"


@pytest.mark.parametrize(
    ("line", "match"),
    [
        ('parity = "uneven"', "parity must be one of 'none', 'odd', .*, got 'uneven'"),
        ("stop_bits = 3", "stop_bits must be one of 1.0, 1.5, 2.0, got 3"),
        ("stop_bits = true", "stop_bits must be one of"),
        ("data_bits = 9", "data_bits must be 5 to 8"),
    ],
)
def test_a_frame_that_no_port_has_is_refused(tmp_path, line, match):
    with pytest.raises(ConfigurationError, match=match):
        load_bench(changed(tmp_path, "pump_address = 0", f"pump_address = 0\n{line}"))


def test_an_address_for_a_device_that_is_not_there_is_refused():
    with pytest.raises(ConfigurationError, match="pumpp, which the file has not"):
        load_bench(DEMO, addresses={"pumpp": "ASRL7::INSTR"})


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ('"newera-ne1000"', '"newera-ne100"', r"\[device.pump\] unknown model .*newera-ne1000"),
        ("loaded_volume_ul", "loaded_ul", r"\[device.pump\] loaded_volume_ul is missing"),
        ("averages = 1", "averges = 1", r"unknown key 'averges'; did you mean 'averages'"),
        ("limit_ma = 700", "limit_ma = 1700", r"channel no. 1\] limit_ma must be 1 to 1000"),
        ("= 700\n", "= 700.5\n", r"limit_ma must be a whole number"),
        ("number = 1\nwavelength_nm", "number = 0\nwavelength_nm", r"same number: \[0, 0, 2, 3\]"),
        ("wavelength_nm = 405\nfwhm", "wavelength_nm = 365\nfwhm", r"same wavelength_nm"),
        ("calibrated = 2026-11-02", 'calibrated = "2026-11-02"', r"calibrated must be a date"),
        ("loaded_volume_ul = 8000", "loaded_volume_ul = 80000", r"must be 0 to 10000, got 80000"),
        ("sample = { x = 12.5 }", "sample = { y = 12.5 }", r"position 'sample' names axis 'y'"),
        ("sample = { x = 12.5 }", "sample = { x = 125 }", r"x = 125 mm, outside 0 to 100 mm"),
        ('name = "x"', 'name = "stop"', r"name 'stop' is taken"),
        ('name = "x"', 'name = "the x"', r"name 'the x' is taken or is no name"),
        ("wavelength_nm = 405\naverages", "wavelength_nm = 405.5\naverages", r"whole number"),
        ("::57358::", "::57357::", r"57357::SOCKET is already that of spectrometer"),
        ('"demo bench"', '"demo bench"\ncolour = 1', r"\[bench\] unknown key 'colour'"),
        ("[simulation]\nseed", "[simulations]\nseed", r"unknown key 'simulations'"),
        ("[device.pump]", '[device."my pump"]', r"letters, digits and underscores"),
        ("integration_time_s = 0.2", "integration_time_s = 200", r"must be 0.006 to 10, got 200"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_place(tmp_path, old, new, match):
    path = changed(tmp_path, old, new)
    with pytest.raises(ConfigurationError, match=match) as caught:
        load_bench(path)
    assert str(path) in str(caught.value)


def test_a_file_without_devices_is_no_bench(tmp_path):
    path = tmp_path / "empty.toml"
    path.write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="device is missing"):
        load_bench(path)


def test_a_bench_without_a_name_has_that_of_its_file(tmp_path):
    path = changed(tmp_path, 'name = "demo bench"', "")
    assert load_bench(path).name == "bench"


def test_a_device_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(NotConnectedError, match="no device 'laser'; there are spectrometer, light"):
        load_bench(DEMO)["laser"]


def bench_of(**drivers):
    devices = {}
    for name, change in drivers.items():
        driver = FakeLight()
        driver.link.name = name
        change(driver)
        devices[name] = LightSource(name=name, driver=driver, channels=[])
    return Bench("test bench", devices)


def fine(driver):
    pass


def fails(method, error):
    def change(driver):
        driver.failing[method] = error

    return change


def test_all_that_failed_to_connect_are_named_and_the_others_are_connected():
    bench = bench_of(
        a=fine,
        b=fails("identify", LinkTimeoutError("b", "nobody answers")),
        c=fails("prepare", ProtocolError("c", "speaks gibberish")),
    )
    words = r"2 of 3 did not connect:\n  b: nobody.*\n  c: speaks"
    with pytest.raises(InstrumentError, match=words):
        bench.connect()
    assert [device.connected for device in bench.devices.values()] == [True, False, False]
    bench.close()


def test_a_mistake_in_the_program_is_not_taken_for_a_failure_of_the_instrument():
    bench = bench_of(a=fails("identify", ZeroDivisionError("division by zero")))
    with pytest.raises(ZeroDivisionError):
        bench.connect()


def test_the_context_makes_safe_and_closes():
    bench = bench_of(a=fine)
    with bench:
        driver = bench["a"]._driver
        driver.done.clear()
    assert "make_safe" in driver.methods()
    assert not driver.link.connected


def test_a_context_that_cannot_be_entered_leaves_nothing_open():
    bench = bench_of(a=fine, b=fails("identify", LinkTimeoutError("b", "nobody answers")))
    with pytest.raises(InstrumentError, match="1 of 2"), bench:
        pass
    assert not bench["a"]._driver.link.connected


def test_the_red_button_reports_every_device_and_never_raises():
    bench = bench_of(
        a=fine,
        b=fails("make_safe", LinkTimeoutError("b", "no answer")),
        c=fails("make_safe", ZeroDivisionError("oops")),
    )
    outcomes = bench.make_safe()
    assert [(o.device, o.confirmed) for o in outcomes] == [("a", True), ("b", False), ("c", False)]
    assert "b: no answer" in outcomes[1].message
    assert outcomes[0].message == "is safe"


def test_the_red_button_works_in_a_program_that_gets_no_more_threads(monkeypatch):
    bench = bench_of(a=fine, b=fails("make_safe", LinkTimeoutError("b", "no answer")))

    def start(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with bench:
        outcomes = bench.make_safe()
        assert [(o.device, o.confirmed) for o in outcomes] == [("a", True), ("b", False)]
        assert "b: no answer" in outcomes[1].message
    assert not bench.ended_safe


def test_a_bench_tells_whether_it_ended_safe():
    bench = bench_of(a=fine)
    with bench:
        assert not bench.ended_safe
    assert bench.ended_safe


def test_reading_all_gives_values_and_what_could_not_be_read():
    bench = bench_of(a=fine, b=fine)
    bench.connect()
    bench["b"]._driver.failing["is_on"] = LinkTimeoutError("b", "no answer")
    bench["b"]._driver.failing["faults"] = LinkTimeoutError("b", "no answer")
    report = bench.read_all()
    assert report["a"]["identity"] == {
        "maker": "Maker",
        "model": "Model",
        "serial": "1",
        "firmware": "2",
    }
    assert report["a"]["readings"]["a_is_on"] == 0
    assert report["a"]["error"] == ""
    assert report["b"]["error"] == "b: no answer"
    bench.close()


@pytest.fixture
def silent_server():
    """A port that takes what comes and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"TCPIP::127.0.0.1::{server.getsockname()[1]}::SOCKET"


class Deaf(FakeDriver):
    """A driver whose instrument never answers."""

    def __init__(self, address):
        super().__init__("deaf")
        self.link = Link(address, name="deaf", timeout_s=30.0)

    def make_safe(self):
        with self.link.exchange():
            self.link.write("OFF?")
            self.link.read()


def test_the_red_button_does_not_wait_for_a_thread_that_waits_for_an_answer(silent_server):
    driver = Deaf(silent_server)
    device = BenchDevice(name="deaf", driver=driver)
    bench = Bench("test bench", {"deaf": device, **bench_of(a=fine).devices})
    blocked = threading.Event()
    errors = []

    def ask():
        try:
            with driver.link.exchange():
                driver.link.write("ID?")
                blocked.set()
                driver.link.read()
        except InstrumentError as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    blocked.wait(5)
    began_s = time.monotonic()
    outcomes = bench.make_safe(timeout_s=0.5)
    assert time.monotonic() - began_s < 2.0
    assert [(o.device, o.confirmed) for o in outcomes] == [("deaf", False), ("a", True)]
    thread.join(5)
    assert not thread.is_alive()
    assert errors
    driver.link.interrupt()
    driver.link.close()
