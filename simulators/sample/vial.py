"""The liquid in the vial: volume, concentration and ligand.

The vial is stirred, so what flows out is what is in it. A full vial spills; the last drops, below
the needle, cannot be withdrawn. All courses are closed solutions of the mass balance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Vial:
    """A stirred vial and its ledger of what came and went.

    Args:
        volume_ul: Liquid in the vial.
        concentration_nm: Concentration of the nanocrystals put in at the start, in whatever form
            they are by now, nmol/L.
        ligand_mm: Free ligand, mmol/L.
        capacity_ul: Volume at which the vial spills.
        unreachable_ul: Volume that cannot be withdrawn.
        infused_ul: Liquid that flowed in so far.
        withdrawn_ul: Liquid that was withdrawn so far.
        spilled_ul: Liquid that was spilled so far.
    """

    volume_ul: float
    concentration_nm: float
    ligand_mm: float
    capacity_ul: float
    unreachable_ul: float
    infused_ul: float = 0.0
    withdrawn_ul: float = 0.0
    spilled_ul: float = 0.0

    def seconds_to_limit(self, rate_ul_s: float) -> float:
        """Return how long a flow goes on before the vial is full or the needle draws air."""
        if rate_ul_s > 0.0 and self.volume_ul < self.capacity_ul:
            return (self.capacity_ul - self.volume_ul) / rate_ul_s
        if rate_ul_s < 0.0 and self.volume_ul > self.unreachable_ul:
            return (self.unreachable_ul - self.volume_ul) / rate_ul_s
        return math.inf

    def mixture_after(
        self, duration_s: float, rate_ul_s: float, liquid_ligand_mm: float
    ) -> tuple[float, float]:
        """Return concentration and ligand after a flow that crosses no limit.

        Args:
            duration_s: How long the flow lasted, at most ``seconds_to_limit``.
            rate_ul_s: The flow, positive into the vial.
            liquid_ligand_mm: Ligand in the liquid that flows in, mmol/L.

        Returns:
            Concentration in nmol/L and ligand in mmol/L.
        """
        if rate_ul_s <= 0.0:
            return self.concentration_nm, self.ligand_mm
        added_ul = rate_ul_s * duration_s
        if self.volume_ul < self.capacity_ul:
            kept = self.volume_ul / (self.volume_ul + added_ul)
        else:
            kept = math.exp(-added_ul / self.volume_ul)
        ligand_mm = liquid_ligand_mm + (self.ligand_mm - liquid_ligand_mm) * kept
        return self.concentration_nm * kept, ligand_mm

    def after(self, duration_s: float, rate_ul_s: float, liquid_ligand_mm: float) -> Vial:
        """Return the vial after a flow that crosses no limit; arguments as ``mixture_after``."""
        if rate_ul_s == 0.0 or duration_s == 0.0:
            return self
        moved_ul = abs(rate_ul_s) * duration_s
        if rate_ul_s < 0.0:
            lowest_ul = min(self.volume_ul, self.unreachable_ul)
            volume_ul = max(self.volume_ul - moved_ul, lowest_ul)
            withdrawn_ul = self.withdrawn_ul + self.volume_ul - volume_ul
            return replace(self, volume_ul=volume_ul, withdrawn_ul=withdrawn_ul)
        concentration_nm, ligand_mm = self.mixture_after(duration_s, rate_ul_s, liquid_ligand_mm)
        filled = replace(
            self,
            concentration_nm=concentration_nm,
            ligand_mm=ligand_mm,
            infused_ul=self.infused_ul + moved_ul,
        )
        if self.volume_ul >= self.capacity_ul:
            return replace(filled, spilled_ul=self.spilled_ul + moved_ul)
        return replace(filled, volume_ul=min(self.volume_ul + moved_ul, self.capacity_ul))
