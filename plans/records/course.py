"""A recorded run as arrays over time: spectra, tracked quantities, light."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from plans.records.arrays import Array
from plans.records.run import Run

PRIMARY, TRACKED, DARK, ENDING = "primary", "tracked", "dark", "ending"
NOTES, METER, CLOSING = "notes", "meter", "closing"
SPECTRUM_ENDING = "_spectrum_counts"
MARGIN_NM = (45.0, 60.0)  # shown below the bluest and above the reddest peak
BAND_NM = (450.0, 650.0)  # shown when no peak was found
MORE = (
    *("corrected_peak_nm", "corrected_peak_nm_se", "moment_fwhm_nm", "centroid_nm", "asymmetry"),
    *("shoulder", "cie_x", "cie_y", "rec2020_distance", "scatter_ratio", "end_fraction"),
)  # beside the quantities that every run has


@dataclass(frozen=True, kw_only=True)
class Spectra:
    """The spectra of the primary stream.

    Attributes:
        wavelength_nm: Wavelength of each pixel; the pixel number when it was not recorded.
        has_wavelength: False when ``wavelength_nm`` holds pixel numbers.
        raw_counts: As recorded, frames x pixels.
        counts: Dark subtracted where a dark spectrum of the same integration time exists.
        has_dark: For each frame, True when a dark spectrum was subtracted.
        units: Unit of the counts.
    """

    wavelength_nm: Array
    has_wavelength: bool
    raw_counts: Array
    counts: Array
    has_dark: Array
    units: str


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What the plan said of its own end.

    Attributes:
        rule: Such as "plateau", "dose" or "operator".
        text: The rule's words.
        elapsed_s: When, s after the start.
        seq_num: Number of the spectrum that triggered it; None when it was none.
    """

    rule: str
    text: str
    elapsed_s: float
    seq_num: int | None


@dataclass(frozen=True, kw_only=True)
class Course:
    """A run over time; every array has one row per frame, NaN where there is no value.

    Attributes:
        seq_num: Number of the frame in its stream.
        time_s: Time after the start.
        phase: "baseline", "exposure", "dark_tail" or "".
        spectra: The spectra, None when none was recorded.
        peak_nm: Peak of the photoluminescence.
        peak_nm_se: Its standard uncertainty from the fit.
        peak_ev: The same peak as photon energy.
        fwhm_nm: Full width at half maximum.
        area: Area of the peak.
        snr: Ratio of signal to noise.
        flags: Names of what is wrong with each frame, separated by commas.
        dose_j_cm2: Dose since the start, all light.
        probe_dose_j_cm2: The share of it that only served to look.
        on_time_s: Time the light was on.
        tracked_count: Number of tracked events; 0 when nothing was tracked.
        ending: What ended the run, None when the plan did not say.
        notes: What plan and operator noted: time after the start in s, text.
        checked_mw_cm2: Irradiance that a power meter read before the run, NaN without one.
        final_dose_j_cm2: Dose when all was off again, NaN when the run could not say.
        final_probe_dose_j_cm2: The share of that which only served to look.
        more: What else was tracked, by name: colour, second width, corrected peak, scatter, share
            of the end spectrum.
    """

    seq_num: Array
    time_s: Array
    phase: Array
    spectra: Spectra | None
    peak_nm: Array
    peak_nm_se: Array
    peak_ev: Array
    fwhm_nm: Array
    area: Array
    snr: Array
    flags: Array
    dose_j_cm2: Array
    probe_dose_j_cm2: Array
    on_time_s: Array
    tracked_count: int
    ending: Ending | None
    notes: tuple[tuple[float, str], ...]
    checked_mw_cm2: float
    final_dose_j_cm2: float = float("nan")
    final_probe_dose_j_cm2: float = float("nan")
    more: Mapping[str, Array] = field(default_factory=dict)

    @property
    def is_valid(self) -> Array:
        """For each frame, True when it has a peak."""
        return np.isfinite(self.peak_nm)

    @property
    def mean_irradiance_mw_cm2(self) -> Array:
        """Irradiance before each frame, from the dose between two: what the sample received.

        A reading at the frame itself would give the light that the spectrum was taken in.
        """
        if len(self.dose_j_cm2) < 2:
            return np.full(len(self.dose_j_cm2), np.nan)
        step_s = np.diff(self.time_s)
        step_s[step_s <= 0] = np.nan
        return np.concatenate([[np.nan], 1000 * np.diff(self.dose_j_cm2) / step_s])

    @property
    def shown_band_nm(self) -> tuple[float, float]:
        """Wavelengths worth showing: the peaks and their feet, not the exciting light."""
        peaks = self.peak_nm[self.is_valid]
        if not peaks.size:
            return BAND_NM
        return float(peaks.min()) - MARGIN_NM[0], float(peaks.max()) + MARGIN_NM[1]


