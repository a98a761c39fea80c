"""The analysis against a general-purpose fit, in seconds of processor time.

The general-purpose fit is lmfit (install the extra "bench"); without it its rows have no baseline.
"""

import importlib.util

import numpy as np
from table import Row, cost_s

from plans.analysis import fit_peak
from plans.analysis.batch import fit_peaks

HC_EV_NM = 1239.841984
AXIS_NM = 350 + 0.318 * np.arange(2048)
BAND = (AXIS_NM >= 450) & (AXIS_NM <= 650)


def shape(energy, position_ev, low_ev, high_ev):
    """Split Gaussian per energy, in counts per pixel."""
    width = np.where(energy < position_ev, low_ev, high_ev)
    away = (energy - position_ev) / width
    return np.exp(-4 * np.log(2) * away**2) * (energy / position_ev) ** 2


def drift(number):
    """Spectra of a line of 5000 counts that moves by 15 nm, with shot and read noise."""
    rng = np.random.default_rng(7)
    spectra = np.empty((number, AXIS_NM.size))
    energy = HC_EV_NM / AXIS_NM
    for row, peak_nm in enumerate(np.linspace(505, 520, number)):
        light = 5000 * shape(energy, HC_EV_NM / peak_nm, 0.097, 0.079)
        spectra[row] = light + rng.normal(size=light.size) * np.sqrt(1.05 * light + 900)
    return spectra


def lmfit_cost_s(spectra) -> float | None:
    """Return the time that lmfit takes per spectrum for the same shape, None without lmfit.

    It fits once, in the same band, without weights and from a close guess. `fit_peak` searches,
    fits two or three times with weights that follow the line, and measures width and area.
    """
    if importlib.util.find_spec("lmfit") is None:
        return None
    import lmfit

    def line(energy, along, height, position_ev, low_ev, high_ev, offset, slope):
        return height * shape(energy, position_ev, low_ev, high_ev) + offset + slope * along

    model = lmfit.Model(line, independent_vars=["energy", "along"])
    axis = AXIS_NM[BAND]
    energy, along = HC_EV_NM / axis, (axis - axis.mean()) / np.ptp(axis)

    def fit_all() -> None:
        for counts in spectra[:, BAND]:
            top = int(np.argmax(np.convolve(counts, np.ones(19) / 19, "same")))
            guess = model.make_params(
                height=float(counts[top]),
                position_ev={"value": float(energy[top]), "min": 1.9, "max": 2.8},
                low_ev={"value": 0.09, "min": 0.01, "max": 0.5},
                high_ev={"value": 0.09, "min": 0.01, "max": 0.5},
                offset=0.0,
                slope=0.0,
            )
            model.fit(counts, guess, energy=energy, along=along)

    return cost_s(fit_all) / len(spectra)


def rows() -> list[Row]:
    """Measure everything."""
    spectra = drift(10_000)
    few = spectra[::250]
    lmfit_s = lmfit_cost_s(few)
    lmfit_ms = None if lmfit_s is None else 1e3 * lmfit_s
    whole_s = cost_s(lambda: fit_peaks(AXIS_NM, spectra))
    single_s = cost_s(lambda: [fit_peak(AXIS_NM, counts) for counts in few]) / len(few)
    per_spectrum = {"unit": "ms", "baseline": lmfit_ms, "kind": "speedup"}
    return [
        Row(name="peak_batch", value=1e3 * whole_s / len(spectra), goal=150.0, **per_spectrum),
        Row(name="peak_single", value=1e3 * single_s, goal=1.0, **per_spectrum),
        Row(
            name="track_10000",
            unit="s",
            value=whole_s,
            baseline=None if lmfit_s is None else lmfit_s * len(spectra),
            goal=2.0,
            kind="value",
        ),
    ]
