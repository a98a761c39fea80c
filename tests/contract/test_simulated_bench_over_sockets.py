"""The simulated bench as a client sees it: real sockets, on the virtual clock."""

import json
import select
import socket
import struct
import threading
import time
from pathlib import Path

import pytest

from simulators.bench import SimulatedBench, SimulationError
from simulators.models import MODELS

DEMO = Path(__file__).parents[2] / "simulators" / "benches" / "demo.toml"
SPECTRUM = struct.pack(
    "<HHHHLL6sBB16sL", 0xC0C1, 0x1100, 0, 0, 0x00101000, 0, b"", 0, 0, b"", 20
) + (bytes(16) + struct.pack("<L", 0xC2C3C4C5))


class Client:
    """A client that waits with ``select``, so that waiting is on the virtual clock."""

    def __init__(self, address):
        _, host, port, _ = address.split("::")
        self.socket = socket.create_connection((host, int(port)))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self, timeout_s=1.0):
        """Return what arrives next, b"" when the connection has ended."""
        if not select.select([self.socket], [], [], timeout_s)[0]:
            raise TimeoutError
        return self.socket.recv(65536)

    def line(self, timeout_s=1.0):
        return self.take(lambda data: data.endswith(b"\n"), timeout_s)

    def count(self, length, timeout_s=1.0):
        return self.take(lambda data: len(data) >= length, timeout_s)

    def take(self, is_complete, timeout_s):
        data = b""
        while not is_complete(data):
            piece = self.receive(timeout_s)
            if not piece:
                raise ConnectionError(data)
            data += piece
        return data

    def ask(self, text, timeout_s=1.0):
        self.send(f"{text}\r\n".encode())
        return self.line(timeout_s).decode().strip()


@pytest.fixture
def bench(virtual_clock):
    with SimulatedBench(DEMO, ports="any", seed=7) as bench:
        yield bench


@pytest.fixture
def light(bench):
    with Client(bench.addresses["light"]) as client:
        yield client


def elapsed_s(function):
    start_s = time.monotonic()
    function()
    return time.monotonic() - start_s


# -- what a bench is


def test_every_device_of_the_file_is_up_on_this_machine(bench):
    described = bench.describe()
    assert [device["name"] for device in described] == [
        "spectrometer",
        "light",
        "pump",
        "stage",
        "meter",
    ]
    assert {device["model"] for device in described} <= set(MODELS)
    assert all(device["address"].startswith("TCPIP::127.0.0.1::") for device in described)
    assert all(device["pty"] is None for device in described)
    assert json.loads(json.dumps(described)) == described
    for address in bench.addresses.values():
        Client(address).socket.close()


def test_all_devices_run_on_one_thread(bench):
    assert [t.name for t in threading.enumerate()].count("simulators") == 1


def test_the_dose_of_the_sample_is_current_times_calibration_times_time(bench, light):
    with Client(bench.addresses["stage"]) as stage:
        stage.ask("/1 1 home")
        time.sleep(10)
        stage.ask("/1 1 move abs 25197")
        time.sleep(10)
    light.send(b"CC 1 350\r\nO 1 1\r\n")
    assert light.ask("O? 1") == "1"
    time.sleep(100)
    light.send(b"O 1 0\r\n")
    assert light.ask("O? 1") == "0"
    truth = bench.truth()
    assert truth["dose_j_cm2"] == pytest.approx(350 * 0.0572 * 100 / 1000, rel=1e-6)
    (on_s, _), (off_s, _) = bench.state("light")["log"][-2:]
    assert off_s - on_s == pytest.approx(100)


def test_the_state_of_each_device_is_plain_data(bench):
    for name in bench.addresses:
        state = bench.state(name)
        assert state["safe"] is True
        assert json.loads(json.dumps(state)) == state


