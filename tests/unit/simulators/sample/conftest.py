"""Samples, light and a plain eye for the tests of the twin."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from simulators.sample import (
    Beam,
    Film,
    Inputs,
    PixelGrid,
    Sample,
    Throughput,
    diluted,
    load_sample,
    read_film,
)
from simulators.sample.sample_file import load_tables

HC_EV_NM = 1239.841984


@dataclass(frozen=True)
class Seen:
    """What a plain look at a noiseless spectrum tells."""

    peak_nm: float
    fwhm_nm: float
    area: float


def look(wavelength_nm, signal):
    """Read a spectrum: parabola over 3 nm at the top, crossings of half the height, sum."""
    top = int(signal.argmax())
    near = np.abs(wavelength_nm - wavelength_nm[top]) <= 1.5
    curve, slope, _ = np.polyfit(wavelength_nm[near] - wavelength_nm[top], signal[near], 2)
    half = signal[top] / 2
    low = np.interp(half, signal[: top + 1], wavelength_nm[: top + 1])
    high = np.interp(-half, -signal[top:], wavelength_nm[top:])
    peak_nm = wavelength_nm[top] - slope / (2 * curve)
    return Seen(float(peak_nm), float(high - low), float(np.trapezoid(signal, wavelength_nm)))


def make_light(irradiance_mw_cm2, wavelength_nm=405.0, **others):
    beam = Beam(wavelength_nm=wavelength_nm, fwhm_nm=12, irradiance_mw_cm2=irradiance_mw_cm2)
    return Inputs(beams=(beam,) if irradiance_mw_cm2 > 0 else (), **others)


def make_sample(**changes):
    """Return the as-synthesised sample with other numbers, its stray light switched off."""
    preparation = load_sample("as-synthesised")
    if "concentration_nm" in changes:
        preparation = diluted(preparation, changes.pop("concentration_nm"))
    if "ligand_mm" in changes:
        vial = preparation.vial
        liquid = vial.liquid._replace(ligand_mm=changes.pop("ligand_mm"))
        vial = replace(vial, liquid=liquid)
        preparation = replace(preparation, vial=vial)
    if "air" in changes:
        setting = replace(preparation.setting, air=changes.pop("air"))
        preparation = replace(preparation, setting=setting)
    if "temperature_degc" in changes:
        preparation = replace(preparation, temperature_degc=changes.pop("temperature_degc"))
    preparation = replace(preparation, kinetics=replace(preparation.kinetics, **changes))
    return Sample(preparation, Throughput(stray=0.0, wire_scatter=0.0))


def make_film(name="drop-5um-toluene", **changes):
    """Return a film of the library; changes go to the table that has such a key."""
    values, where = load_tables(name)
    crystals = {"peak_nm", "concentration_nm", "ligand_mm", "assembled", "fused"}
    for table, keys in (("nanocrystals", crystals), ("film", changes.keys() - crystals)):
        values[table].update({key: changes[key] for key in keys if key in changes})
    return Film(read_film(values, where), Throughput(stray=0.0, wire_scatter=0.0))


@pytest.fixture(scope="session")
def fine_grid():
    return PixelGrid(np.arange(450.0, 620.0, 0.1))


@pytest.fixture(scope="session")
def hdx_grid():
    pixel = np.arange(2068.0)
    return PixelGrid(349.5 + pixel * (0.3 - pixel * (1.0e-5 + pixel * 1.0e-10)))


@pytest.fixture(scope="session")
def light():
    return make_light


@pytest.fixture(scope="session")
def sample_with():
    return make_sample


@pytest.fixture(scope="session")
def film_with():
    return make_film


@pytest.fixture(scope="session")
def seen(fine_grid):
    """Return a look at a sample under a weak 405 nm probe."""

    def see(sample, wavelength_nm=405.0):
        emission = sample.emission_per_s(fine_grid, make_light(1.0, wavelength_nm).beams)
        return look(fine_grid.wavelength_nm, emission / fine_grid.pixel_nm)

    return see


@pytest.fixture(scope="session")
def look_at():
    return look
