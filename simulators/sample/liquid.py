"""What a liquid is made of, and what flows into a vial."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

ANTISOLVENT_DENSITY_G_ML = 0.789
"""Density of ethanol, which stands for every polar antisolvent."""
WATER_DENSITY_G_ML = 0.997


class Liquid(NamedTuple):
    """Composition of a liquid; what is neither antisolvent nor water is the sample's solvent.

    Args:
        concentration_nm: Nanocrystals, nmol/L.
        ligand_mm: Free ligand, mmol/L.
        antisolvent: Volume fraction of a polar antisolvent.
        water: Volume fraction of water.
    """

    concentration_nm: float = 0.0
    ligand_mm: float = 0.0
    antisolvent: float = 0.0
    water: float = 0.0

    def mixed(self, other: Liquid, kept: float) -> Liquid:
        """Return the liquid of which a part ``kept`` is this one and the rest another one."""
        gone = 1.0 - kept
        return Liquid(
            self.concentration_nm * kept + other.concentration_nm * gone,
            self.ligand_mm * kept + other.ligand_mm * gone,
            self.antisolvent * kept + other.antisolvent * gone,
            self.water * kept + other.water * gone,
        )

    def density_g_ml(self, solvent_g_ml: float) -> float:
        """Return the density, volumes being additive; what is dissolved does not count.

        Args:
            solvent_g_ml: Density of the sample's solvent.
        """
        solvent = 1.0 - self.antisolvent - self.water
        return (
            solvent * solvent_g_ml
            + self.antisolvent * ANTISOLVENT_DENSITY_G_ML
            + self.water * WATER_DENSITY_G_ML
        )


PURE = Liquid()
"""Nothing but the sample's solvent."""


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What pumps do to a vial; constant during a step.

    Args:
        infuse_ul_min: Flow into the vial.
        withdraw_ul_min: Flow out of it.
        liquid: What flows in.
    """

    infuse_ul_min: float = 0.0
    withdraw_ul_min: float = 0.0
    liquid: Liquid = PURE


STILL = Flow()
"""No pump runs."""


def together(streams: Iterable[tuple[float, Liquid]]) -> Flow:
    """Return the flow that several pumps make.

    Args:
        streams: Rates in uL/min, negative while a pump withdraws, each with its liquid.
    """
    infuse_ul_min, withdraw_ul_min, liquid = 0.0, 0.0, PURE
    for rate_ul_min, contents in streams:
        if rate_ul_min > 0.0:
            infuse_ul_min += rate_ul_min
            liquid = contents.mixed(liquid, rate_ul_min / infuse_ul_min)
        else:
            withdraw_ul_min -= rate_ul_min
    return Flow(infuse_ul_min=infuse_ul_min, withdraw_ul_min=withdraw_ul_min, liquid=liquid)
