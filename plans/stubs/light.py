"""Light for a dose, and moves in the dark."""

import time
from collections.abc import Mapping

from bluesky.utils import Msg, MsgGenerator

from instruments.light_sources.emission import Emission
from instruments.light_sources.light_source import LightSource
from instruments.stages.stage import HOME, Stage
from plans.stubs.basic import dark, set_and_wait

_NEAR_ENOUGH = 1e-4  # of the dose: nobody switches a lamp more finely


def expose_to_dose(
    light: LightSource, emission: Emission, dose_j_cm2: float, *, longest_step_s: float = 60.0
) -> MsgGenerator[float]:
    """Light the sample until it has had a dose, then be dark.

    The dose is that of the light's ledger, so that a pause or a slow lamp is made up for.

    Args:
        light: The light source.
        emission: What it emits.
        dose_j_cm2: Dose to add, J/cm².
        longest_step_s: How often the dose is looked at, s.

    Returns:
        What the sample has really had, J/cm².
    """
    start_j_cm2 = light.ledger.dose_j_cm2(time.monotonic())
    yield from set_and_wait(light, emission)
    while True:
        given = light.ledger.dose_j_cm2(time.monotonic()) - start_j_cm2
        left_s = (dose_j_cm2 - given) * 1e3 / emission.irradiance_mw_cm2
        if left_s <= _NEAR_ENOUGH * dose_j_cm2 * 1e3 / emission.irradiance_mw_cm2:
            break
        yield Msg("sleep", None, min(left_s, longest_step_s))
    yield from dark(light)
    return light.ledger.dose_j_cm2(time.monotonic()) - start_j_cm2


def move_dark(
    stage: Stage | None, position: str | Mapping[str, float], light: LightSource
) -> MsgGenerator[None]:
    """Switch the light off, see it confirmed, then move; home the stage first if it needs to.

    Args:
        stage: The stage; nothing moves without one.
        position: Name of a position, or mm by axis.
        light: The light source.
    """
    yield from dark(light)
    if stage is None:
        return
    if not stage.is_homed():
        yield from set_and_wait(stage, HOME)
    yield from set_and_wait(stage, position)
