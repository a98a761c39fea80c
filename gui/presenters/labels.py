"""What columns are called on axes and in lists."""

from collections.abc import Iterable

_LABELS = {
    "tracker_peak_nm": "peak",
    "tracker_fwhm_nm": "FWHM",
    "tracker_area": "area",
    "tracker_snr": "signal to noise",
    "tracker_corrected_peak_nm": "corrected peak",
    "tracker_end_fraction": "share of the end product",
    "tracker_axis_shift_nm": "shift of the axis",
    "tracker_centroid_nm": "centroid",
    "tracker_peak_ev": "peak",
    "tracker_fwhm_ev": "FWHM",
    "tracker_moment_fwhm_nm": "FWHM of the moments",
    "tracker_scatter_ratio": "scattered light",
    "tracker_excitation_nm": "excitation",
    "tracker_chi2_red": "misfit",
    "absorbed_photons_cm2": "absorbed photons",
    "incident_photons_cm2": "incident photons",
}
_NOT_OFFERED = ("_se", "_progress", "time_s", "elapsed_s", "frame")
_UNITS = {"nm", "cm2", "j", "mw", "ul", "s", "min", "mm", "degc", "g"}


def track_label(name: str) -> str:
    """Return what a column is called on an axis."""
    if name in _LABELS:
        return _LABELS[name]
    words = name.removeprefix("tracker_").split("_")
    while len(words) > 1 and words[-1] in _UNITS:
        words.pop()
    return " ".join(words)


def offered(names: Iterable[str]) -> tuple[str, ...]:
    """Return the columns that may be chosen."""
    return tuple(name for name in names if not name.endswith(_NOT_OFFERED))
