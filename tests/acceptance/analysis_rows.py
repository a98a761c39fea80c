"""What the analysis makes of spectra with a known answer (T17-T19, T21-T24, T26, T28)."""

import numpy as np
from table import Row

from plans.analysis import PlateauRule, TrackPoint, fit_peak, fit_peaks, relative_quantum_yield
from plans.analysis.decay import diffusion_lifetime_ns, fret_distance_ratio, fret_lifetime_ratio
from plans.analysis.inner_filter import correct_cuvette
from plans.analysis.power_law import fit_power_law, linewidth_nm, quality_factor

HC_EV_NM = 1239.841984
NM = 350 + 0.318 * np.arange(2048)
TRUE_NM = 514.808
"""Top per nm of the line whose top per eV is at 515 nm."""
TRIALS = 60
REFERENCE_NM = (
    *(515.72, 515.79, 516.21, 516.79, 517.32, 517.75, 518.09, 518.36, 518.57, 518.75, 518.90),
    *(519.02, 519.13, 519.21, 519.29, 519.35, 519.41, 519.46, 519.51, 519.54, 519.58, 519.61),
    *(519.64, 519.67, 519.69),
)
"""Peak of the reference light regrowth, every 10 min."""


def rows(_: str) -> list[Row]:
    """Return the rows that need no run."""
    return [
        *inner_filter_rows(),
        *precision_rows(),
        *endpoint_rows(),
        *lamp_rows(),
        *formula_rows(),
        *quantum_yield_rows(),
    ]


def line(height: float) -> np.ndarray:
    """Photons per pixel of an asymmetric line behind a slit of 1.4 nm."""
    energy, centre = HC_EV_NM / NM, HC_EV_NM / 515.0
    width = 0.088 * np.where(energy < centre, 1.12, 0.88)
    curve = np.exp(-4 * np.log(2) * ((energy - centre) / width) ** 2) * energy**2
    slit = np.exp(-4 * np.log(2) * (0.318 * np.arange(-12, 13) / 1.4) ** 2)
    curve = np.convolve(curve, slit / slit.sum(), "same")
    return np.asarray(height * curve / curve.max())


