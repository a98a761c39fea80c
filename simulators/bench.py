"""All instruments of a bench file, simulated, around one sample.

One asyncio loop on one thread serves them all. The bench file is the one the real bench would use,
with loopback addresses; its ``[simulation]`` table describes the sample and the light.
"""

import asyncio
import re
import threading
import tomllib
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

import numpy as np
import numpy.typing as npt

from simulators.clock.lending import run_lent
from simulators.faults import Faults
from simulators.instrument import JSON, Instrument, TriggerInput
from simulators.models import MODELS
from simulators.sample import World
from simulators.sample.decay import Counter
from simulators.server import HOST, DeviceServer, LoopClock
from simulators.usb_description import is_usb_address
from simulators.usb_devices import UsbDevices

if TYPE_CHECKING:
    from simulators.usb_port import UsbPort

T = TypeVar("T")


_ADDRESS = re.compile(r"TCPIP\d*::([^:]+)::(\d{1,5})::SOCKET\Z", re.IGNORECASE)
_LOOPBACK = re.compile(r"(localhost|127(\.\d{1,3}){3})\Z", re.IGNORECASE)
_CALL_TIMEOUT_S = 10.0
_NOT_SERIAL = frozenset({"ocean-hdx"})


class SimulationError(Exception):
    """A bench that cannot be simulated; the message names file, table and what to do."""


