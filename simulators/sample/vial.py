"""The liquid in the vial: volume, composition and ledger.

The vial is stirred, so what flows out is what is in it. A full vial spills; the last drops, below
the needle, cannot be withdrawn. All courses are closed solutions of the mass balance: with a flow
in ``a`` and out ``b``, what was there is diluted by ``(V / V0) ** (-a / (a - b))``, and by
``exp(-a t / V)`` while the volume stands still.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from simulators.sample.liquid import Flow, Liquid

_LIMIT_PART = 1e-12
"""Part of the capacity by which rounding may miss a limit."""


@dataclass(frozen=True, kw_only=True)
class Vial:
    """A stirred vial and its ledger of what came and went.

    Args:
        volume_ul: Liquid in the vial.
        liquid: What it is made of; its concentration counts the nanocrystals that were put in, in
            whatever form they are by now.
        capacity_ul: Volume at which the vial spills.
        unreachable_ul: Volume that cannot be withdrawn.
        infused_ul: Liquid that flowed in so far.
        withdrawn_ul: Liquid that was withdrawn so far.
        spilled_ul: Liquid that was spilled so far.
        infused_fmol: Nanocrystals that flowed in so far.
        withdrawn_fmol: Nanocrystals that were withdrawn so far.
        spilled_fmol: Nanocrystals that were spilled so far.
    """

    volume_ul: float
    liquid: Liquid
    capacity_ul: float
    unreachable_ul: float
    infused_ul: float = 0.0
    withdrawn_ul: float = 0.0
    spilled_ul: float = 0.0
    infused_fmol: float = 0.0
    withdrawn_fmol: float = 0.0
    spilled_fmol: float = 0.0

    @property
    def crystals_fmol(self) -> float:
        """Nanocrystals in the vial."""
        return self.volume_ul * self.liquid.concentration_nm

    def seconds_to_limit(self, flow: Flow) -> float:
        """Return how long a flow goes on before the vial is full or the needle draws air."""
        net_ul_s = (flow.infuse_ul_min - flow.withdraw_ul_min) / 60.0
        if net_ul_s > 0.0 and not self._full:
            return (self.capacity_ul - self.volume_ul) / net_ul_s
        if net_ul_s < 0.0 and not self._drained:
            return (self.unreachable_ul - self.volume_ul) / net_ul_s
        return math.inf

    def liquid_after(self, duration_s: float, flow: Flow) -> Liquid:
        """Return the composition after a flow that crosses no limit.

        Args:
            duration_s: How long the flow lasted, at most ``seconds_to_limit``.
            flow: The flow.
        """
        if flow.infuse_ul_min <= 0.0:
            return self.liquid
        kept = self._kept(flow.infuse_ul_min / 60.0, self._net_ul_s(flow), duration_s)
        return self.liquid.mixed(flow.liquid, kept)

    def renewal_per_s(self, duration_s: float, flow: Flow) -> float:
        """Return which part of the nanocrystals in the vial flows in per second.

        Args:
            duration_s: Time since the flow began, at most ``seconds_to_limit``.
            flow: The flow.

        Returns:
            The part, infinite when there were none before.
        """
        incoming_fmol_s = flow.infuse_ul_min / 60.0 * flow.liquid.concentration_nm
        if incoming_fmol_s <= 0.0:
            return 0.0
        volume_ul = self.volume_ul + self._net_ul_s(flow) * duration_s
        present_fmol = volume_ul * self.liquid_after(duration_s, flow).concentration_nm
        return incoming_fmol_s / present_fmol if present_fmol > 0.0 else math.inf

    def after(self, duration_s: float, flow: Flow) -> Vial:
        """Return the vial after a flow that crosses no limit; arguments as ``liquid_after``."""
        idle = flow.infuse_ul_min == 0.0 and flow.withdraw_ul_min == 0.0
        if idle or duration_s == 0.0:
            return self
        infused_ul = flow.infuse_ul_min / 60.0 * duration_s
        lowest_ul = min(self.volume_ul, self.unreachable_ul)
        volume_ul = self.volume_ul + self._net_ul_s(flow) * duration_s
        volume_ul = min(max(volume_ul, lowest_ul), self.capacity_ul)
        out_ul = self.volume_ul + infused_ul - volume_ul
        withdrawn_ul = min(flow.withdraw_ul_min / 60.0 * duration_s, out_ul)
        liquid = self.liquid_after(duration_s, flow)
        infused_fmol = infused_ul * flow.liquid.concentration_nm
        out_fmol = self.crystals_fmol + infused_fmol - volume_ul * liquid.concentration_nm
        taken = withdrawn_ul / out_ul if out_ul > 0.0 else 0.0
        return replace(
            self,
            volume_ul=volume_ul,
            liquid=liquid,
            infused_ul=self.infused_ul + infused_ul,
            withdrawn_ul=self.withdrawn_ul + withdrawn_ul,
            spilled_ul=self.spilled_ul + out_ul - withdrawn_ul,
            infused_fmol=self.infused_fmol + infused_fmol,
            withdrawn_fmol=self.withdrawn_fmol + out_fmol * taken,
            spilled_fmol=self.spilled_fmol + out_fmol * (1.0 - taken),
        )

    @property
    def _full(self) -> bool:
        return self.volume_ul >= self.capacity_ul * (1.0 - _LIMIT_PART)

    @property
    def _drained(self) -> bool:
        return self.volume_ul <= self.unreachable_ul + self.capacity_ul * _LIMIT_PART

    def _net_ul_s(self, flow: Flow) -> float:
        """Return how fast the volume really changes; at a limit it stands still."""
        net_ul_s = (flow.infuse_ul_min - flow.withdraw_ul_min) / 60.0
        stuck = (net_ul_s > 0.0 and self._full) or (net_ul_s < 0.0 and self._drained)
        return 0.0 if stuck else net_ul_s

    def _kept(self, infuse_ul_s: float, net_ul_s: float, duration_s: float) -> float:
        """Return which part of the liquid is still that of the start."""
        change = net_ul_s * duration_s / self.volume_ul
        if abs(change) < 1e-9:  # also where the power below loses its digits
            return math.exp(-infuse_ul_s * duration_s / self.volume_ul)
        return math.exp(-infuse_ul_s / net_ul_s * math.log1p(change))
