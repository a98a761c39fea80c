"""Reads samples from TOML files, those of the library by name.

A file has the tables ``vial`` (what it stands in), ``nanocrystals`` (what was made) and, where the
rate constants of a laboratory differ from the defaults, ``kinetics``. Files with a table ``film``
describe a drop or film and are read by ``film_file``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from simulators.sample.dye import DYES, DyePreparation
from simulators.sample.kinetics import KineticParameters, Populations, Setting
from simulators.sample.liquid import Liquid
from simulators.sample.material import CSPBBR3, SOLVENT_VISCOSITY_MPA_S
from simulators.sample.nanocrystals import Preparation
from simulators.sample.tables import SampleConfigurationError, Table
from simulators.sample.vial import Vial

LIBRARY = Path(__file__).parent / "library"


def library_names() -> tuple[str, ...]:
    """Return the names of the samples that come with the simulators."""
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.toml")))


def load_sample(name_or_path: str | Path, folder: Path | None = None) -> Preparation:
    """Read a sample in a vial.

    Args:
        name_or_path: A name in the library, or the path of a TOML file.
        folder: Where a relative path starts, the working folder by default.

    Raises:
        SampleConfigurationError: When there is no such sample or the file does not describe one.
    """
    values, where = load_tables(name_or_path, folder)
    return read_sample(values, where)


def load_tables(name_or_path: str | Path, folder: Path | None = None) -> tuple[dict[str, Any], str]:
    """Return the tables of a sample file and its name; arguments as ``load_sample``."""
    text = str(name_or_path)
    known_name = text in library_names()
    path = LIBRARY / f"{text}.toml" if known_name else (folder or Path()) / text
    if path.suffix != ".toml" or not path.is_file():
        known = ", ".join(library_names())
        message = f"no sample {text!r}: neither a TOML file nor one of the library ({known})"
        raise SampleConfigurationError(message)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), path.name
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path}: not a TOML file: {error}"
        raise SampleConfigurationError(message) from error


def read_sample(values: Mapping[str, Any], where: str) -> Preparation:
    """Return the sample that a table describes.

    Args:
        values: The table.
        where: Name of its file, for messages.

    Raises:
        SampleConfigurationError: When a key is unknown, missing or out of range.
    """
    table = Table(values, where)
    name = table.text("name")
    table.text("description", "")
    vial_table, crystals = table.table("vial"), table.table("nanocrystals")
    setting = Setting(
        material=CSPBBR3,
        size_nm=crystal_size_nm(crystals),
        path_cm=vial_table.number("path_cm", 1.0, low=0.001, high=10.0),
        solvent=vial_table.text("solvent", "toluene", among=tuple(SOLVENT_VISCOSITY_MPA_S)),
        air=vial_table.number("air", 1.0, low=0.0, high=1.0),
    )
    degraded = crystals.number("degraded", 0.0, low=0.0, high=1.0)
    fused = crystals.number("fused", 0.0, low=0.0, high=1.0 - degraded)
    free = 1.0 - degraded - fused
    activated = crystals.number("activated", 0.0, low=0.0, high=free)
    populations = Populations(
        dispersed=free - activated,
        activated=activated,
        fused=fused,
        degraded=degraded,
        wires=fused / crystals.number("crystals_per_wire", 8.0, low=2.0, high=1e6),
        trap=crystals.number("trap", 1.0, low=0.0, high=100.0),
    )
    preparation = Preparation(
        name=name,
        setting=setting,
        vial=_vial(vial_table, crystals),
        populations=populations,
        kinetics=_kinetics(table.table("kinetics")),
        temperature_degc=vial_table.number("temperature_degc", 25.0, low=-20.0, high=120.0),
    )
    for each in (crystals, vial_table, table):
        each.finish()
    return preparation


def read_dye(values: Mapping[str, Any], where: str) -> DyePreparation:
    """Return the fluorescence standard that a table describes.

    Args:
        values: The table.
        where: Name of its file, for messages.

    Raises:
        SampleConfigurationError: When a key is unknown, missing or out of range.
    """
    table = Table(values, where)
    name = table.text("name")
    table.text("description", "")
    vial_table, dye = table.table("vial"), table.table("dye")
    preparation = DyePreparation(
        name=name,
        dye=dye.text("dye", among=tuple(DYES)),
        vial=_vial(vial_table, dye, dye=True),
        path_cm=vial_table.number("path_cm", 1.0, low=0.001, high=10.0),
    )
    for each in (dye, vial_table, table):
        each.finish()
    return preparation


def crystal_size_nm(crystals: Table) -> float:
    """Take the size of nanocrystals, given as such or by their colour."""
    if "edge_length_nm" in crystals:
        if "peak_nm" in crystals:
            message = f"{crystals.where}: give either edge_length_nm or peak_nm, not both"
            raise SampleConfigurationError(message)
        return crystals.number("edge_length_nm", low=2.0, high=100.0)
    # from nanocrystals of 2 nm to nearly the bulk
    return CSPBBR3.size_nm(crystals.number("peak_nm", low=453.0, high=523.0))


def _vial(table: Table, crystals: Table, *, dye: bool = False) -> Vial:
    volume_ul = table.number("volume_ul", 3000.0, low=1.0)
    liquid = Liquid(
        concentration_nm=crystals.number("concentration_nm", low=0.0, high=1e6),
        ligand_mm=crystals.number("ligand_mm", 0.0 if dye else None, low=0.0, high=1e4),
        antisolvent=table.number("antisolvent", 0.0, low=0.0, high=1.0),
        water=table.number("water", 0.0, low=0.0, high=1.0),
    )
    return Vial(
        volume_ul=volume_ul,
        liquid=liquid,
        capacity_ul=table.number("capacity_ul", max(volume_ul, 3500.0), low=volume_ul),
        unreachable_ul=table.number(
            "unreachable_ul", min(volume_ul, 50.0), low=0.1, high=volume_ul
        ),
    )


def _kinetics(table: Table) -> KineticParameters:
    defaults = KineticParameters()
    values = {
        field.name: table.number(field.name, getattr(defaults, field.name), low=0.0)
        for field in fields(KineticParameters)
    }
    table.finish()
    return KineticParameters(**values)