class SimulatedBench:
    """Every ``[device.*]`` of a bench file as a simulator on a port of this machine.

    Args:
        bench: The bench file, or its content.
        seed: Of all noise; takes the place of the one in the file.
        sample: Name or file of the sample; takes the place of the one in the file.
        ports: "as-file" listens on the ports of the file's addresses; "any" on free ones, whatever
            the addresses are, so that several benches run side by side.
        pty: Offer a pseudo-terminal for each port that could be a serial one, where the system has
            them.

    Raises:
        SimulationError: If the file does not describe a bench that can be simulated.
    """

    def __init__(
        self,
        bench: str | Path | Mapping[str, Any],
        *,
        seed: int | None = None,
        sample: str | None = None,
        ports: Literal["as-file", "any"] = "as-file",
        pty: bool = False,
    ) -> None:
        table, self._source, folder = _read(bench)
        simulation = dict(_table_of(table, "simulation", self._source))
        if sample is not None:
            simulation["sample"] = sample
        try:
            self.world = World.from_config(simulation, seed, folder)
        except ValueError as error:
            raise SimulationError(f"{self._source}: [simulation]: {error}") from error
        self._models: dict[str, str] = {}
        self._addresses: dict[str, str] = {}
        self._ports: dict[str, int] = {}
        self._on_port: dict[str, str] = {}  # the first device on the port of each
        self._wants_pty = pty
        self._usb = UsbDevices()
        self._instruments: dict[str, Instrument] = {}
        self._faults: dict[str, Faults] = {}
        devices = _table_of(table, "device", self._source)
        for name in devices:
            device = _table_of(devices, name, self._source)
            self._add(name, device, as_file=ports == "as-file")
        if not self._instruments:
            raise SimulationError(f"{self._source}: there is no [device.NAME] table to simulate")
        self._servers: dict[str, DeviceServer | UsbPort] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._clock: LoopClock | None = None
        self._thread: threading.Thread | None = None
        self._up = threading.Event()
        self._failures: list[OSError] = []

    def _add(self, name: str, device: Mapping[str, Any], *, as_file: bool) -> None:
        where = f"{self._source}: [device.{name}]"
        model = str(device.get("model", ""))
        if model not in MODELS:
            known = ", ".join(sorted(MODELS))
            raise SimulationError(f"{where}: no simulator for model {model!r}; there are {known}")
        address = str(device.get("address", ""))
        on_usb = is_usb_address(address)
        self._ports[name] = _port(address, where) if as_file and not on_usb else 0
        self._on_port[name] = first = self._addresses.setdefault(address.upper(), name)
        if first != name and self._models[first] != model:
            raise SimulationError(f"{where}: address {address} is already that of {first}")
        try:
            instrument = MODELS[model](device, self.world.seen_by(name))
            if on_usb:
                self._usb.add(name, address, instrument)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise SimulationError(f"{where}: {type(error).__name__}: {error}") from error
        self._models[name] = model
        self._instruments[name] = instrument

        def switch(kind: str, on: bool, channel: int) -> None:
            def apply() -> None:
                instrument.set_fault(kind, on=on, now_s=self._now_s(), channel=channel)
                self._rearm(name)

            self._call(apply)

        self._faults[name] = Faults(switch)

    # -- up and down

    def start(self) -> None:
        """Switch all instruments on and listen.

        Raises:
            SimulationError: If a port is taken; nothing listens then.
        """
        if self._thread is not None:
            raise SimulationError(f"{self._source}: the simulators are running already")
        self._up.clear()
        self._failures.clear()
        self._thread = threading.Thread(target=self._run, name="simulators", daemon=True)
        self._thread.start()
        if not self._up.wait(_CALL_TIMEOUT_S):
            raise SimulationError(f"{self._source}: no simulator up after {_CALL_TIMEOUT_S:g} s")
        for failure in self._failures:
            self._thread.join(_CALL_TIMEOUT_S)
            self._thread = None
            raise SimulationError(
                f"{self._source}: {failure}; end what listens there, or take any free ports"
            ) from failure

    def stop(self) -> None:
        """End all connections and the thread. A second call does nothing."""
        thread, loop = self._thread, self._loop
        if thread is None or loop is None:
            return
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_CALL_TIMEOUT_S)
        if thread.is_alive():
            raise SimulationError(f"{self._source}: the thread of the simulators does not end")
        self._thread = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def _run(self) -> None:
        loop = asyncio.new_event_loop()
        self._loop, self._clock = loop, LoopClock(loop)
        with self._usb.registered():
            self._run_loop(loop)

    def _run_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            try:
                loop.run_until_complete(self._open())
            except OSError as error:
                self._failures.append(error)
            self._up.set()
            if not self._failures:
                run_lent(loop)
            loop.run_until_complete(self._close())
        finally:
            self._up.set()
            loop.close()

    async def _open(self) -> None:
        assert self._loop is not None
        assert self._clock is not None
        for name, instrument in self._instruments.items():
            instrument.power_cycle(self._clock.now_s())
            first = self._on_port[name]
            if first != name:
                self._join(name, first)
                continue
            server = self._server(name, instrument, self._clock, self._loop)
            self._servers[name] = server
            await server.open(self._ports[name])
            could_be_serial = self._models[name] not in _NOT_SERIAL
            if self._wants_pty and could_be_serial and isinstance(server, DeviceServer):
                server.open_pty()
            self._ports[name] = server.port

    def _join(self, name: str, first: str) -> None:
        """Let a device hear on the port of another."""
        server = self._servers[first]
        assert isinstance(server, DeviceServer)  # two serial numbers of a USB are never the same
        server.join(self._instruments[name], self._faults[name])
        self._servers[name], self._ports[name] = server, self._ports[first]

    def _server(
        self, name: str, instrument: Instrument, clock: LoopClock, loop: asyncio.AbstractEventLoop
    ) -> "DeviceServer | UsbPort":
        faults = self._faults[name]
        if name in self._usb:
            return self._usb.port(name, instrument, faults=faults, clock=clock, loop=loop)
        return DeviceServer(name, instrument, faults=faults, clock=clock, loop=loop)

    async def _close(self) -> None:
        for server in self._servers.values():
            await server.close()
            server.dispose()

    # -- what the world sees of it

    @property
    def addresses(self) -> dict[str, str]:
        """Addresses by the name of the device, once started.

        Those of USB spectrometers name the virtual bus: they are reached from this process only.
        """
        return {
            name: self._usb.address(name) if name in self._usb else f"TCPIP::{HOST}::{port}::SOCKET"
            for name, port in self._ports.items()
        }

    def describe(self) -> list[dict[str, str | None]]:
        """Return name, model, address and pseudo-terminal (None for none) of each device."""
        addresses = self.addresses
        ptys = {name: server.pty for name, server in self._servers.items()}
        return [
            {"name": name, "model": model, "address": addresses[name], "pty": ptys.get(name)}
            for name, model in self._models.items()
        ]

    def state(self, name: str) -> dict[str, JSON]:
        """Return the ledger of an instrument: is it safe, what does it emit, pump or move."""
        instrument = self._instrument(name)

        def look() -> dict[str, JSON]:
            if self._thread is not None:
                self._servers[name].refresh()
            return instrument.state()

        return self._call(look)

    def truth(self) -> dict[str, Any]:
        """Return the sample's own ledger: the dose it got, the populations, the volume."""
        return self._call(lambda: self.world.truth(self._now_s()))

    def decay(self, seconds: float, counter: Counter) -> npt.NDArray[np.int64]:
        """Return what a TCSPC system counts of the sample in the beam, shape [bins].

        Args:
            seconds: Length of the acquisition that ends now.
            counter: Laser, detector and histogram.
        """
        return self._call(lambda: self.world.decay(self._now_s(), seconds, counter))

    def faults(self, name: str) -> Faults:
        """Return the switches for the faults of an instrument and of its line."""
        self._instrument(name)
        return self._faults[name]

    def unplug(self, name: str) -> None:
        """Pull the cable: connections end, nobody listens. The instrument goes on."""
        self._instrument(name)
        self._await(lambda: self._servers[name].close())

    def replug(self, name: str) -> None:
        """Put the cable back, on the same port."""
        self._instrument(name)
        self._await(lambda: self._servers[name].open(self._ports[name]))

    def power_cycle(self, name: str) -> None:
        """Switch an instrument off and on again."""
        instrument = self._instrument(name)

        def cycle() -> None:
            instrument.power_cycle(self._now_s())
            self._rearm(name)

        self._call(cycle)

    def trigger(self, name: str) -> None:
        """Give a pulse to the trigger input of an instrument.

        Raises:
            SimulationError: It has none.
        """
        instrument = self._instrument(name)
        if not isinstance(instrument, TriggerInput):
            raise SimulationError(f"{self._source}: {name} has no trigger input")

        def pulse() -> None:
            instrument.pulse(self._now_s())
            self._rearm(name)

        self._call(pulse)

    def _instrument(self, name: str) -> Instrument:
        if name not in self._instruments:
            known = ", ".join(self._instruments)
            raise SimulationError(f"{self._source}: no device {name!r}; there are {known}")
        return self._instruments[name]

    # -- onto the thread of the loop

    def _now_s(self) -> float:
        return 0.0 if self._clock is None else self._clock.now_s()

    def _rearm(self, name: str) -> None:
        if name in self._servers and self._thread is not None:
            self._servers[name].arm()

    def _call(self, function: Callable[[], T]) -> T:
        """Run a function on the thread of the loop, or here when it does not run."""

        async def on_the_loop() -> T:
            return function()

        return function() if self._thread is None else self._await(on_the_loop)

    def _await(self, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if self._thread is None or self._loop is None:
            raise SimulationError(f"{self._source}: the simulators are not running; call start()")
        future = asyncio.run_coroutine_threadsafe(start(), self._loop)
        try:
            return future.result(_CALL_TIMEOUT_S)
        except TimeoutError as error:
            future.cancel()
            raise SimulationError(
                f"{self._source}: the simulators did not answer within {_CALL_TIMEOUT_S:g} s"
            ) from error


def _read(bench: str | Path | Mapping[str, Any]) -> tuple[Mapping[str, Any], str, Path | None]:
    """Return the content of a bench file, what to call it in messages, and its folder."""
    if isinstance(bench, Mapping):
        return bench, "bench", None
    path = Path(bench)
    try:
        with path.open("rb") as file:
            return tomllib.load(file), str(path), path.parent
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SimulationError(f"{path}: cannot be read: {error}") from error


def _table_of(tables: Mapping[str, Any], name: str, source: str) -> Mapping[str, Any]:
    """Return a table inside another one, empty when it is not there."""
    table = tables.get(name, {})
    if not isinstance(table, Mapping):
        raise SimulationError(f"{source}: {name} must be a table, got {str(table)[:60]!r}")
    return table


def _port(address: str, where: str) -> int:
    match = _ADDRESS.match(address)
    if match is None or not _LOOPBACK.match(match.group(1)) or int(match.group(2)) > 65535:
        raise SimulationError(
            f"{where}: address {address!r} is not on this machine; simulators listen on "
            f"TCPIP::{HOST}::<port>::SOCKET only"
        )
    return int(match.group(2))
