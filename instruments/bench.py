"""The bench: all devices of one bench file."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from bluesky.protocols import Reading

from instruments.bench_file import read_bench_file
from instruments.bench_models import Ports
from instruments.device import BenchDevice
from instruments.errors import (
    BusyError,
    ConfigurationError,
    InstrumentError,
    NotConnectedError,
)
from instruments.interlocks import InterlockRule, read_rules
from instruments.owner import OwnerLock
from instruments.tasks import start_or_do

_LOGGER = logging.getLogger(__name__)

_JOIN_MARGIN_S = 1.0

D = TypeVar("D", bound=BenchDevice)


@dataclass(frozen=True, kw_only=True)
class SafeOutcome:
    """What came of making a device safe.

    Attributes:
        device: Its name.
        confirmed: Whether the instrument has confirmed that all is off.
        message: What was confirmed, or what is not certain.
    """

    device: str
    confirmed: bool
    message: str


class Bench:
    """Devices by name; as a context manager it connects, and makes safe and closes at the end.

    Args:
        name: Name of the bench.
        devices: The devices by name.
        locks: What must be owned while the bench is connected.
        interlocks: Rules that are watched during every run.

    Attributes:
        ended_safe: Whether all confirmed that they are off when the context manager ended.
    """

    def __init__(
        self,
        name: str,
        devices: Mapping[str, BenchDevice],
        locks: Sequence[OwnerLock] = (),
        interlocks: Sequence[InterlockRule] = (),
    ) -> None:
        self.name = name
        self.interlocks = tuple(interlocks)
        self.devices = dict(devices)
        self._locks = tuple(locks)
        self.ended_safe = False

    def __getitem__(self, name: str) -> BenchDevice:
        """Return a device.

        Args:
            name: Its name in the bench file.

        Raises:
            NotConnectedError: There is none of this name.
        """
        if name not in self.devices:
            raise NotConnectedError(
                self.name, f"no device {name!r}; there are {', '.join(self.devices)}"
            )
        return self.devices[name]

    def __contains__(self, name: object) -> bool:
        """Return whether there is a device of this name."""
        return name in self.devices

    def __iter__(self) -> Iterator[str]:
        """Return the names of the devices."""
        return iter(self.devices)

    def of_kind(self, kind: type[D]) -> list[D]:
        """Return the devices of a kind, in the order of the bench file.

        Args:
            kind: Such as ``Spectrometer``.
        """
        return [device for device in self.devices.values() if isinstance(device, kind)]

    def connect(self) -> None:
        """Connect all devices at the same time, as the one owner of the bench.

        Raises:
            BusyError: Another process owns the bench or one of its ports; nothing was opened.
            InstrumentError: One error that names every device that did not connect; the others are
                connected.
        """
        self.own()
        failures = self._in_parallel(lambda device: device.connect())
        if failures:
            words = "".join(f"\n  {error}" for error in failures.values())
            raise InstrumentError(
                self.name, f"{len(failures)} of {len(self.devices)} did not connect:{words}"
            ) from next(iter(failures.values()))

    def own(self, *, program: str = "regrow", wait_s: float = 0.0) -> None:
        """Become the one owner of bench file and ports; `close` gives them back.

        Args:
            program: What the owner does, for whoever comes in vain.
            wait_s: How long to wait for another owner to end.

        Raises:
            BusyError: Another process has one of them; none is kept.
        """
        try:
            for lock in self._locks:
                lock.acquire(program=program, wait_s=wait_s)
        except BusyError:
            self._disown()
            raise

    def _disown(self) -> None:
        for lock in self._locks:
            lock.release()

    def make_safe(self, timeout_s: float = 2.0) -> list[SafeOutcome]:
        """Switch off all that emits, moves or heats, in parallel; never raises.

        Args:
            timeout_s: How long each device may take.

        Returns:
            For each device whether it has confirmed.
        """
        outcomes: dict[str, SafeOutcome] = {}

        def work(name: str, device: BenchDevice) -> None:
            try:
                device.make_safe(timeout_s)
            except Exception as error:  # noqa: BLE001 - the red button reports, whatever happens
                outcomes[name] = SafeOutcome(device=name, confirmed=False, message=str(error))
            else:
                outcomes[name] = SafeOutcome(device=name, confirmed=True, message="is safe")

        threads = [
            start_or_do(partial(work, *item), f"{item[0]}-safe") for item in self.devices.items()
        ]
        for thread in filter(None, threads):
            thread.join(timeout_s + _JOIN_MARGIN_S)
        finished = dict(outcomes)
        for name in self.devices:
            if name not in finished:
                words = f"{name}: no answer within {timeout_s:g} s: switch it off by hand"
                finished[name] = SafeOutcome(device=name, confirmed=False, message=words)
            if not finished[name].confirmed:
                _LOGGER.error("not certain that it is safe: %s", finished[name].message)
        return [finished[name] for name in self.devices]

    def read_all(self) -> dict[str, dict[str, Any]]:
        """Return what every device is and says, for showing.

        Returns:
            By device: ``identity`` (maker, model, serial, firmware), ``readings`` (value by key),
            ``configuration`` (value by key), ``error`` ("" for none).
        """
        report: dict[str, dict[str, Any]] = {}

        def work(device: BenchDevice) -> None:
            report[device.name] = {
                "identity": vars(device.identity),
                "readings": _values(device.read()),
                "configuration": _values(device.read_configuration()),
                "error": "",
            }

        failures = self._in_parallel(work)
        for name, error in failures.items():
            report[name] = {
                "identity": {},
                "readings": {},
                "configuration": {},
                "error": str(error),
            }
        return {name: report[name] for name in self.devices}

    def close(self) -> None:
        """Close all links; what emits or moves should have been made safe before."""
        for error in self._in_parallel(lambda device: device.disconnect()).values():
            _LOGGER.warning("closing: %s", error)
        self._disown()

    def _in_parallel(self, work: Callable[[BenchDevice], object]) -> dict[str, InstrumentError]:
        """Do work for all devices at the same time; return what failed, in the file's order."""
        failures: dict[str, InstrumentError] = {}
        surprises: list[Exception] = []

        def run(name: str, device: BenchDevice) -> None:
            try:
                work(device)
            except InstrumentError as error:
                failures[name] = error
            except Exception as error:  # noqa: BLE001 - raised below, in the caller's thread
                surprises.append(error)

        # Every piece of work ends by the time-outs of its link, so no further one is needed here.
        threads = [
            start_or_do(partial(run, *item), f"{item[0]}-bench") for item in self.devices.items()
        ]
        for thread in filter(None, threads):
            thread.join()
        for surprise in surprises:
            raise surprise
        return {name: failures[name] for name in self.devices if name in failures}

    def __enter__(self) -> Self:
        """Connect; close again when one device does not."""
        try:
            self.connect()
        except InstrumentError:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Make safe and close."""
        self._end()

    def _end(self) -> None:
        # One whose line is lost is tried as well: it may be back, and may still heat or shine.
        connected = {n: d for n, d in self.devices.items() if d.was_connected}
        try:
            outcomes = Bench(self.name, connected).make_safe()
        finally:
            self.close()
        self.ended_safe = all(outcome.confirmed for outcome in outcomes)


def load_bench(path: str | Path, *, addresses: Mapping[str, str] | None = None) -> Bench:
    """Return the bench that a file describes; nothing is opened yet.

    Args:
        path: A bench file (TOML).
        addresses: VISA addresses by device name, in place of those in the file.

    Raises:
        ConfigurationError: The file names an unknown model or key, or a value that makes no sense.
    """
    path = Path(path)
    top = read_bench_file(path)
    about = top.table("bench")
    name = about.text("name", path.stem)
    about.finish()
    tables = top.table("device", required=True)
    top.table("simulation")  # the simulators' own
    if "interlock" in top:
        top.tables("interlock")  # read below, when the devices are known
    top.finish()
    devices: dict[str, BenchDevice] = {}
    ports = Ports()
    owners: set[str] = set()
    for device_name, table in tables.items():
        if not device_name.isidentifier():
            raise table.error("the name of a device consists of letters, digits and underscores")
        address = (addresses or {}).get(device_name) or table.text("address")
        owners.add(address.upper())
        devices[device_name] = ports.make_device(device_name, table, address=address)
    _check_addresses(path, devices, addresses or {})
    # Addresses given by the caller are those of its own simulators, which nobody else knows.
    owned = [f"bench {path.resolve()}", *map(_port, sorted(owners))]
    locks = [] if addresses is not None else [OwnerLock(what) for what in owned]
    return Bench(name, devices, locks, read_rules(top, devices))


def _port(address: str) -> str:
    return f"port {address}"


def _check_addresses(
    path: Path, devices: Mapping[str, BenchDevice], addresses: Mapping[str, str]
) -> None:
    strangers = sorted(set(addresses) - set(devices))
    if strangers:
        raise ConfigurationError(
            str(path),
            f"addresses are given for {', '.join(strangers)}, which the file has not; it has "
            f"{', '.join(devices)}",
        )


def _values(readings: Mapping[str, Reading[Any]]) -> dict[str, Any]:
    return {key: reading["value"] for key, reading in readings.items()}