def read_course(run: Run) -> Course:
    """Arrange the documents of a run as arrays over time.

    Args:
        run: The run; streams and keys that it lacks give NaN.
    """
    primary, tracked = run.table(PRIMARY), run.table(TRACKED)
    frames = primary or tracked
    count = len(frames.get("seq_num", ()))
    seq_num = frames.get("seq_num", np.empty(0, dtype=np.int64))
    rows = _rows_of(seq_num, tracked.get("seq_num", np.empty(0, dtype=np.int64)))
    tracker = _prefix(tracked, "_peak_nm", "_peak_nm_se")
    light = _prefix(primary, "_dose_j_cm2", "_irradiance_mw_cm2") or _prefix(tracked, "_dose_j_cm2")

    def of_tracker(name: str) -> Array:
        return _picked(tracked.get(f"{tracker}_{name}"), rows)

    def of_light(name: str) -> Array:
        key = f"{light}_{name}"
        in_primary = primary.get(key, np.full(count, np.nan))
        # The tracked event comes after the frame, so that its ledger is the later one.
        return np.asarray(np.fmax(in_primary, _picked(tracked.get(key), rows)))

    return Course(
        seq_num=seq_num,
        time_s=_elapsed_s(frames, float(run.start["time"])),
        phase=_texts(primary.get("phase"), count),
        spectra=_spectra(run, primary),
        peak_nm=of_tracker("peak_nm"),
        peak_nm_se=of_tracker("peak_nm_se"),
        peak_ev=of_tracker("peak_ev"),
        fwhm_nm=of_tracker("fwhm_nm"),
        area=of_tracker("area"),
        snr=of_tracker("snr"),
        flags=_texts(_picked_texts(tracked.get(f"{tracker}_flags"), rows), count),
        dose_j_cm2=of_light("dose_j_cm2"),
        probe_dose_j_cm2=of_light("probe_dose_j_cm2"),
        on_time_s=of_light("on_time_s"),
        tracked_count=len(tracked.get("seq_num", ())),
        ending=_ending(run),
        notes=_notes(run),
        checked_mw_cm2=_checked_mw_cm2(run),
        final_dose_j_cm2=_last(run.table(CLOSING).get(f"{light}_dose_j_cm2")),
        final_probe_dose_j_cm2=_last(run.table(CLOSING).get(f"{light}_probe_dose_j_cm2")),
        more={name: of_tracker(name) for name in MORE if f"{tracker}_{name}" in tracked},
    )


def _prefix(table: Mapping[str, Any], *endings: str) -> str:
    """Return the name of the device that has keys with all the endings, "" when none has."""
    for key in table:
        name = key.removesuffix(endings[0])
        if name != key and all(f"{name}{ending}" in table for ending in endings):
            return name
    return ""


def _rows_of(seq_num: Array, tracked_seq_num: Array) -> Array:
    """Return the tracked row of each frame, -1 where a frame was not tracked."""
    if np.array_equal(seq_num, tracked_seq_num):  # also where a number came twice
        return np.arange(len(seq_num))
    row_of = {int(number): row for row, number in enumerate(tracked_seq_num)}
    return np.array([row_of.get(int(number), -1) for number in seq_num], dtype=np.int64)


def _picked(column: Array | None, rows: Array) -> Array:
    if column is None or column.dtype == object:
        return np.full(len(rows), np.nan)
    return np.where(rows >= 0, column[rows], np.nan)


def _picked_texts(column: Array | None, rows: Array) -> Array | None:
    return None if column is None else np.array([column[r] if r >= 0 else "" for r in rows])


