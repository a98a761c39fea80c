"""Checks of liquids: syringe, vessel, rate."""

from collections.abc import Iterator

from instruments.errors import LimitError
from instruments.pumps import Direction, Dispense, SyringePump
from plans.preflight import Check


def check_syringe(
    pump: SyringePump | None,
    volume_ul: float,
    rate_ul_min: float,
    *,
    what: str,
    withdrawn_ul: float = 0.0,
    strokes: int = 1,
) -> Iterator[Check]:
    """Yield whether a pump can give, or take, a volume at a rate.

    Args:
        pump: The pump, or None.
        volume_ul: All that it gives in the run, µL.
        rate_ul_min: The rate, µL/min.
        what: What it moves, for the table.
        withdrawn_ul: All that it takes in the run, µL.
        strokes: In how many equal parts.
    """
    if volume_ul <= 0 and withdrawn_ul <= 0:
        return
    if pump is None:
        yield Check(name=what, verdict="refused", detail="there is no pump to move it with")
        return
    left_ul = float(pump.remaining_ul.get())
    room_ul = pump.syringe.capacity_ul - left_ul
    detail = f"{volume_ul:g} µL asked, {left_ul:g} µL in the syringe"
    if withdrawn_ul > 0:
        detail = f"{withdrawn_ul:g} µL to take, {room_ul:g} µL free in the syringe"
    fits = volume_ul <= left_ul and withdrawn_ul <= room_ul
    yield Check(name=what, verdict="ok" if fits else "refused", detail=detail)
    if not fits:
        return
    one_ul = (volume_ul or withdrawn_ul) / max(strokes, 1)
    direction: Direction = "infuse" if volume_ul > 0 else "withdraw"
    try:
        pump.check(Dispense(volume_ul=one_ul, rate_ul_min=rate_ul_min, direction=direction))
    except LimitError as error:
        yield Check(name=f"{what}, rate", verdict="refused", detail=str(error))


def check_vessel(start_ul: float, added_ul: float, capacity_ul: float) -> Check:
    """Return whether a vessel holds what will be in it.

    Args:
        start_ul: What is in it, µL.
        added_ul: The most that is added to that, µL.
        capacity_ul: What it holds, µL.
    """
    fits = start_ul + added_ul <= capacity_ul
    return Check(
        name="vessel",
        verdict="ok" if fits else "refused",
        detail=f"{start_ul + added_ul:.5g} µL at most of {capacity_ul:g} µL"
        + ("" if fits else ": it would spill"),
    )