def noisy(expected: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shot noise and 30 counts of read noise."""
    sigma = np.sqrt(1.05 * np.maximum(expected, 0) + 30.0**2)
    return np.asarray(expected + rng.normal(size=expected.size) * sigma)


def inner_filter_rows() -> list[Row]:
    """T17: crystals of 5 to 200 nmol/L in 1 cm; the light is kept slice by slice."""
    found, raw_nm = [], 0.0
    edge = HC_EV_NM / NM - HC_EV_NM / 516.0
    step = 1 / (1 + np.exp(-edge / 0.019)) * 0.28 * (1 + 6.0 * np.maximum(edge, 0.0))
    depth = (np.arange(1000) + 0.5) / 1000
    for number, concentration in enumerate((5.0, 20.0, 50.0, 100.0, 200.0)):
        rng = np.random.default_rng(number)
        at_405 = 0.83 * concentration / 20.0
        kept = np.mean(10.0 ** -np.outer(depth, at_405 * step), axis=0)
        raw = noisy(line(50_000.0) * kept, rng)
        result = correct_cuvette(
            NM,
            raw,
            excitation_absorbance=at_405,
            emission_absorbance=at_405 * step + 0.003 * rng.normal(size=NM.size),
        )
        found.append(fit_peak(NM, result.counts).peak_nm or float("nan"))
        raw_nm = fit_peak(NM, raw).peak_nm or float("nan")
    worst = found[int(np.argmax(np.abs(np.array(found) - TRUE_NM)))]
    return [
        Row(id="T17", quantity="5-200 nM corrected, worst peak, nm", value=worst,
            target=TRUE_NM, tolerance=0.1),
        Row(id="T17", quantity="200 nM, raw peak, nm", value=raw_nm, target=522.0, tolerance=0.5),
    ]  # fmt: skip


def precision_rows() -> list[Row]:
    """T18: bias, scatter, and how often the stated interval of 95 % holds the truth."""
    found = []
    for height, scatter_nm in ((5_000, 0.06), (50_000, 0.02)):
        rng = np.random.default_rng(height)
        expected = line(height)
        batch = fit_peaks(NM, np.array([noisy(expected, rng) for _ in range(5000)]))
        error = batch.peak_nm - TRUE_NM
        held = 100 * float(np.mean(np.abs(error) < 1.96 * batch.peak_nm_se))
        what = f"peak at {height} counts"
        found += [
            Row(id="T18", quantity=f"{what}: bias, nm", value=float(np.mean(error)),
                target=0.0, tolerance=0.05),
            Row(id="T18", quantity=f"{what}: scatter, nm", value=float(np.std(error)),
                target=0.65 * scatter_nm, tolerance=0.65 * scatter_nm),
            Row(id="T18", quantity=f"{what}: within the stated 95 %, %", value=held,
                target=95.0, tolerance=2.0),
        ]  # fmt: skip
    return found


def endpoint_rows() -> list[Row]:
    """T19: the plateau rule on the reference run with 0.05 nm of noise, sixty trials."""
    time_s = np.arange(0.0, 240 * 60, 10.0)
    peak = np.interp(time_s / 60, 10.0 * np.arange(len(REFERENCE_NM)), REFERENCE_NM)
    ends = []
    for seed in range(TRIALS):
        noise = 0.05 * np.random.default_rng(seed).normal(size=peak.size)
        rule = PlateauRule()
        points = zip(time_s, peak + noise, strict=True)
        met = (
            at_s / 60
            for at_s, value in points
            if rule.update(TrackPoint(time_s=at_s, peak_nm=value, peak_nm_se=0.05)).met
        )
        ends.append(next(met, float("nan")))
    missed = float(np.sum(np.isnan(ends)))
    early = float(np.sum(np.array(ends) < 60.0))
    return [
        Row(id="T19", quantity=f"{TRIALS} trials: mean stop, min", value=float(np.nanmean(ends)),
            target=162.0, tolerance=15.0),
        Row(id="T19", quantity=f"{TRIALS} trials: missed", value=missed,
            target=0.0, tolerance=0.0),
        Row(id="T19", quantity=f"{TRIALS} trials: before 60 min", value=early,
            target=0.0, tolerance=0.0),
    ]  # fmt: skip


def lamp_rows() -> list[Row]:
    """T21: the lifetime law L0^n T50 of a diode, from two brightnesses."""
    law = fit_power_law([100.0, 1_070.0, 11_500.0], [694 * 60.0, *middle_and_last()])
    area_cm2 = 6.0 / 150.0
    return [
        Row(id="T21", quantity="LED: n of L0^n T50", value=-float(law.exponent or np.nan),
            target=1.693, tolerance=0.005),
        Row(id="T21", quantity="LED: area of 6 mA at 150 mA/cm², cm²", value=area_cm2,
            target=0.040, tolerance=0.0005),
    ]  # fmt: skip


def middle_and_last() -> tuple[float, float]:
    """Return T50 in min at 1070 cd/m², on the line between the two that are known, and the last."""
    share = np.log(1_070.0 / 100.0) / np.log(115.0)
    return float((694 * 60.0) ** (1 - share) * 13.5**share), 13.5


def formula_rows() -> list[Row]:
    """T22 to T24: diffusion, energy transfer, quality factor."""
    sharp = quality_factor(535.0, 1.4, instrument_fwhm_nm=1.4)
    return [
        Row(id="T22", quantity="diffusion 200 nm, 0.5 cm²/s: lifetime, ns",
            value=diffusion_lifetime_ns(200.0, 0.5), target=0.80, tolerance=1e-9),
        Row(id="T23", quantity="FRET 74 %: lifetime ratio", value=fret_lifetime_ratio(0.74),
            target=0.26, tolerance=1e-9),
        Row(id="T23", quantity="FRET 74 %: r/R0", value=fret_distance_ratio(0.74),
            target=0.840, tolerance=0.0005),
        Row(id="T24", quantity="Q 2000 at 535 nm: width, nm", value=linewidth_nm(535.0, 2000.0),
            target=0.268, tolerance=0.001),
        Row(id="T24", quantity="1.4 nm unit: largest Q", value=float(sharp.most_quality or np.nan),
            target=382.0, tolerance=0.5),
        Row(id="T24", quantity="1.4 nm unit: resolution-limited", value=sharp.resolution_limited,
            target=1.0, tolerance=0.0),
    ]  # fmt: skip


def quantum_yield_rows() -> list[Row]:
    """T26 and T28: dilutions of a sample against those of a reference."""
    absorbance = np.array([0.02, 0.04, 0.06, 0.08, 0.1])
    rng = np.random.default_rng(26)

    def photons(quantum_yield: float, at: np.ndarray, index: float) -> np.ndarray:
        ideal = 1e6 * quantum_yield * (1 - 10.0**-at) / index**2
        return np.asarray(ideal * (1 + 0.003 * rng.normal(size=at.size)))

    def measured(truth: float, **settings: str) -> float:
        result = relative_quantum_yield(
            sample_absorbance=absorbance,
            sample_photons=photons(truth, absorbance, 1.497),
            reference_absorbance=absorbance,
            reference_photons=photons(0.93, absorbance, 1.333),
            reference_quantum_yield=0.93,
            **settings,  # type: ignore[arg-type]
        )
        return float(result.quantum_yield or np.nan)

    strong = np.array([0.1])
    single = relative_quantum_yield(
        sample_absorbance=strong,
        sample_photons=0.7 * strong * np.log(10.0) / 1.497**2,
        reference_absorbance=strong,
        reference_photons=0.93 * (1 - 10.0**-strong) / 1.333**2,
        reference_quantum_yield=0.93,
    )
    excess = 100 * (float(single.quantum_yield or np.nan) / 0.7 - 1)
    return [
        Row(id="T26", quantity="quantum yield of 0.70", value=measured(0.70),
            target=0.70, tolerance=0.014),
        Row(id="T26", quantity="linear absorbance at 0.1: excess, %", value=excess,
            target=12.0, tolerance=0.5),
        Row(id="T28", quantity="quantum yield of 0.91 reproduced", value=measured(0.91),
            target=0.91, tolerance=0.02),
    ]  # fmt: skip
