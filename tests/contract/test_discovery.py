"""Discovery on the virtual USB, on sockets, and through the command line."""

import errno
import json
import socket
import sys
import threading
import tomllib

import pytest

import regrow
from instruments.bench import load_bench
from instruments.discovery import ask_host, ask_network, probe, usb_instruments
from instruments.errors import BusyError, ConfigurationError, InstrumentError
from instruments.links.seabreeze import attached_spectrometers
from instruments.owner import OwnerLock
from simulators import obp_frame
from simulators.bench import SimulatedBench
from tests.contract.usb_lab import BENCH, usb_lab

HDX_BENCH = {"device": {"hdx": {"model": "ocean-hdx", "address": "TCPIP::127.0.0.1::1::SOCKET"}}}


@pytest.fixture(autouse=True)
def no_serial_ports(monkeypatch, tmp_path):
    monkeypatch.setattr("serial.tools.list_ports.comports", list)
    monkeypatch.setenv("REGROW_LOCKS", str(tmp_path / "locks"))


@pytest.fixture
def simulators(tmp_path):
    path = tmp_path / "bench.toml"
    path.write_text(BENCH, encoding="utf-8")
    with SimulatedBench(path, ports="any") as simulators:
        yield simulators


def backend(simulators):
    return simulators.addresses["plus"].split("@")[1].split("::")[0]


def test_every_usb_spectrometer_is_found_with_model_and_serial_number(simulators):
    found, notes = usb_instruments(backend(simulators))
    assert notes == []
    assert {one.serial: one.models for one in found} == {
        "USB2+H04242": ("ocean-usb2000plus",),
        "FLMS00042": ("ocean-flame",),
        "QEP03738": ("ocean-qepro",),
        "HDX00342": ("ocean-hdx",),
    }
    assert {one.address for one in found} == set(simulators.addresses.values())


def test_a_spectrometer_that_is_in_use_is_left_alone(virtual_clock, tmp_path):
    with usb_lab(tmp_path) as lab:
        lab["plus"].integration_time_s.set(5.0).wait(10)
        status = lab["plus"].trigger()
        virtual_clock.block(1.0)
        found, _ = usb_instruments(backend(lab.simulators))
        status.wait(60)
    plus = next(one for one in found if one.note)
    assert plus.models == ("ocean-usb2000plus", "ocean-flame")
    assert "in use by this program" in plus.note
    assert plus.address.endswith("SERIAL_NUMBER")


def test_what_another_program_has_open_is_left_alone(simulators):
    import usb.util

    (flame, *_rest) = [
        one for one in attached_spectrometers(backend(simulators)) if one.product_id == 0x101E
    ]
    usb.util.claim_interface(flame.device, 0)
    found, _ = usb_instruments(backend(simulators))
    usb.util.dispose_resources(flame.device)
    assert [one.note for one in found if one.note] == ["USB2000PLUS in use by another program"]


def test_connecting_tells_what_another_program_has_open(simulators, tmp_path):
    import usb.util

    path = tmp_path / "bench.toml"
    bench = load_bench(path, addresses=simulators.addresses)
    (flame, *_rest) = attached_spectrometers(backend(simulators))
    usb.util.claim_interface(flame.device, 0)
    with pytest.raises(InstrumentError, match="in use by another program"):
        bench.connect()
    bench.close()
    usb.util.dispose_resources(flame.device)


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "seabreeze.pyseabreeze", None)
    found, notes = usb_instruments()
    assert found == []
    assert "install regrow[usb]" in notes[0]


def test_without_a_usb_library_it_says_what_to_install(monkeypatch):
    def none(name):
        raise RuntimeError("No backend available")

    monkeypatch.setattr("instruments.links.seabreeze.pyusb_backend", none)
    found, notes = usb_instruments()
    assert found == []
    assert "libusb" in notes[0]


def test_a_spectrometer_that_the_user_may_not_open_is_told(simulators, monkeypatch):
    import usb.core

    from simulators.usb_bus import VirtualUsbBus

    def denied(self, handle, interface):
        raise usb.core.USBError("Access denied", -3, errno.EACCES)

    monkeypatch.setattr(VirtualUsbBus, "claim_interface", denied)
    found, _ = usb_instruments(backend(simulators))
    notes = [one.note for one in found if one.note]
    assert len(notes) == 2
    assert "seabreeze_os_setup" in notes[0]


# -- the network


