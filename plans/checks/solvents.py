"""Solvents: what a hotplate and a pump must know of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from instruments.errors import LimitError
from instruments.thermal import Thermostat
from plans.preflight import Check

BOILING_MARGIN_K: Final = 20.0
"""A solvent is not heated nearer to its boiling point than this."""
_WARM_DEGC: Final = 25.0


@dataclass(frozen=True, kw_only=True)
class Solvent:
    """A solvent.

    Attributes:
        boiling_degc: Boiling point at 1013 hPa.
        flash_degc: Flash point, closed cup; None for what does not burn.
        density_g_ml: Density at 25 °C.
        refractive_index: At 589 nm and 20 °C.
        source: Where the figures are from.
    """

    boiling_degc: float
    flash_degc: float | None
    density_g_ml: float
    refractive_index: float
    source: str = "PubChem compound pages; GESTIS substance database"


SOLVENTS: Final = {
    "toluene": Solvent(
        boiling_degc=110.6, flash_degc=4.0, density_g_ml=0.862, refractive_index=1.497
    ),
    "hexane": Solvent(
        boiling_degc=68.7, flash_degc=-22.0, density_g_ml=0.655, refractive_index=1.375
    ),
    "octane": Solvent(
        boiling_degc=125.6, flash_degc=13.0, density_g_ml=0.699, refractive_index=1.398
    ),
    "ethanol": Solvent(
        boiling_degc=78.3, flash_degc=13.0, density_g_ml=0.785, refractive_index=1.361
    ),
    "methyl acetate": Solvent(
        boiling_degc=56.9, flash_degc=-13.0, density_g_ml=0.928, refractive_index=1.361
    ),
    "ethyl acetate": Solvent(
        boiling_degc=77.1, flash_degc=-4.0, density_g_ml=0.895, refractive_index=1.372
    ),
    "acetone": Solvent(
        boiling_degc=56.1, flash_degc=-18.0, density_g_ml=0.785, refractive_index=1.359
    ),
    "water": Solvent(
        boiling_degc=100.0, flash_degc=None, density_g_ml=0.997, refractive_index=1.333
    ),
}


def check_temperature(
    temperature_degc: float, solvent: str, thermostat: Thermostat | None, *, is_dry: bool = False
) -> Check:
    """Check a temperature against the boiling point minus 20 K and the thermostat's own limit.

    Args:
        temperature_degc: What is to be held, °C.
        solvent: What the sample is in.
        thermostat: What heats, or None.
        is_dry: Whether there is no solvent left that could boil.
    """
    highest = SOLVENTS[solvent].boiling_degc - BOILING_MARGIN_K
    detail = f"{temperature_degc:g} °C; {solvent} allows {highest:g} °C (boiling point - 20 °C)"
    if temperature_degc > highest and not is_dry:
        return Check(name="temperature", verdict="refused", detail=detail)
    if thermostat is None:
        needs = abs(temperature_degc - _WARM_DEGC) > 5.0
        return Check(
            name="temperature",
            verdict="refused" if needs else "ok",
            detail=f"{temperature_degc:g} °C needs a thermostat" if needs else "room temperature",
        )
    try:
        thermostat.check(temperature_degc)
    except LimitError as error:
        return Check(name="temperature", verdict="refused", detail=str(error))
    return Check(name="temperature", verdict="ok", detail=detail)


def check_flash_point(solvent: str, temperature_degc: float = _WARM_DEGC) -> Iterator[Check]:
    """Yield a notice when the vapour of a solvent can be lit at a temperature.

    Args:
        solvent: The solvent.
        temperature_degc: The highest temperature that it gets, °C.
    """
    flash_degc = SOLVENTS[solvent].flash_degc
    if flash_degc is not None and temperature_degc >= flash_degc:
        yield Check(
            name="flash point",
            verdict="note",
            detail=f"{solvent} can be lit above {flash_degc:g} °C: extraction on, no sparks",
        )
