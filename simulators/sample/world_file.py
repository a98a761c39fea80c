"""Reads the ``[simulation]`` table of a bench file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulators.sample.detector import Detector
from simulators.sample.dye import Dye
from simulators.sample.emission import Throughput
from simulators.sample.film import Film
from simulators.sample.film_file import read_film
from simulators.sample.fixtures import hg_ar_lamp, hole
from simulators.sample.leak import Longpass
from simulators.sample.light_path import Ageing, Led, read_ageing, read_leds
from simulators.sample.nanocrystals import Sample
from simulators.sample.replay import PEAK_COUNTS_PER_S, ReplaySample
from simulators.sample.sample_file import load_tables, read_dye, read_sample
from simulators.sample.specimen import Specimen
from simulators.sample.spots import EMPTY, LAMP, METER, SAMPLE, Spot, plate_spots
from simulators.sample.supplies import (
    BEAM,
    EVERYTHING,
    ByDevice,
    Line,
    read_filters,
    read_gas,
    read_heated,
    read_line,
    read_weighed,
)
from simulators.sample.tables import SampleConfigurationError, Table


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """Everything a world is made from.

    Args:
        seed: Makes the noise of a run its own.
        specimens: The run's sample under "sample", and what else stands on the stage.
        leds: Channels of the light sources.
        ageing: How these age.
        spots: What stands where on the stage; empty when the sample is always in the beam.
        lines: What the pumps hold and where it flows.
        heated: Which samples a thermostat heats.
        gases: What the flow controllers are fed with.
        weighed: Which sample stands on a balance.
        detector: The spectrometer's detector.
        in_line: Throughput of light that shines through the sample.
        filters: Transmissions of the filter wheels in front of the light, position 1 first.
        offset_nm: How much redder the light in a pixel is than the spectrometer says.
        drift_nm_per_h: How fast that grows.
    """

    seed: int
    specimens: Mapping[str, Specimen]
    leds: tuple[Led, ...]
    ageing: Ageing
    spots: tuple[Spot, ...]
    lines: ByDevice[Line]
    heated: ByDevice[tuple[str, ...]]
    gases: ByDevice[str]
    weighed: ByDevice[str]
    detector: Detector
    in_line: float
    filters: ByDevice[tuple[float, ...]]
    offset_nm: float = 0.0
    drift_nm_per_h: float = 0.0


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
    spots += plate_spots(table.table("plate"))
    specimens: dict[str, Specimen] = {SAMPLE: _main_sample(table, throughput, folder)}
    for spot in spots:
        if spot.specimen in specimens and spot.specimen != SAMPLE:
            message = f"{table.where}: two spots are called {spot.specimen!r}"
            raise SampleConfigurationError(message)
        if spot.holds not in (SAMPLE, METER):
            specimens[spot.specimen] = open_specimen(spot.holds, throughput, folder)
    light, spectrometer = table.table("light"), table.table("spectrometer")
    simulation = Simulation(
        seed=used_seed,
        specimens=specimens,
        leds=read_leds(light),
        ageing=read_ageing(light),
        spots=spots,
        lines=ByDevice.read(table.table("pump"), read_line),
        heated=ByDevice.read(table.table("thermostat"), read_heated),
        gases=ByDevice.read(table.table("gas"), read_gas),
        weighed=ByDevice.read(table.table("balance"), read_weighed),
        detector=_detector(table.table("detector"), used_seed),
        in_line=throughput.in_line,
        filters=ByDevice.read(table.table("filter_wheel"), read_filters),
        offset_nm=spectrometer.number("offset_nm", 0.0, low=-20.0, high=20.0),
        drift_nm_per_h=spectrometer.number("drift_nm_per_h", 0.0, low=-10.0, high=10.0),
    )
    for each in (light, spectrometer, table):
        each.finish()
    _check_names(simulation)
    return simulation


def _check_names(simulation: Simulation) -> None:
    """Refuse pumps, thermostats and balances that are about a sample that is not there."""
    named = [("pump", line.delivers_to) for line in simulation.lines.values()]
    named += [("thermostat", name) for heats in simulation.heated.values() for name in heats]
    named += [("balance", name) for name in simulation.weighed.values()]
    for table, name in named:
        if name not in (BEAM, EVERYTHING, *simulation.specimens):
            known = ", ".join(simulation.specimens)
            message = f"simulation.{table}: no sample {name!r} on the stage; there are {known}"
            raise SampleConfigurationError(message)


def open_specimen(holds: str, throughput: Throughput, folder: Path | None) -> Specimen:
    """Return what a spot holds: a lamp, a hole, or the sample of a file."""
    if holds == LAMP:
        return hg_ar_lamp()
    return hole() if holds == EMPTY else open_sample(holds, throughput, folder)


def open_sample(
    name_or_path: str, throughput: Throughput, folder: Path | None
) -> Sample | Film | Dye:
    """Return the sample of a file: a vial, a drop (table ``film``) or a dye (table ``dye``)."""
    values, where = load_tables(name_or_path, folder)
    if "film" in values:
        return Film(read_film(values, where), throughput)
    if "dye" in values:
        return Dye(read_dye(values, where), throughput)
    return Sample(read_sample(values, where), throughput)


def _main_sample(table: Table, throughput: Throughput, folder: Path | None) -> Specimen:
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
        in_line=table.number("in_line", defaults.in_line, low=0.0),
        longpass=Longpass(
            edge_nm=table.number("longpass_nm", filter_.edge_nm, low=0.0),
            optical_density=table.number("longpass_od", filter_.optical_density, low=0.0),
        ),
    )
    table.finish()
    return throughput


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
