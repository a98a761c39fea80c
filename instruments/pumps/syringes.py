"""The library of syringes: inner diameters by maker and size."""

import difflib
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, kw_only=True)
class SyringeModel:
    """A syringe that can be bought.

    Attributes:
        name: What a bench file calls it, such as ``BD plastic 10 mL``.
        maker: Who makes it.
        material: What it is made of.
        capacity_ul: What it holds.
        diameter_mm: Inner diameter.
        source: Where the diameter comes from.
    """

    name: str
    maker: str
    material: str
    capacity_ul: float
    diameter_mm: float
    source: str


@functools.cache
def syringe_library() -> Mapping[str, SyringeModel]:
    """Return every known syringe by its name."""
    file = resources.files(__package__).joinpath("syringes.toml")
    found: dict[str, SyringeModel] = {}
    for family in tomllib.loads(file.read_text(encoding="utf-8"))["family"]:
        for size_ml, diameter_mm in family["diameter_mm"].items():
            volume_ml = float(size_ml)
            size = f"{volume_ml:g} mL" if volume_ml >= 1 else f"{volume_ml * 1000:g} uL"
            name = f"{family['name']} {size}"
            found[name] = SyringeModel(
                name=name,
                maker=family["maker"],
                material=family["material"],
                capacity_ul=volume_ml * 1000,
                diameter_mm=diameter_mm,
                source=family["source"],
            )
    return found


def similar_syringes(name: str) -> list[str]:
    """Return the names of known syringes that look like a name, at most three.

    Args:
        name: What somebody has written.
    """
    return difflib.get_close_matches(name, syringe_library(), n=3, cutoff=0.5)
