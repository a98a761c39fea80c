"""Where a stage can be sent by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Places:
    """Named positions, and the plates and grids that some of them belong to.

    Attributes:
        positions: Millimetres by axis, by the name of the position.
        grids: Names of positions in the shortest order, by the name of the plate or grid.
    """

    positions: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    grids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