def test_a_named_host_is_asked_for_its_spectrometer():
    with SimulatedBench(HDX_BENCH, ports="any") as simulators:
        port = simulators.addresses["hdx"].split("::")[2]
        (hdx,), notes = ask_host(f"127.0.0.1:{port}")
    assert notes == []
    assert (hdx.models, hdx.serial) == (("ocean-hdx",), "HDX00342")
    assert hdx.address == f"TCPIP::127.0.0.1::{port}::SOCKET"


def test_a_host_where_nobody_answers_is_a_note():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found, notes = ask_host(f"127.0.0.1:{port}", timeout_s=0.5)
    assert found == []
    assert len(notes) == 1


class Responder(threading.Thread):
    """Answers one datagram as the instruments of the multicast group do."""

    def __init__(self, *replies):
        super().__init__(daemon=True)
        self.line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.line.bind(("127.0.0.1", 0))
        self.replies = replies

    def run(self):
        question, asker = self.line.recvfrom(4096)
        (asked,) = obp_frame.ObpReader().feed(question)
        assert asked.kind == 0xE01
        for reply in self.replies:
            self.line.sendto(reply, asker)
        self.line.close()


def answer(kind, data):
    return obp_frame.encode(obp_frame.Message(kind=kind, data=data, flags=1))


@pytest.mark.parametrize(
    ("replies", "models"),
    [
        ([answer(0xE01, b"\x03\x20")], [("ocean-hdx",)]),
        ([answer(0xE01, b"\x00\x40")], [()]),
        ([b"hello", answer(0x100, b"HDX"), answer(0xE01, b"\x03")], []),
    ],
)
def test_who_answers_the_multicast_is_listed(replies, models):
    responder = Responder(*replies)
    responder.start()
    found, notes = ask_network(wait_s=0.3, group=responder.line.getsockname())
    responder.join(5)
    assert [one.models for one in found] == models
    assert notes == []


def test_a_network_that_is_not_there_is_a_note():
    _found, notes = ask_network(group=("256.0.0.1", 1))
    assert "the network cannot be asked" in notes[0]


# -- one port that the user has named


def test_a_probe_asks_who_is_there_and_sets_nothing(simulators):
    before = simulators.state("plus")
    identity = probe(simulators.addresses["plus"], "ocean-usb2000plus")
    assert identity.model == "USB2000+"
    after = simulators.state("plus")
    assert after["integration_time_s"] == before["integration_time_s"]
    assert after["spectra"] == 0


def test_a_probe_leaves_a_port_alone_that_a_running_bench_has(simulators):
    address = simulators.addresses["plus"]
    owner = OwnerLock(f"port {address.upper()}")
    owner.acquire()
    try:
        with pytest.raises(BusyError):
            probe(address, "ocean-flame")
    finally:
        owner.release()


def test_a_probe_for_a_model_that_is_not_known_is_refused():
    with pytest.raises(ConfigurationError, match="unknown model"):
        probe("ASRL1::INSTR", "nonsense")


# -- the command line


def test_the_command_prints_json(simulators, capsys):
    assert regrow.main(["discover", "--json", "--usb-backend", backend(simulators)]) == 0
    table = json.loads(capsys.readouterr().out)
    assert len(table["found"]) == 4
    assert table["found"][0]["models"] == ["ocean-usb2000plus"]


def test_the_command_prints_a_table(simulators, capsys):
    assert regrow.main(["discover", "--usb-backend", backend(simulators)]) == 0
    out = capsys.readouterr().out
    assert "ocean-flame" in out
    assert "serial number FLMS00042" in out


