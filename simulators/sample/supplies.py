"""What pumps, hotplates, gases and balances of a bench have to do with which sample.

The tables ``pump``, ``thermostat``, ``gas``, ``filter_wheel`` and ``balance`` of ``[simulation]``
speak for every device of their kind; a table inside one, named as a device of the bench, speaks for
that device alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from simulators.sample.liquid import Liquid
from simulators.sample.spots import SAMPLE
from simulators.sample.tables import SampleConfigurationError, Table

T = TypeVar("T")
BEAM = "beam"
EVERYTHING = "all"
GASES = ("inert", "air", "vapour")


class ByDevice(Generic[T]):
    """A value for each device of a kind.

    Args:
        usual: For a device that has none of its own.
        own: Values by the name of the device.
    """

    def __init__(self, usual: T, own: Mapping[str, T]) -> None:
        self._usual = usual
        self._own = dict(own)

    def __getitem__(self, device: str) -> T:
        """Return the value of a device."""
        return self._own.get(device, self._usual)

    def values(self) -> list[T]:
        """Return all values that occur."""
        return [self._usual, *self._own.values()]

    def as_mapping(self) -> dict[str, T]:
        """Return the values by device, the usual one under ""."""
        return {"": self._usual, **self._own}

    @classmethod
    def read(cls, table: Table, one: Callable[[Table], T]) -> ByDevice[T]:
        """Take a table and the tables of devices inside it."""
        own = {name: one(inner) for name, inner in table.inner_tables().items()}
        return cls(one(table), own)


@dataclass(frozen=True, kw_only=True)
class Line:
    """Where a pump's line ends, and what is in its syringe.

    Args:
        delivers_to: "sample", the name of another vial, or "beam" for the one that stands there.
        liquid: What flows out of it.
    """

    delivers_to: str
    liquid: Liquid


def read_line(table: Table) -> Line:
    """Take a pump's line from a table."""
    line = Line(delivers_to=table.text("delivers_to", SAMPLE), liquid=read_liquid(table))
    table.finish()
    return line


def read_liquid(table: Table) -> Liquid:
    """Take what is in a syringe from a table; other keys may stand beside."""
    liquid = Liquid(
        concentration_nm=table.number("concentration_nm", 0.0, low=0.0, high=1e6),
        ligand_mm=table.number("ligand_mm", 0.0, low=0.0, high=1e4),
        antisolvent=table.number("antisolvent", 0.0, low=0.0, high=1.0),
        water=table.number("water", 0.0, low=0.0, high=1.0),
    )
    if liquid.antisolvent + liquid.water > 1.0:
        message = f"{table.where}: antisolvent and water together are more than the whole"
        raise SampleConfigurationError(message)
    return liquid


def read_heated(table: Table) -> tuple[str, ...]:
    """Take from a table which samples a thermostat heats; "all" by default."""
    heats = table.texts("heats") or (EVERYTHING,)
    table.finish()
    return heats


def read_gas(table: Table) -> str:
    """Take from a table what a flow controller is fed with."""
    gas = table.text("carries", "inert", among=GASES)
    table.finish()
    return gas


def read_weighed(table: Table) -> str:
    """Take from a table which sample stands on a balance."""
    weighs = table.text("weighs", SAMPLE)
    table.finish()
    return weighs


def read_filters(table: Table) -> tuple[float, ...]:
    """Take the transmissions of a filter wheel from a table, position 1 first."""
    transmissions = table.numbers("transmission")
    if not all(0.0 <= each <= 1.0 for each in transmissions):
        message = f"{table.where}: transmission = {list(transmissions)}, but 0 to 1 is expected"
        raise SampleConfigurationError(message)
    table.finish()
    return transmissions


def atmosphere(flows_sccm: Mapping[str, float], gases: ByDevice[str]) -> tuple[float, float] | None:
    """Return part of air and saturation with vapour of the gas above the samples.

    The gas is taken to follow the flows at once: a cell of some mL is flushed in seconds.

    Args:
        flows_sccm: Flow through each controller.
        gases: What they are fed with.

    Returns:
        Both from 0 to 1, or None while no gas flows.
    """
    total = sum(flows_sccm.values())
    if total <= 0.0:
        return None
    shares = dict.fromkeys(GASES, 0.0)
    for device, flow_sccm in flows_sccm.items():
        shares[gases[device]] += flow_sccm / total
    return shares["air"], shares["vapour"]
