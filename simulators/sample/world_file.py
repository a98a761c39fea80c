"""Reads the ``[simulation]`` table of a bench file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from simulators.sample.detector import Detector
from simulators.sample.emission import Throughput
from simulators.sample.film import Film
from simulators.sample.film_file import read_film
from simulators.sample.leak import Longpass
from simulators.sample.nanocrystals import Sample
from simulators.sample.replay import PEAK_COUNTS_PER_S, ReplaySample
from simulators.sample.sample_file import load_tables, read_sample
from simulators.sample.spots import METER, SAMPLE, Spot
from simulators.sample.tables import SampleConfigurationError, Table

AnySample: TypeAlias = Sample | Film | ReplaySample
"""What can stand in the beam."""
FIRST_FILTER = 1


@dataclass(frozen=True, kw_only=True)
class Led:
    """What one channel of the light source really gives at the sample plane."""

    wavelength_nm: float
    fwhm_nm: float
    irradiance_mw_cm2_per_ma: float


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """Everything a world is made from.

    Args:
        seed: Makes the noise of a run its own.
        samples: The run's sample under "sample", and the vials of further spots under their names.
        leds: Channels of the light source.
        spots: What stands where on the stage; empty when the sample is always in the beam.
        liquid_ligand_mm: Ligand in the pump's liquid, mmol/L.
        detector: The spectrometer's detector.
        filters: Transmissions of the filter wheel in front of the light, position 1 first.
    """

    seed: int
    samples: Mapping[str, AnySample]
    leds: Mapping[int, Led]
    spots: tuple[Spot, ...]
    liquid_ligand_mm: float
    detector: Detector
    filters: tuple[float, ...] = ()

    def transmission(self, position: int) -> float:
        """Return what the filter wheel lets through; a position without a filter, everything."""
        number = position - FIRST_FILTER
        return self.filters[number] if 0 <= number < len(self.filters) else 1.0


def read_simulation(
    values: Mapping[str, Any], seed: int | None = None, folder: Path | None = None
) -> Simulation:
    """Read the table.

    Args:
        values: The table ``[simulation]``.
        seed: Takes the place of the table's own.
        folder: Where relative paths of samples and series start.

    Raises:
        SampleConfigurationError: When a key is unknown, missing or out of range.
    """
    table = Table(values, "simulation")
    own_seed = table.integer("seed", 0)
    used_seed = own_seed if seed is None else seed
    throughput = _throughput(table.table("optics"))
    spots = tuple(Spot.from_table(each) for each in table.tables("spot"))
    samples = {SAMPLE: _main_sample(table, throughput, folder)}
    for spot in spots:
        if spot.holds not in (SAMPLE, METER):
            samples[vial_name(spot)] = open_sample(spot.holds, throughput, folder)
    simulation = Simulation(
        seed=used_seed,
        samples=samples,
        leds=_leds(table.table("light")),
        spots=spots,
        liquid_ligand_mm=_pump(table.table("pump")),
        detector=_detector(table.table("detector"), used_seed),
        filters=_filters(table.table("filter_wheel")),
    )
    table.finish()
    return simulation


def vial_name(spot: Spot) -> str:
    """Return the name of what a spot holds; vials of their own are named by place as well."""
    if spot.holds in (SAMPLE, METER):
        return spot.holds
    return f"{spot.holds} at {spot.x_mm:g}, {spot.y_mm:g} mm"


def open_sample(name_or_path: str, throughput: Throughput, folder: Path | None) -> Sample | Film:
    """Return the sample of a file: a vial, or a drop when the file has the table ``film``."""
    values, where = load_tables(name_or_path, folder)
    if "film" in values:
        return Film(read_film(values, where), throughput)
    return Sample(read_sample(values, where), throughput)


def _filters(table: Table) -> tuple[float, ...]:
    transmissions = table.numbers("transmission")
    if not all(0.0 <= each <= 1.0 for each in transmissions):
        message = f"{table.where}: transmission = {list(transmissions)}, but 0 to 1 is expected"
        raise SampleConfigurationError(message)
    table.finish()
    return transmissions


def _main_sample(table: Table, throughput: Throughput, folder: Path | None) -> AnySample:
    if "replay" not in table:
        return open_sample(table.text("sample", "as-synthesised"), throughput, folder)
    if "sample" in table:
        message = f"{table.where}: give either sample or replay, not both"
        raise SampleConfigurationError(message)
    replay = table.table("replay")
    path = Path(replay.text("file"))
    peak_counts_per_s = replay.number("peak_counts_per_s", PEAK_COUNTS_PER_S, low=1.0)
    replay.finish()
    return ReplaySample.from_file((folder or Path()) / path, peak_counts_per_s)


def _throughput(table: Table) -> Throughput:
    defaults, filter_ = Throughput(), Longpass()
    throughput = Throughput(
        collection=table.number("collection", defaults.collection, low=0.0),
        stray=table.number("stray", defaults.stray, low=0.0),
        wire_scatter=table.number("wire_scatter", defaults.wire_scatter, low=0.0),
        second_order=table.number("second_order", defaults.second_order, low=0.0),
        longpass=Longpass(
            edge_nm=table.number("longpass_nm", filter_.edge_nm, low=0.0),
            optical_density=table.number("longpass_od", filter_.optical_density, low=0.0),
        ),
    )
    table.finish()
    return throughput


def _leds(table: Table) -> dict[int, Led]:
    leds: dict[int, Led] = {}
    for each in table.tables("channel"):
        number = each.integer("number")
        if number in leds:
            message = f"{each.where}: channel {number} is described twice"
            raise SampleConfigurationError(message)
        leds[number] = Led(
            wavelength_nm=each.number("wavelength_nm", low=200.0, high=2000.0),
            fwhm_nm=each.number("fwhm_nm", low=0.01, high=200.0),
            irradiance_mw_cm2_per_ma=each.number("irradiance_mw_cm2_per_ma", low=0.0),
        )
        each.finish()
    table.finish()
    return leds


def _pump(table: Table) -> float:
    table.text("delivers_to", SAMPLE, among=(SAMPLE,))
    ligand_mm = table.number("ligand_mm", 0.0, low=0.0)
    table.finish()
    return ligand_mm


def _detector(table: Table, seed: int) -> Detector:
    usual = Detector()
    detector = Detector(
        offset_counts=table.number("offset_counts", usual.offset_counts, low=0.0),
        pattern_counts=table.number("pattern_counts", usual.pattern_counts, low=0.0),
        dark_counts_per_s=table.number("dark_counts_per_s", usual.dark_counts_per_s, low=0.0),
        counts_per_photon=table.number("counts_per_photon", usual.counts_per_photon, low=1e-6),
        read_noise_counts=table.number("read_noise_counts", usual.read_noise_counts, low=0.0),
        full_scale_counts=table.integer("full_scale_counts", usual.full_scale_counts, low=1),
        nonlinearity=table.numbers("nonlinearity"),
        pattern_seed=seed,
    )
    table.finish()
    return detector