def test_a_spectrum_arrives_when_its_exposure_is_over(bench):
    with Client(bench.addresses["spectrometer"]) as client:
        client.send(SPECTRUM)
        assert elapsed_s(lambda: client.count(4200, 2.0)) == pytest.approx(0.1, abs=1e-6)


def test_the_same_seed_gives_the_same_spectrum(virtual_clock):
    spectra = []
    for seed in (1, 1, 2):
        with (
            SimulatedBench(DEMO, ports="any", seed=seed) as bench,
            Client(bench.addresses["spectrometer"]) as client,
        ):
            client.send(SPECTRUM)
            spectra.append(client.count(4200))
    assert spectra[0] == spectra[1] != spectra[2]


def test_the_pump_stops_by_itself_when_nobody_asks(bench):
    with Client(bench.addresses["pump"]) as client:
        for command in ("", "DIA14.43", "VOLUL", "VOL100.0", "RAT500.0UM", "RUN"):
            client.send(f"{command}\r".encode())
            client.take(lambda data: data.endswith(b"\x03"), 1.0)
    time.sleep(6)
    assert bench.state("pump")["infused_ul"] == pytest.approx(50.0)
    assert bench.state("pump")["pumping"]
    time.sleep(30)
    state = bench.state("pump")
    assert not state["pumping"]
    assert state["infused_ul"] == pytest.approx(100.0)
    assert bench.truth()["infused_ul"] == pytest.approx(100.0)


def test_the_meter_reads_what_the_stage_brings_under_it(bench, light):
    with Client(bench.addresses["stage"]) as stage, Client(bench.addresses["meter"]) as meter:
        light.send(b"CC 1 100\r\nO 1 1\r\n")
        assert float(meter.ask("MEAS:POW?")) < 1e-8
        stage.ask("/1 1 home")
        time.sleep(10)
        stage.ask(f"/1 1 move abs {round(80.0 / 0.49609375e-3)}")
        time.sleep(10)
        power_w = float(meter.ask("MEAS:POW?"))
    assert power_w == pytest.approx(100 * 0.0572 * 0.709 / 1000, rel=1e-3)


# -- clients come and go


def test_one_client_comes_after_the_other(bench):
    for _ in range(5):
        with Client(bench.addresses["light"]) as client:
            assert client.ask("N?") == "DC4100"


def test_what_a_client_who_has_gone_asked_for_is_not_sent_to_the_next(bench):
    with Client(bench.addresses["spectrometer"]) as client:
        client.send(SPECTRUM)
    with Client(bench.addresses["spectrometer"]) as client, pytest.raises(TimeoutError):
        client.receive(5.0)


def test_two_clients_share_a_line_and_each_gets_its_own_answer(bench, light):
    with Client(bench.addresses["light"]) as other:
        assert light.ask("WL? 0") == "365"
        assert other.ask("WL? 1") == "405"
        assert light.ask("WL? 2") == "450"


def test_half_a_command_of_a_client_who_has_gone_is_forgotten(bench):
    with Client(bench.addresses["light"]) as client:
        assert client.ask("M?") == "0"
        client.send(b"O 1 1")
    with Client(bench.addresses["light"]) as client:
        assert client.ask("M?") == "0"


# -- faults of the line


def test_a_late_reply_comes_late(bench, light):
    bench.faults("light").late(3.0)
    light.send(b"N?\r\n")
    with pytest.raises(TimeoutError):
        light.receive(1.0)
    assert elapsed_s(lambda: light.line(5.0)) == pytest.approx(2.0)


def test_replies_stay_in_order_behind_a_late_one(bench, light):
    bench.faults("light").late(0.5)
    light.send(b"WL? 0\r\n")
    with pytest.raises(TimeoutError):
        light.receive(0.1)
    light.send(b"WL? 1\r\n")
    assert light.take(lambda data: data.count(b"\n") == 2, 1.0) == b"365\r\n405\r\n"


