"""Reads drops and films from the tables of a sample file.

Instead of ``vial`` such a file has the table ``film`` (where the drop lies and how it dries), and,
where a laboratory has numbers of its own, ``assembly`` and ``optics``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from simulators.sample.assembly import AssemblyParameters, FilmState, Support, order_of
from simulators.sample.film import KELVIN_AT_0_DEGC, FilmPreparation
from simulators.sample.film_optics import SHIFT_MODELS, FilmOptics, optics_of
from simulators.sample.material import CSPBBR3, SOLVENT_VISCOSITY_MPA_S
from simulators.sample.sample_file import crystal_size_nm
from simulators.sample.tables import Table

_OPTICS = tuple(each.name for each in fields(FilmOptics) if each.name != "superlattice_decay")
_AT_MOST_ONE = ("bulk_like_fraction", "bulk_like_yield", "guided_fraction")


def read_film(values: Mapping[str, Any], where: str) -> FilmPreparation:
    """Return the drop or film that a table describes.

    Args:
        values: The table.
        where: Name of its file, for messages.

    Raises:
        SampleConfigurationError: When a key is unknown, missing or out of range.
    """
    table = Table(values, where)
    name = table.text("name")
    table.text("description", "")
    place, crystals = table.table("film"), table.table("nanocrystals")
    support = _support(place, crystals)
    assembly = _assembly(table.table("assembly"))
    shift_model = place.text("shift_model", "mixed", among=SHIFT_MODELS)
    temperature_degc = place.number("temperature_degc", 25.0, low=-20.0, high=120.0)
    order = order_of(assembly, support, temperature_degc + KELVIN_AT_0_DEGC)
    preparation = FilmPreparation(
        name=name,
        support=support,
        state=_state(place, crystals, support, order),
        ligand_mm=crystals.number("ligand_mm", low=0.0, high=1e4),
        assembly=assembly,
        optics=_optics(table.table("optics"), shift_model),
        shift_model=shift_model,
        temperature_degc=temperature_degc,
    )
    for each in (crystals, place, table):
        each.finish()
    return preparation


def _support(place: Table, crystals: Table) -> Support:
    volume_ul = place.number("volume_ul", 50.0, low=0.1, high=1e5)
    return Support(
        material=CSPBBR3,
        size_nm=crystal_size_nm(crystals),
        shell_nm=place.number("shell_nm", 3.0, low=0.0, high=20.0),
        solvent=place.text("solvent", "toluene", among=tuple(SOLVENT_VISCOSITY_MPA_S)),
        deposited_ul=volume_ul,
        concentration_nm=crystals.number("concentration_nm", low=1.0, high=1e5),
        area_cm2=place.number("area_cm2", 1.0, low=0.01, high=100.0),
        gap_mm=place.number("gap_mm", 5.0, low=0.1, high=1000.0),
        vapour_saturation=place.number("vapour_saturation", 0.0, low=0.0, high=1.0),
        capacity_ul=place.number("capacity_ul", 2.0 * volume_ul, low=volume_ul),
    )


def _state(place: Table, crystals: Table, support: Support, order: float) -> FilmState:
    left = place.number("solvent_left", 1.0, low=0.0, high=1.0)
    fused = crystals.number("fused", 0.0, low=0.0, high=1.0)
    assembled = crystals.number("assembled", 0.0, low=0.0, high=1.0 - fused)
    return FilmState(
        dispersed=1.0 - assembled - fused,
        assembled=assembled,
        fused=fused,
        ordered=order * assembled,
        solvent_ul=left * support.deposited_ul,
        evaporated_ul=(1.0 - left) * support.deposited_ul,
    )


def _assembly(table: Table) -> AssemblyParameters:
    defaults = AssemblyParameters()
    values = {
        each.name: table.number(each.name, getattr(defaults, each.name), low=_lowest(each.name))
        for each in fields(AssemblyParameters)
    }
    table.finish()
    return AssemblyParameters(**values)


def _lowest(name: str) -> float:
    """Return the lowest value of a constant: what divides must not be 0."""
    return 1e-6 if name == "threshold" or name.startswith("ligand_halving") else 0.0


def _optics(table: Table, shift_model: str) -> FilmOptics:
    defaults = optics_of(shift_model)
    values: dict[str, Any] = {}
    for name in _OPTICS:
        low = 1e-3 if name.endswith("width_ev") or name in ("bulk_like_ev", "fused_growth") else 0.0
        high = 1.0 if name in _AT_MOST_ONE else 1e6
        values[name] = table.number(name, getattr(defaults, name), low=low, high=high)
    table.finish()
    return replace(defaults, **values)
