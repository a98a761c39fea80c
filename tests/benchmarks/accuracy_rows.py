"""The accuracy of the analysis, beside its speed: bias, scatter, coverage, mixture, real series."""

from pathlib import Path

import numpy as np
from table import Row

from plans.analysis import fit_peaks, fit_two_lines, unmix_spectrum
from plans.analysis.spectrum import HC_EV_NM
from plans.importing import read_spectra
from plans.importing.analyse import analyse_series

NM = 350 + 0.318 * np.arange(2048)
TRIALS = 4000
MIXTURES = 60
GROWTH = Path(__file__).parents[1] / "data" / "real-spectra" / "cdse-growth"
SMALLEST_SNR = 20.0


def line(nm, height, centre_nm=515.0, low_ev=0.088 * 1.12, high_ev=0.088 * 0.88):
    """Photons per pixel of a split Gaussian in energy."""
    energy, centre = HC_EV_NM / nm, HC_EV_NM / centre_nm
    away = (energy - centre) / np.where(energy < centre, low_ev, high_ev)
    return height * np.exp(-4 * np.log(2) * away**2) * (energy / centre) ** 2


def top_nm(centre_nm=515.0, high_ev=0.088 * 0.88):
    """Maximum of that line per nm."""
    centre = HC_EV_NM / centre_nm
    return 2 * HC_EV_NM / (centre + np.sqrt(centre**2 + high_ev**2 / np.log(2)))


def noisy(expected, rng, frames=1):
    """Shot noise and 30 counts of read noise."""
    sigma = np.sqrt((1.05 * np.maximum(expected, 0) + 900) / frames)
    return expected + rng.normal(size=expected.size) * sigma


def bound_nm(height):
    """Cramér-Rao bound of the peak with height, widths and a straight baseline free."""
    band = NM[(NM >= 450) & (NM <= 650)]
    at = np.array([height, 515.0, 0.088 * 1.12, 0.088 * 0.88, 0.0, 0.0])
    along = np.linspace(-1, 1, band.size)
    steps = np.diag([1.0, 1e-4, 1e-6, 1e-6, 1.0, 1.0])

    def model(values):
        return line(band, *values[:4]) + values[4] + values[5] * along

    slopes = [(model(at + s) - model(at - s)) / (2 * s.max()) for s in steps]
    tops = [(top_nm(*(at + s)[[1, 3]]) - top_nm(*(at - s)[[1, 3]])) / (2 * s.max()) for s in steps]
    weighed = np.array(slopes) / np.sqrt(1.05 * model(at) + 900)
    return float(np.sqrt(np.array(tops) @ np.linalg.inv(weighed @ weighed.T) @ np.array(tops)))


def peak_rows() -> list[Row]:
    """Bias, scatter over its bound, and coverage of the stated 95 %, behind a slit of 1.4 nm."""
    slit = np.exp(-4 * np.log(2) * (0.318 * np.arange(-12, 13) / 1.4) ** 2)
    found = []
    for height in (500, 5_000, 50_000):
        rng = np.random.default_rng(height)
        expected = np.convolve(line(NM, 1.0), slit / slit.sum(), "same")
        expected *= height / expected.max()
        batch = fit_peaks(NM, np.array([noisy(expected, rng) for _ in range(TRIALS)]))
        error = batch.peak_nm - top_nm()
        held = 100 * np.mean(np.abs(error) < 1.96 * batch.peak_nm_se)
        scatter = float(np.std(error))
        found += [
            Row(name=f"bias_{height}", value=abs(float(np.mean(error))), unit="nm", kind="value",
                goal=0.05),
            Row(name=f"scatter_{height}", value=scatter, unit="nm", baseline=bound_nm(height),
                kind="cost", goal=1.2),
            Row(name=f"coverage_off_95_{height}", value=abs(float(held) - 95.0), unit="%",
                kind="value", goal=2.0),
        ]  # fmt: skip
    return found


def mixture_rows() -> list[Row]:
    """10 % of wires 5 nm away at 2000 counts, the axis off by 0.3 nm, four frames together."""
    lines = (NM > 450) & (NM < 600)

    def mixed(nm, wires):
        blue, red = line(nm, 1.0), line(nm, 1.0, 520.0)
        share = wires * blue.sum() / (wires * blue.sum() + (1 - wires) * red.sum())
        return 2000.0 * ((1 - share) * blue + share * red)

    shares, free = [], []
    for seed in range(MIXTURES):
        rng = np.random.default_rng(seed)
        frame = noisy(mixed(NM - 0.3, 0.10), rng, 4)[lines]
        first, end = (noisy(mixed(NM, wires), rng, 10)[lines] for wires in (0.0, 1.0))
        nm = NM[lines]
        read = unmix_spectrum(nm, frame, first_counts=first, end_counts=end).end_fraction
        shares.append(np.nan if read is None else read)
        best = fit_two_lines(nm, frame).best_red_fraction
        free.append(np.nan if best is None else best)
    kind = {"unit": "", "kind": "value"}
    return [
        Row(name="mixture_bias", value=abs(float(np.mean(shares)) - 0.1), goal=0.01, **kind),
        Row(name="mixture_scatter", value=float(np.std(shares)),
            baseline=float(np.nanstd(free)), goal=0.02, **kind),
    ]  # fmt: skip


def parabola_nm(nm, counts):
    """Top of a parabola through 8 nm to each side of the maximum."""
    centre = nm[np.argmax(np.convolve(counts, np.ones(3) / 3, mode="same"))]
    for _ in range(4):
        near = np.abs(nm - centre) <= 8.0
        curve, tilt, _ = np.polyfit(nm[near] - centre, counts[near], 2)
        centre -= tilt / (2 * curve)
    return float(centre)


def real_row() -> Row:
    """The peak of every measured spectrum against a parabola through its top."""
    apart = [0.0]
    for path in sorted(GROWTH.glob("*emission.csv")):
        for item in analyse_series(read_spectra(path)):
            if item.peak.snr > SMALLEST_SNR and item.peak.peak_nm is not None:
                top = parabola_nm(item.spectrum.wavelength_nm, item.spectrum.counts)
                apart.append(abs(item.peak.peak_nm - top))
    return Row(name="real_series_worst", value=max(apart), unit="nm", kind="value", goal=0.5)


def rows() -> list[Row]:
    """Measure everything."""
    return [*peak_rows(), *mixture_rows(), real_row()]
