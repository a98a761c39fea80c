"""What the bench file says about the syringe in any pump."""

import math
from pathlib import Path

from instruments.bench_file import Table
from instruments.pumps.dispense import Syringe
from instruments.pumps.syringes import similar_syringes, syringe_library

_SAME_DIAMETER = 0.03  # makers' tables differ by less; another size or maker by more


def read_account_file(table: Table) -> Path | None:
    """Return where the account of the syringe is kept, beside the bench file unless absolute.

    Args:
        table: The device's table.
    """
    name = table.text("account_file", "")
    return Path(table.file).parent / name if name else None


def read_syringe(table: Table) -> Syringe:
    """Return the syringe of a pump; its diameter and volume are looked up by its name.

    Args:
        table: The device's table.

    Raises:
        ConfigurationError: An unknown syringe whose diameter and volume are not given, or a
            diameter that is not that of the syringe named.
    """
    name = table.text("syringe")
    known = syringe_library().get(name)
    if known is None and not ("syringe_diameter_mm" in table and "syringe_volume_ul" in table):
        close = similar_syringes(name)
        hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise table.error(
            f"syringe {name!r} is not in the library (regrow syringes lists it), so "
            f"syringe_diameter_mm and syringe_volume_ul must be given{hint}"
        )
    diameter_mm = table.number(
        "syringe_diameter_mm", known.diameter_mm if known else None, minimum=0.1, maximum=50
    )
    if known and not math.isclose(diameter_mm, known.diameter_mm, rel_tol=_SAME_DIAMETER):
        raise table.error(
            f"syringe_diameter_mm is {diameter_mm:g}, but {name} has {known.diameter_mm:g} mm "
            f"({known.source}); correct it, or give the syringe another name"
        )
    capacity_ul = table.number(
        "syringe_volume_ul", known.capacity_ul if known else None, minimum=1, maximum=1e6
    )
    return Syringe(
        name=name,
        diameter_mm=diameter_mm,
        capacity_ul=capacity_ul,
        loaded_ul=table.number("loaded_volume_ul", minimum=0, maximum=capacity_ul),
        contents=table.text("contents", ""),
        refill_below_ul=table.number("refill_below_ul", 0.0, minimum=0, maximum=capacity_ul),
    )