def test_a_dropped_reply_is_lost_and_the_command_done(bench, light):
    bench.faults("light").drop()
    light.send(b"O 1 1\r\nO? 1\r\n")
    with pytest.raises(TimeoutError):
        light.receive(1.0)
    assert not bench.state("light")["safe"]
    assert light.ask("O? 1") == "1"


def test_a_lost_request_is_not_carried_out(bench, light):
    bench.faults("light").lose()
    light.send(b"O 1 1\r\n")
    with pytest.raises(TimeoutError):
        light.receive(0.1)
    assert light.ask("O? 1") == "0"


def test_a_connection_can_end_in_the_middle_of_a_reply(bench, light):
    bench.faults("light").disconnect(keep=3)
    light.send(b"N?\r\n")
    assert light.receive() == b"DC4"
    assert light.receive() == b""
    with Client(bench.addresses["light"]) as client:
        assert client.ask("N?") == "DC4100"


def test_a_truncated_and_a_garbled_reply_leave_the_next_one_whole(bench, light):
    faults = bench.faults("light")
    faults.truncate(2)
    faults.garble()
    light.send(b"N?\r\n")
    assert light.receive() == b"DC"
    light.send(b"N?\r\n")
    assert light.receive() == bytes([ord("D") | 0x80]) + b"C4" + bytes([ord("1") | 0x80]) + (
        b"00" + bytes([ord("\r") | 0x80]) + b"\n"
    )
    assert light.ask("N?") == "DC4100"
    assert faults.spoilt == 2


def test_single_bytes_and_a_slow_line_take_their_time(bench, light):
    faults = bench.faults("light")
    faults.one_byte_at_a_time(0.1)
    faults.slow(80.0)
    assert elapsed_s(lambda: light.ask("N?")) == pytest.approx(0.8)
    assert elapsed_s(lambda: light.ask("N?")) == pytest.approx(0.1)


def test_a_client_that_leaves_during_a_slow_reply_does_no_harm(bench):
    bench.faults("light").one_byte_at_a_time(1.0)
    with Client(bench.addresses["light"]) as client:
        client.send(b"N?\r\n")
        client.receive(2.0)
    time.sleep(20)
    with Client(bench.addresses["light"]) as client:
        assert client.ask("N?") == "DC4100"


# -- faults of the instruments


def test_an_open_led_goes_dark(bench, light):
    light.send(b"CC 1 100\r\nO 1 1\r\n")
    assert light.ask("O? 1") == "1"
    bench.faults("light").device("led-open", channel=1)
    assert light.ask("O? 1") == "0"
    assert not bench.truth()["is_lit"]


def test_a_blocked_pump_tells_of_its_stall(bench):
    with Client(bench.addresses["pump"]) as client:
        for command in ("", "DIA14.43", "RAT1.000MM"):
            client.send(f"{command}\r".encode())
            client.receive()
        bench.faults("pump").device("stall")
        client.send(b"RUN\r")
        assert client.receive() == b"\x0200I\x03"
        time.sleep(1)
        client.send(b"\r")
        assert client.receive() == b"\x0200A?S\x03"


def test_a_fault_that_an_instrument_does_not_have_is_refused(bench):
    with pytest.raises(ValueError, match="DC4100: no fault 'stall'"):
        bench.faults("light").device("stall")


def test_switching_off_and_on_makes_it_dark(bench, light):
    light.send(b"CC 1 100\r\nO 1 1\r\n")
    assert light.ask("O? 1") == "1"
    bench.power_cycle("light")
    assert light.ask("O? 1") == "0"


def test_an_unplugged_instrument_goes_on_and_comes_back_on_its_port(bench, light):
    light.send(b"CC 1 100\r\nO 1 1\r\n")
    assert light.ask("O? 1") == "1"
    address = bench.addresses["light"]
    bench.unplug("light")
    bench.unplug("light")
    assert light.receive() == b""
    with pytest.raises(OSError):  # noqa: PT011 - the words are the system's
        Client(address)
    assert bench.truth()["is_lit"]
    bench.replug("light")
    bench.replug("light")
    assert bench.addresses["light"] == address
    with Client(address) as client:
        assert client.ask("O? 1") == "1"


