"""The analysis against a general-purpose fit, in seconds of processor time.

The general-purpose fit is lmfit (install the extra "bench"); without it its rows have no baseline.
"""

import importlib.util

import numpy as np
from table import Row, cost_s

from plans.analysis import fit_peak
from plans.analysis.batch import fit_peaks
from plans.analysis.line import pixel_weights
from plans.live.tracker import PLTracker

HC_EV_NM = 1239.841984
AXIS_NM = 350 + 0.318 * np.arange(2048)
ENERGY_EV = HC_EV_NM / AXIS_NM
ALONG = (AXIS_NM - AXIS_NM.mean()) / np.ptp(AXIS_NM)
BAND = (AXIS_NM >= 450) & (AXIS_NM <= 650)
EVERY = np.ones(AXIS_NM.size, dtype=bool)
WIDTH_EV = 0.088
ROUNDS = 16
NEAR_SYMMETRIC, STRONGLY_ASYMMETRIC = 0.04, 0.4


def shape(energy, position_ev, low_ev, high_ev):
    """Split Gaussian per energy, in counts per pixel."""
    width = np.where(energy < position_ev, low_ev, high_ev)
    away = (energy - position_ev) / width
    return np.exp(-4 * np.log(2) * away**2) * (energy / position_ev) ** 2


def drift(number, asymmetry=0.12):
    """Spectra of a line of 5000 counts that moves by 15 nm, with shot and read noise."""
    rng = np.random.default_rng(7)
    spectra = np.empty((number, AXIS_NM.size))
    widths = WIDTH_EV * (1 + asymmetry), WIDTH_EV * (1 - asymmetry)
    for row, peak_nm in enumerate(np.linspace(505, 520, number)):
        light = 5000 * shape(ENERGY_EV, HC_EV_NM / peak_nm, *widths)
        spectra[row] = light + rng.normal(size=light.size) * np.sqrt(1.05 * light + 900)
    return spectra


class General:
    """The same line with lmfit: one fit from a close guess, without a search and without flags."""

    def __init__(self, pixels) -> None:
        import lmfit

        def line(energy, along, height, position_ev, low_ev, high_ev, offset, slope):
            return height * shape(energy, position_ev, low_ev, high_ev) + offset + slope * along

        self._model = lmfit.Model(line, independent_vars=["energy", "along"])
        self._pixels = pixels
        self._axis = {"energy": ENERGY_EV[pixels], "along": ALONG[pixels]}

    def fit(self, counts, weights=None):
        """Fit a spectrum."""
        counts = counts[self._pixels]
        top = int(np.argmax(np.convolve(counts, np.ones(19) / 19, "same")))
        guess = self._model.make_params(
            height=float(counts[top]),
            position_ev={"value": float(self._axis["energy"][top]), "min": 1.9, "max": 2.8},
            low_ev={"value": 0.09, "min": 0.01, "max": 0.5},
            high_ev={"value": 0.09, "min": 0.01, "max": 0.5},
            offset=0.0,
            slope=0.0,
        )
        weights = None if weights is None else weights[self._pixels]
        return self._model.fit(counts, guess, weights=weights, **self._axis)

    def cost_ms(self, spectra) -> float:
        """Return the time for a spectrum."""
        return 1e3 * cost_s(lambda: [self.fit(counts) for counts in spectra], 1) / len(spectra)


def speed_rows(name: str, asymmetry: float, general: dict[str, General]) -> list[Row]:
    """Batch and single fits of one kind of line.

    What is compared is measured in many short turns, one try of each side in a turn, and the least
    of each counts: a machine that is busy with other things now and then slows all of it.
    """
    spectra = drift(4096, asymmetry)
    few = spectra[::256]
    batch_ms, single_ms, general_ms = [], [], {what: [] for what in general}
    for _ in range(ROUNDS):
        batch_ms.append(1e3 * cost_s(lambda: fit_peaks(AXIS_NM, spectra), 1) / len(spectra))
        one_by_one = cost_s(lambda: [fit_peak(AXIS_NM, counts) for counts in few], 1)
        single_ms.append(1e3 * one_by_one / len(few))
        for what, fit in general.items():
            general_ms[what].append(fit.cost_ms(few))
    rows = []
    for what in ("all", "band"):
        baseline = min(general_ms[what]) if general else None
        kind = {"unit": "ms", "baseline": baseline, "kind": "speedup"}
        rows.append(Row(name=f"batch_{name}_{what}", value=min(batch_ms), goal=150.0, **kind))
        rows.append(Row(name=f"single_{name}_{what}", value=min(single_ms), goal=10.0, **kind))
    return rows


def agreement_rows(general: General) -> list[Row]:
    """Peaks against those of the general fit to the same pixels with the same weights."""
    apart = []
    for asymmetry in (NEAR_SYMMETRIC, STRONGLY_ASYMMETRIC):
        spectra = drift(100, asymmetry)
        found = fit_peaks(AXIS_NM, spectra, resolution_nm=0.0)
        for row, counts in enumerate(spectra):
            line = fit_peak(AXIS_NM, counts, resolution_nm=0.0).line
            fit = general.fit(counts, np.sqrt(pixel_weights(AXIS_NM, line)))
            position, high = fit.best_values["position_ev"], fit.best_values["high_ev"]
            top_ev = 0.5 * (position + np.sqrt(position**2 + high**2 / np.log(2)))
            apart.append(abs(HC_EV_NM / top_ev - found.peak_nm[row]))
    kind = {"unit": "nm", "kind": "value"}
    return [
        Row(name="agreement_p99", value=float(np.quantile(apart, 0.99)), goal=0.001, **kind),
        Row(name="agreement_worst", value=float(np.max(apart)), goal=0.01, **kind),
    ]


def live_row() -> Row:
    """One spectrum from the event to all tracked quantities."""
    tracker = PLTracker()
    tracker("start", {"uid": "run", "time": 0.0})
    tracker("descriptor", {"uid": "d", "name": "primary"})
    spectra = drift(200)
    events = [
        {
            "descriptor": "d",
            "seq_num": number + 1,
            "time": float(number),
            "data": {
                "spectrometer_spectrum_counts": counts,
                "spectrometer_wavelength_nm": AXIS_NM,
            },
            "timestamps": {},
        }
        for number, counts in enumerate(spectra)
    ]

    def follow() -> None:
        for event in events:
            tracker("event", event)
            tracker.read()

    value = 1e3 * cost_s(follow, ROUNDS) / len(events)
    kind = {"unit": "ms", "kind": "value"}
    return Row(name="live_spectrum", value=value, goal=1.0, **kind)


def rows() -> list[Row]:
    """Measure everything."""
    general = {}
    if importlib.util.find_spec("lmfit") is not None:
        general = {"all": General(EVERY), "band": General(BAND)}
    found = []
    for name, asymmetry in (("symmetric", NEAR_SYMMETRIC), ("asymmetric", STRONGLY_ASYMMETRIC)):
        found += speed_rows(name, asymmetry, general)
    if general:
        found += agreement_rows(general["all"])
    spectra = drift(10_000)
    whole_s = cost_s(lambda: fit_peaks(AXIS_NM, spectra))
    kind = {"unit": "s", "kind": "value"}
    return [*found, Row(name="track_10000", value=whole_s, goal=2.0, **kind), live_row()]