def test_the_command_probes_one_port(simulators, capsys):
    address = simulators.addresses["qepro"]
    assert regrow.main(["discover", "--json", "--probe", address, "--as", "ocean-qepro"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["found"]
    assert found["what"] == "Ocean Optics QE Pro firmware 0.67"
    assert regrow.main(["discover", "--probe", address]) == 2


def test_a_new_bench_of_what_is_there_is_read_and_connects(simulators, tmp_path, capsys):
    path = tmp_path / "new.toml"
    assert regrow.main(["new-bench", str(path), "--usb-backend", backend(simulators)]) == 0
    devices = tomllib.loads(path.read_text(encoding="utf-8"))["device"]
    assert [table["model"] for table in devices.values()] == [
        "ocean-usb2000plus", "ocean-flame", "ocean-qepro", "ocean-hdx",
    ]  # fmt: skip
    with load_bench(path) as bench:
        assert len(list(bench)) == 4


def test_a_new_bench_of_an_example(tmp_path):
    path = tmp_path / "new.toml"
    words = ["new-bench", str(path), "--example", "ocean-qepro", "--title", "QE"]
    assert regrow.main(words) == 0
    assert load_bench(path).name == "QE"


def test_a_new_bench_of_nothing_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("instruments.commands.discover.usb_instruments", lambda _: ([], ["no USB"]))
    monkeypatch.setattr("instruments.commands.discover.ask_network", lambda: ([], ["no net"]))
    path = tmp_path / "new.toml"
    assert regrow.main(["new-bench", str(path), "--network"]) == 2
    assert not path.exists()
    assert "no net" in capsys.readouterr().err


# -- what does not open


def test_a_spectrometer_that_does_not_open_is_told_and_closed(simulators, monkeypatch):
    from seabreeze.pyseabreeze import SeaBreezeDevice

    closed = []
    close = SeaBreezeDevice.close

    def broken(self):
        raise AssertionError("0x0")

    def note(self):
        closed.append(self)
        close(self)

    monkeypatch.setattr(SeaBreezeDevice, "open", broken)
    monkeypatch.setattr(SeaBreezeDevice, "close", note)
    found, _ = usb_instruments(backend(simulators))
    notes = [one.note for one in found if one.note]
    assert notes == ["USB2000PLUS does not open: AssertionError: 0x0"] * 2
    assert len(closed) == 2


def test_another_hindrance_is_told_as_it_is(simulators, monkeypatch):
    import usb.core

    from simulators.usb_bus import VirtualUsbBus

    def broken(self, handle, interface):
        raise usb.core.USBError("Pipe error", -9, errno.EPIPE)

    monkeypatch.setattr(VirtualUsbBus, "claim_interface", broken)
    found, _ = usb_instruments(backend(simulators))
    assert any("that does not open: " in one.note for one in found)


def test_a_serial_number_that_cannot_be_read_is_asked_for_by_opening(simulators, monkeypatch):
    import usb.core

    from simulators.usb_bus import VirtualUsbBus

    def denied(self, *args):
        raise usb.core.USBError("Access denied", -3, errno.EACCES)

    monkeypatch.setattr(VirtualUsbBus, "ctrl_transfer", denied)
    found, _ = usb_instruments(backend(simulators))
    assert "QEP03738" in {one.serial for one in found}


def test_a_spectrometer_without_a_driver_here_is_named(simulators, monkeypatch):
    monkeypatch.setattr("instruments.discovery.usb._UNOPENED", {})
    found, _ = usb_instruments(backend(simulators))
    assert {one.models for one in found} == {()}
    assert all("no driver" in one.note for one in found)


class FakeMeter:
    """A VISA instrument on the USB, as pyusb gives it."""

    idVendor, idProduct, iSerialNumber = 0x1313, 0x8078, 3  # noqa: N815 - pyusb's names


@pytest.mark.parametrize(
    ("text", "address", "note"),
    [
        (lambda *_: "P0024871", "USB0::0x1313::0x8078::P0024871::INSTR", ""),
        (None, "USB0::0x1313::0x8078::SERIAL_NUMBER::INSTR", "cannot be read"),
    ],
)
def test_a_visa_instrument_is_known_by_its_ids(monkeypatch, text, address, note):
    import usb.core
    import usb.util

    def find(*, custom_match, **_):
        return [device for device in [FakeMeter()] if custom_match(device)]

    def unreadable(*_):
        raise ValueError("no language")

    monkeypatch.setattr("instruments.discovery.usb.attached_spectrometers", lambda _: [])
    monkeypatch.setattr(usb.core, "find", find)
    monkeypatch.setattr(usb.util, "get_string", text or unreadable)
    monkeypatch.setattr(usb.util, "dispose_resources", lambda _: None)
    (meter,), _ = usb_instruments()
    assert (meter.address, meter.models) == (address, ("thorlabs-pm100d",))
    assert note in meter.note


def test_the_usb_library_of_a_package_is_taken_before_that_of_the_system(monkeypatch):
    import types

    from instruments.links.seabreeze import pyusb_backend

    package = types.SimpleNamespace(get_libusb1_backend=lambda: "packaged")
    monkeypatch.setitem(sys.modules, "libusb_package", package)
    assert pyusb_backend(None) == "packaged"
    monkeypatch.setitem(sys.modules, "libusb_package", None)
    assert pyusb_backend(None) is None


def test_nothing_at_all_is_said(monkeypatch, capsys):
    monkeypatch.setattr("instruments.commands.discover.usb_instruments", lambda _: ([], ["no USB"]))
    assert regrow.main(["discover"]) == 0
    printed = capsys.readouterr()
    assert "nothing was found" in printed.out
    assert "no USB" in printed.err