def _texts(column: Array | None, count: int) -> Array:
    values = [""] * count if column is None else [str(v) if v is not None else "" for v in column]
    return np.array(values, dtype=object)


def _elapsed_s(table: Mapping[str, Array], start_s: float) -> Array:
    elapsed_s = table.get("elapsed_s")
    if elapsed_s is not None and np.isfinite(elapsed_s).all():
        return elapsed_s
    return table["time"] - start_s if table else np.empty(0)


def spectrum_key(table: Mapping[str, Array]) -> str | None:
    """Return the data key of the spectra, None when there is none.

    Args:
        table: The columns of a stream.
    """
    keys = [key for key, column in table.items() if column.ndim == 2]
    named = [key for key in keys if key.endswith(SPECTRUM_ENDING)]
    return next(iter(named or keys), None)


def _spectra(run: Run, primary: Mapping[str, Array]) -> Spectra | None:
    key = spectrum_key(primary)
    if key is None or not primary[key].shape[1]:
        return None
    device = key.removesuffix(SPECTRUM_ENDING)
    raw_counts = primary[key]
    dark, has_dark = _darks(run.table(DARK), primary, key, device)
    wavelength_nm = _wavelength_nm(run, device, raw_counts.shape[1])
    return Spectra(
        wavelength_nm=np.arange(raw_counts.shape[1]) if wavelength_nm is None else wavelength_nm,
        has_wavelength=wavelength_nm is not None,
        raw_counts=raw_counts,
        counts=raw_counts - dark,
        has_dark=has_dark,
        units=str(run.data_keys(PRIMARY)[key].get("units") or "counts"),
    )


def _wavelength_nm(run: Run, device: str, pixels: int) -> Array | None:
    for configuration in run.configuration(PRIMARY).values():
        found = configuration.get("data", {}).get(f"{device}_wavelength_nm")
        if isinstance(found, list) and len(found) == pixels:
            return np.array(found, dtype=np.float64)
    return None


def _darks(
    darks: Mapping[str, Array], primary: Mapping[str, Array], key: str, device: str
) -> tuple[Array, Array]:
    """Return for each frame the latest dark of its integration time, zero where there is none."""
    spectra = primary[key]
    dark = np.zeros_like(spectra)
    has_dark = np.zeros(len(spectra), dtype=bool)
    if key not in darks or darks[key].shape[1:] != spectra.shape[1:]:
        return dark, has_dark
    exposure = f"{device}_integration_time_s"
    for row, frame_s in enumerate(primary["time"]):
        fits = darks["time"] <= frame_s
        if exposure in primary and exposure in darks:
            fits &= np.isclose(darks[exposure], primary[exposure][row])
        if fits.any():
            dark[row] = darks[key][np.flatnonzero(fits)[-1]]
            has_dark[row] = True
    return dark, has_dark


def _notes(run: Run) -> tuple[tuple[float, str], ...]:
    table = run.table(NOTES)
    texts = [column for column in table.values() if column.dtype == object]
    after_s = table["time"] - float(run.start["time"]) if table else ()
    return tuple(
        (float(time_s), str(text))
        for column in texts
        for time_s, text in zip(after_s, column, strict=True)
    )


def _last(column: Array | None) -> float:
    return float("nan") if column is None or not len(column) else float(column[-1])


def _checked_mw_cm2(run: Run) -> float:
    table = run.table(METER)
    meter = _prefix(table, "_irradiance_mw_cm2", "_power_w")
    return float(table[f"{meter}_irradiance_mw_cm2"][-1]) if meter else float("nan")


def _ending(run: Run) -> Ending | None:
    table = run.table(ENDING)
    if "ending_rule" not in table:
        return None
    seq_num = table.get("ending_seq_num", np.array([np.nan]))[-1]
    elapsed_s = table.get("ending_elapsed_s", np.array([np.nan]))[-1]
    return Ending(
        rule=str(table["ending_rule"][-1]),
        text=str(table.get("ending_text", np.array([""], dtype=object))[-1]),
        elapsed_s=float(elapsed_s),
        seq_num=int(seq_num) if np.isfinite(seq_num) and seq_num > 0 else None,
    )
