"""Two or three kinds of nanocrystals in one drop that dries."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from bluesky.utils import Msg, MsgGenerator

from instruments.pumps import SyringePump
from plans.checks import check_syringe
from plans.experiments.base import plan_of
from plans.experiments.evaporation_assembly import EvaporationAssembly
from plans.frames import PLSeries
from plans.logbook import Row
from plans.parameters import Quantity
from plans.preflight import Check
from plans.stubs import dispense, hold_temperature, settle


@dataclass(frozen=True, eq=False)
class CoAssembly(EvaporationAssembly):
    """Put a drop down from two or three pumps in a ratio of numbers, then let it dry.

    The volumes of the stocks follow from the ratio of numbers and their concentrations, and add up
    to the volume of the drop. From there it is an evaporation assembly. Whether a binary lattice
    has formed a diffractometer or an electron microscope says: attach it to the sample.
    """

    _: dataclasses.KW_ONLY
    ratio: Annotated[
        tuple[float, ...],
        Quantity(help="numbers of each kind, with commas", minimum=0.001, maximum=1000),
    ] = (1.0, 1.0)
    stocks_um: Annotated[
        tuple[float, ...],
        Quantity(help="concentration of each stock", unit="µmol/L", minimum=0.001, maximum=1000),
    ] = (5.0, 5.0)
    rest_s: Annotated[
        float, Quantity(help="rest before the first spectrum, to mix by diffusion", unit="s",
                        minimum=0, maximum=3600),
    ] = 10.0  # fmt: skip
    pump: Annotated[SyringePump | None, Quantity(help="has the first stock")] = None
    second_pump: Annotated[SyringePump | None, Quantity(help="has the second stock")] = None
    third_pump: Annotated[SyringePump | None, Quantity(help="has the third stock")] = None

    def volumes_ul(self) -> tuple[float, ...]:
        """Return the volume of each stock, µL."""
        shares = [part / stock for part, stock in zip(self.ratio, self.stocks_um, strict=True)]
        return tuple(self.volume_ul * share / sum(shares) for share in shares)

    def pumps(self) -> tuple[SyringePump | None, ...]:
        """Return the pumps of the stocks, as many as the ratio has numbers."""
        return (self.pump, self.second_pump, self.third_pump)[: len(self.ratio)]

    def duration_s(self) -> float:
        """Return the longest time that the run can take, s."""
        return super().duration_s() + self.rest_s + 60 * self.volume_ul / self.dispense_rate_ul_min

    def details(self) -> Mapping[str, Any]:
        """Return what the drop is made of, for the report."""
        matches = len(self.ratio) == len(self.stocks_um)
        volumes = list(self.volumes_ul()) if matches else []
        return {**super().details(), "volumes_ul": volumes}

    def checks(self) -> Iterator[Check]:
        """Yield the checks of a drying drop, of the ratio and of every syringe."""
        kinds = len(self.ratio)
        if not 2 <= kinds <= 3 or kinds != len(self.stocks_um):
            detail = f"{kinds} numbers and {len(self.stocks_um)} stocks; two or three of each"
            yield Check(name="ratio", verdict="refused", detail=detail)
            return
        yield from dataclasses.replace(self, pump=None).drop_checks()
        for number, (pump, ul) in enumerate(zip(self.pumps(), self.volumes_ul(), strict=True), 1):
            what = f"stock {number}"
            yield from check_syringe(pump, ul, self.dispense_rate_ul_min, what=what)
        used = [pump for pump in self.pumps() if pump is not None]
        if len(set(used)) < len(used):
            yield Check(name="ratio", verdict="refused", detail="one pump has two stocks")

    def drop_checks(self) -> Iterator[Check]:
        """Yield the checks of the drop as such."""
        yield from super().checks()

    def prepare(self, log: PLSeries) -> MsgGenerator[None]:
        """Warm the support in the beam, and put the stocks down one after the other."""
        yield from self.set_exposure(log)
        yield from log.go_to(self.stage, self.position)
        if self.thermostat is not None and self.ramp_k_min == 0:
            yield from hold_temperature(self.thermostat, self.temperature_degc)
        stocks = zip(self.pumps(), self.volumes_ul(), self.stocks_um, strict=True)
        for number, (pump, ul, stock_um) in enumerate(stocks, 1):
            yield Msg("checkpoint")
            assert pump is not None  # preflight has seen to it
            yield from dispense(pump, ul, self.dispense_rate_ul_min)
            row: Row = {
                "stock": number,
                "pump": pump.name,
                "volume_ul": ul,
                "amount_pmol": ul * stock_um,
            }
            yield from log.result(row)
        yield Msg("checkpoint")  # what was put down is not put down again after a pause
        yield from settle(self.rest_s)


co_assembly = plan_of(CoAssembly)