# -- up and down, on the real clock


def test_the_bench_can_be_started_again_and_stopped_twice():
    bench = SimulatedBench(DEMO, ports="any")
    for _ in range(2):
        bench.start()
        with Client(bench.addresses["light"]) as client:
            assert client.ask("N?", 5.0) == "DC4100"
        bench.stop()
    bench.stop()
    assert "simulators" not in {thread.name for thread in threading.enumerate()}


def test_after_the_end_the_ledgers_can_still_be_read():
    with SimulatedBench(DEMO, ports="any") as bench:
        pass
    assert bench.state("light")["safe"]
    assert bench.truth()["dose_j_cm2"] == 0.0
    with pytest.raises(SimulationError, match="not running"):
        bench.unplug("light")


def test_a_running_bench_is_not_started_twice():
    with (
        SimulatedBench(DEMO, ports="any") as bench,
        pytest.raises(SimulationError, match="already"),
    ):
        bench.start()


def test_a_taken_port_is_an_error_and_leaves_nothing_behind():
    with SimulatedBench(DEMO, ports="any") as first:
        port = int(first.addresses["light"].split("::")[2])
        table = {
            "device": {
                "meter": {"model": "thorlabs-pm100d", "address": "TCPIP::localhost::0::SOCKET"},
                "light": {
                    "model": "thorlabs-dc4100",
                    "address": f"TCPIP0::127.0.0.1::{port}::SOCKET",
                },
            },
            "simulation": {},
        }
        second = SimulatedBench(table)
        with pytest.raises(SimulationError, match=str(port)):
            second.start()


@pytest.mark.parametrize(
    "address",
    [
        "TCPIP::192.168.1.7::57357::SOCKET",
        "TCPIP::127.0.0.1.example.org::57357::SOCKET",
        "TCPIP::127.0.0.1::99999::SOCKET",
        "ASRL3::INSTR",
        "",
    ],
)
def test_an_address_that_is_not_on_this_machine_is_refused(address):
    table = {"device": {"light": {"model": "thorlabs-dc4100", "address": address}}}
    with pytest.raises(SimulationError, match=r"\[device.light\].*not on this machine"):
        SimulatedBench(table)
    SimulatedBench(table, ports="any")  # the address is not used then


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"device": {"x": {"model": "magic"}}}, r"\[device.x\]: no simulator for model 'magic'"),
        ({"device": {}}, r"no \[device.NAME\] table"),
        (
            {"device": {"x": {"model": "zaber-ascii", "axis": [{"name": "x"}]}}},
            r"\[device.x\]: KeyError: 'number'",
        ),
        (
            {"device": {"x": {"model": "zaber-ascii", "axis": ["x", "y"]}}},
            r"\[device.x\]: AttributeError",
        ),
        ({"device": {}, "simulation": {"sample": 5}}, r"\[simulation\]"),
    ],
)
def test_a_bench_that_cannot_be_simulated_says_why(table, words):
    with pytest.raises(SimulationError, match=words):
        SimulatedBench(table, ports="any")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(SimulationError, match=r"nothing.toml: cannot be read"):
        SimulatedBench(tmp_path / "nothing.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[device", encoding="utf-8")
    with pytest.raises(SimulationError, match=r"broken.toml: cannot be read"):
        SimulatedBench(broken)


def test_an_unknown_device_is_named_with_those_that_exist():
    bench = SimulatedBench(DEMO, ports="any", sample="as-synthesised")
    for ask in (bench.state, bench.faults, bench.unplug, bench.replug, bench.power_cycle):
        with pytest.raises(SimulationError, match="no device 'laser'; there are spectrometer"):
            ask("laser")
