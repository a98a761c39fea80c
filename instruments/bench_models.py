"""The models a bench file may name.

A further instrument is a line here; what the bench must know of it stands in the ``bench_entry`` of
its own package.
"""

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import get_args

from instruments.bench_file import Table
from instruments.device import BenchDevice
from instruments.links import FlowControl, Link, Parity, SerialSettings
from instruments.model import Model

_PACKAGES: Mapping[str, str] = {
    "ocean-hdx": "spectrometers.ocean_hdx",
    "ocean-usb2000plus": "spectrometers.ocean_usb",
    "ocean-flame": "spectrometers.ocean_usb",
    "ocean-qepro": "spectrometers.ocean_qepro",
    "thorlabs-dc4100": "light_sources.thorlabs_dc4100",
    "thorlabs-dc2100": "light_sources.thorlabs_dc2100",
    "thorlabs-dc2200": "light_sources.thorlabs_dc2200",
    "coolled-pe300": "light_sources.coolled_pe300",
    "coolled-pe4000": "light_sources.coolled_pe4000",
    "omnicure-s2000": "light_sources.omnicure_s2000",
    "newera-ne1000": "pumps.ne1000",
    "harvard-ultra": "pumps.harvard_ultra",
    "zaber-ascii": "stages.zaber_ascii",
    "newport-esp301": "stages.newport_esp301",
    "thorlabs-pm100d": "power_meters.thorlabs_pm100",
    "thorlabs-pm100d2": "power_meters.thorlabs_pm100",
    "ika-plate": "thermal.ika_plate",
    "mt-sics": "balances.mt_sics",
    "sartorius-sbi": "balances.sartorius_sbi",
    "thorlabs-sc10": "shutters.thorlabs_sc10",
    "thorlabs-fw102c": "shutters.thorlabs_fw102c",
    "alicat-mc": "gas.alicat",
    "numato-relay": "switches.numato_relay",
}


class _Models(Mapping[str, Model]):
    """Finds a model by name; a driver is imported when a bench names it."""

    def __getitem__(self, name: str) -> Model:
        module = importlib.import_module(f"instruments.{_PACKAGES[name]}.bench_entry")
        model = module.MODEL
        if not isinstance(model, Model):
            raise TypeError(f"{module.__name__}.MODEL is no Model but {model!r}")
        return model

    def __iter__(self) -> Iterator[str]:
        return iter(_PACKAGES)

    def __len__(self) -> int:
        return len(_PACKAGES)


MODELS: Mapping[str, Model] = _Models()
"""Every model by the name it has in a bench file."""


@dataclass(kw_only=True)
class _Port:
    """What hangs on one port."""

    model: str
    link: Link
    users: dict[tuple[object, ...], str] = field(default_factory=dict)


class Ports:
    """Gives the devices of a bench their links, so that those on one port share its line."""

    def __init__(self) -> None:
        self._ports: dict[str, _Port] = {}

    def make_device(self, name: str, table: Table, *, address: str) -> BenchDevice:
        """Return the device that a table describes; nothing is opened yet.

        Args:
            name: Name on the bench.
            table: Its ``[device.NAME]`` table.
            address: VISA address.

        Raises:
            ConfigurationError: Unknown model or key, a value that makes no sense, or a port that
                another device has for itself.
        """
        model_name = table.text("model")
        if model_name not in MODELS:
            raise table.error(f"unknown model {model_name!r} (known: {', '.join(sorted(MODELS))})")
        model = MODELS[model_name]
        link = self._link(name, table, model, address)
        table.text("address", "")  # may be another than the one in use
        device = model.build(name, link, table)
        table.finish()
        return device

    def _link(self, name: str, table: Table, model: Model, address: str) -> Link:
        port = self._ports.get(address.upper())
        link = Link(
            address,
            name=name,
            serial=_serial_settings(table, model.serial),
            timeout_s=table.number("timeout_s", 1.0, minimum=0.05, maximum=60),
            read_termination=model.read_termination,
            write_termination=model.write_termination,
            shares=None if port is None else port.link,
        )
        if port is None:
            port = self._ports[address.upper()] = _Port(model=table.text("model"), link=link)
        values = [table.peek(key) for key in model.told_apart_by]
        station = tuple(None if value is None else repr(value) for value in values)
        self._check_neighbours(port, table, model, station)
        port.users[station] = name
        return link

    def _check_neighbours(
        self, port: _Port, table: Table, model: Model, station: tuple[object, ...]
    ) -> None:
        if not port.users:
            return
        neighbours = ", ".join(port.users.values())
        address, keys = port.link.address, " and ".join(model.told_apart_by)
        if port.model != table.text("model") or not keys:
            raise table.error(f"address {address} is already that of {neighbours}")
        if None in station or any(None in other for other in port.users):
            raise table.error(
                f"shares address {address} with {neighbours}: each of them needs its {keys}"
            )
        if station in port.users:
            raise table.error(f"{port.users[station]} has the same address and the same {keys}")
        if _serial_settings(table, model.serial) != port.link.serial:
            raise table.error(
                f"shares address {address} with {neighbours}, whose line is set to "
                f"{port.link.serial}; set both alike"
            )


def _serial_settings(table: Table, usual: SerialSettings) -> SerialSettings:
    return SerialSettings(
        baud_rate=table.integer("baud_rate", usual.baud_rate, minimum=300, maximum=4_000_000),
        data_bits=table.integer("data_bits", usual.data_bits, minimum=5, maximum=8),
        parity=table.choice("parity", usual.parity, choices=get_args(Parity)),
        stop_bits=table.choice("stop_bits", usual.stop_bits, choices=(1.0, 1.5, 2.0)),
        flow_control=table.choice(
            "flow_control", usual.flow_control, choices=get_args(FlowControl)
        ),
    )
