"""What the simulated sample does when nobody is in its way: no bench, no plan."""

import math
from dataclasses import replace

import numpy as np
from table import Row

from plans.analysis.decay import (
    diffusion_lifetime_ns,
    fret_distance_ratio,
    fret_lifetime_ratio,
)
from plans.analysis.inner_filter import correct_cuvette
from plans.analysis.peak import fit_peak
from plans.analysis.power_law import fit_power_law, linewidth_nm, quality_factor
from simulators.sample import (
    DARK,
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

GRID = PixelGrid(np.arange(450.0, 620.0, 0.3))
CLEAN = Throughput(stray=0.0, wire_scatter=0.0)
PROBE = Beam(wavelength_nm=405.0, fwhm_nm=12.0, irradiance_mw_cm2=1.0)
LIGHT = Inputs(beams=(replace(PROBE, irradiance_mw_cm2=20.0),))
HOUR_S = 3600.0
HC_EV_NM = 1239.841984


def rows(folder: str) -> list[Row]:
    """Return the rows that need no instrument."""
    del folder
    return [
        *dilute_rows(),
        *shift_rows(),
        *lifetime_rows(),
        *darkness_rows(),
        *balance_rows(),
        *drying_rows(),
        *reabsorption_rows(),
        *quoted_rows(),
    ]


def row(id_: str, quantity: str, value: float, target: float, tolerance: float) -> Row:
    """Return a row."""
    return Row(id=id_, quantity=quantity, value=float(value), target=target, tolerance=tolerance)


def vial(concentration_nm: float = 20.0) -> Sample:
    """Return the as-synthesised nanocrystals at a concentration."""
    return Sample(diluted(load_sample("as-synthesised"), concentration_nm), CLEAN)


def drop(**changes: object) -> Film:
    """Return the drop of the library with another table [film]."""
    values, where = load_tables("drop-5um-toluene")
    values["film"].update(changes)
    return Film(read_film(values, where), CLEAN)


def noisy(sample: Sample, scale: float, seed: int) -> np.ndarray:
    """Return a spectrum in counts with the noise of a detector, its dark frame taken off."""
    rng = np.random.default_rng(seed)
    clean = sample.emission_per_s(GRID, (PROBE,))
    counts = clean * scale / clean.max()
    return np.asarray(counts + np.sqrt(1.05 * counts + 30.0**2) * rng.normal(size=counts.size))


def dilute_rows() -> list[Row]:
    """T1: dilute nanocrystals, on both scales."""
    sample = vial(1.0)
    counts = noisy(sample, 50_000.0, 1)
    seen = fit_peak(GRID.wavelength_nm, counts)
    per_ev = counts * GRID.wavelength_nm**2
    on_energy_nm = top_nm(GRID.wavelength_nm, per_ev, 515.0, 4.0)
    return [
        row("T1", "dilute, top on the energy scale, nm", on_energy_nm, 515.0, 0.5),
        row("T1", "dilute, fitted peak, nm", seen.peak_nm or math.nan, 514.8, 0.5),
        row("T1", "dilute, absorbance at 405 nm", sample.truth()["absorbance_405"], 0.025, 0.025),
    ]


def shift_rows() -> list[Row]:
    """T4: three parts of the red shift; the rival hypothesis has no bulk-like crystals."""
    film, rival = drop(), drop(shift_model="coupling")
    for each in (film, rival):
        each.step(2 * HOUR_S, DARK)
    truth, other = film.truth(), rival.truth()
    return [
        row("T4", "film, coupling, meV", truth["shift_coupling_mev"], 11.0, 5.0),
        row("T4", "film, bulk-like, meV", truth["shift_bulk_like_mev"], 30.0, 5.0),
        row("T4", "film, reabsorption, meV", truth["shift_reabsorption_mev"], 51.0, 5.0),
        row("T4", "film, rival, bulk-like, meV", other["shift_bulk_like_mev"], 0.0, 0.5),
    ]


def lifetime_rows() -> list[Row]:
    """T9: both means of the lifetime after 4 h of light."""
    sample = vial()
    before = sample.truth()
    sample.step(4 * HOUR_S, LIGHT)
    after = sample.truth()
    means = {"intensity": 98.0, "amplitude": 37.0}
    return [
        row("T9", f"lifetime, {mean} mean, x", after[key] / before[key], ratio, 0.08 * ratio)
        for mean, ratio in means.items()
        for key in [f"lifetime_{mean}_ns"]
    ]


def darkness_rows() -> list[Row]:
    """T11: 4 h of darkness, looked at once a minute for 0.2 s."""
    sample = vial()
    looks_h, peaks_nm = [], []
    for minute in range(240):
        sample.step(0.2, Inputs(beams=(PROBE,)))
        found = fit_peak(GRID.wavelength_nm, noisy(sample, 20_000.0, 1000 + minute))
        looks_h.append(minute / 60.0)
        peaks_nm.append(found.peak_nm or math.nan)
        sample.step(59.8, DARK)
    (slope, _), covariance = np.polyfit(looks_h, peaks_nm, 1, cov=True)
    change = np.mean(peaks_nm[-10:]) - np.mean(peaks_nm[:10])
    sigma = float(np.std(peaks_nm)) * math.sqrt(2.0 / 10.0)
    return [
        row("T11", "darkness, slope over its sigma", slope / math.sqrt(covariance[0, 0]), 0.0, 2.0),
        row("T11", "darkness, change over its sigma", change / sigma, 0.0, 3.0),
    ]


def balance_rows() -> list[Row]:
    """T14: fractions and crystals over 200 steps of any light, flow and heat."""
    rng = np.random.default_rng(14)
    sample = vial()
    worst, crystals = 0.0, sample.truth()["crystals_fmol"]
    for _ in range(200):
        power_mw_cm2 = float(rng.choice([0.0, 1.0, 20.0, 200.0]))
        beams = (replace(PROBE, irradiance_mw_cm2=power_mw_cm2),) if power_mw_cm2 else ()
        inputs = Inputs(beams=beams, temperature_degc=float(rng.uniform(10.0, 60.0)))
        sample.step(float(rng.exponential(300.0)), inputs)
        truth = sample.truth()
        worst = max(worst, abs(sum(truth[key] for key in ("m1", "ma", "m3", "m4")) - 1.0))
    lost = truth["crystals_fmol"] / crystals - 1.0
    return [
        row("T14", "sum of fractions - 1, in 1e-9", worst * 1e9, 0.0, 1.0),
        row("T14", "crystals lost, in 1e-6", lost * 1e6, 0.0, 1.0),
    ]


def drying_rows() -> list[Row]:
    """T15: when the reference drop is dry, and how much sooner at 40 °C."""
    dry_s = {}
    for temperature_degc in (25.0, 40.0):
        film = drop(temperature_degc=temperature_degc)
        dry_s[temperature_degc] = drying_s(film)
    ratio = dry_s[25.0] / dry_s[40.0]
    return [
        row("T15", "drop, dry after, s", dry_s[25.0], 1817.0, 0.02 * 1817.0),
        row("T15", "drop, 40 degC against 25 degC", ratio, 2.2, 0.05),
    ]


def drying_s(film: Film) -> float:
    """Return when the drop holds less than a thousandth of its solvent."""
    whole_ul, now_s = film.truth()["solvent_ul"], 0.0
    while film.truth()["solvent_ul"] > 1e-3 * whole_ul:
        film.step(1.0, DARK)
        now_s += 1.0
    return now_s


def reabsorption_rows() -> list[Row]:
    """T17: raw and corrected peak, the absorbance known to 0.003."""
    found = []
    for concentration_nm in (5.0, 50.0, 200.0):
        sample = vial(concentration_nm)
        counts = noisy(sample, 50_000.0, int(concentration_nm))
        rng = np.random.default_rng(17)
        absorbance = sample.absorbances(GRID.wavelength_nm)
        absorbance = absorbance + 0.003 * rng.normal(size=absorbance.size)
        at_405 = float(sample.absorbances(np.array([405.0]))[0])
        corrected = correct_cuvette(
            GRID.wavelength_nm,
            counts,
            excitation_absorbance=at_405,
            emission_absorbance=absorbance,
        )
        if corrected.counts is None:
            raise RuntimeError(corrected.reason)
        peak = fit_peak(GRID.wavelength_nm, corrected.counts).peak_nm or math.nan
        found.append(row("T17", f"{concentration_nm:g} nM, corrected, nm", peak, 514.81, 0.1))
    # the top itself: reabsorption deforms the line, so that a fit of the whole reads 0.5 nm less
    clean = vial(200.0).emission_per_s(GRID, (PROBE,)) / GRID.pixel_nm
    raw_nm = top_nm(GRID.wavelength_nm, clean, float(GRID.wavelength_nm[clean.argmax()]), 1.5)
    return [*found, row("T17", "200 nM, raw top without noise, nm", raw_nm, 522.0, 0.2)]


def top_nm(
    wavelength_nm: np.ndarray, signal: np.ndarray, about_nm: float, reach_nm: float
) -> float:
    """Return the top of the parabola through what is near a wavelength."""
    near = np.abs(wavelength_nm - about_nm) < reach_nm
    curve, slope, _ = np.polyfit(wavelength_nm[near] - about_nm, signal[near], 2)
    return float(about_nm - slope / (2.0 * curve))


def quoted_rows() -> list[Row]:
    """T21 to T25: numbers of the literature that must follow from each other."""
    law = fit_power_law([100.0, 1000.0, 11500.0], [led_h(each) for each in (100.0, 1e3, 11500.0)])
    unit = quality_factor(535.0, 1.4, instrument_fwhm_nm=1.4)
    cubic = 0.5874**3
    orthorhombic = 0.8207 * 0.8255 * 1.1759 / 4.0
    diffusion_ns = diffusion_lifetime_ns(200.0, 0.5)
    return [
        row("T21", "LED, exponent of the lifetime", -(law.exponent or math.nan), 1.693, 0.005),
        row("T21", "LED, area, cm2", 6.0 / 150.0, 0.040, 0.0005),
        row("T22", "diffusion, lifetime, ns", diffusion_ns, 0.80, 0.005),
        row("T23", "FRET 74 %, lifetime ratio", fret_lifetime_ratio(0.74), 0.26, 0.0005),
        row("T23", "FRET 74 %, distance ratio", fret_distance_ratio(0.74), 0.840, 0.0005),
        row("T24", "Q 2000 at 535 nm, width, nm", linewidth_nm(535.0, 2000.0), 0.268, 0.001),
        row("T24", "Q of a 1.4 nm unit", unit.most_quality or math.nan, 382.0, 1.0),
        row("T24", "flagged as limited by resolution", float(unit.resolution_limited), 1.0, 0.0),
        row("T25", "lattice, volume change, %", 1e2 * (orthorhombic / cubic - 1.0), -1.73, 0.01),
    ]


def led_h(luminance_cd_m2: float) -> float:
    """Return the half-life on the straight line through the two that are quoted, in h."""
    exponent = math.log(694.0 / (13.5 / 60.0)) / math.log(11500.0 / 100.0)
    return 694.0 * (100.0 / luminance_cd_m2) ** exponent
