"""The run that the live panel shows, gathered from messages."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gui import messages
from gui.messages import Spectrum
from gui.presenters.numbers import duration, plain, with_error, with_unit
from gui.presenters.tracks import Tracks
from gui.presenters.waterfall import WaterfallRing

_EMPTY: Spectrum = np.empty(0, dtype=np.float32)
_ENDPOINT = "endpoint_"
_STALE_DARK_S = 900.0


@dataclass(frozen=True, kw_only=True)
class RuleRow:
    """A line of the endpoint card: rule, its words, progress from 0.0 to 1.0."""

    rule: str
    text: str
    progress: float


@dataclass(frozen=True, kw_only=True)
class Badge:
    """A warning beside the plots: two words, and what they mean."""

    text: str
    meaning: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number of the strip below the plots."""

    label: str
    text: str


_FLAG_BADGES: Mapping[str, Badge] = {
    "saturated": Badge(text="saturated", meaning="The detector is at its limit; shorten the "
                       "integration time or weaken the probe light"),
    "no_peak": Badge(text="no peak", meaning="There is no photoluminescence line in the band"),
    "low_snr": Badge(text="weak signal", meaning="The line hardly stands out of the noise"),
    "poor_fit": Badge(text="poor fit", meaning="One line does not describe the band: a shoulder "
                      "or a second population"),
    "leak": Badge(text="excitation leak", meaning="Scattered excitation outshines the sample"),
    "edge": Badge(text="line at the edge", meaning="The line is cut by the end of the band"),
    "spike": Badge(text="spikes", meaning="Single pixels stood out and were left out of the fit"),
    "broad": Badge(text="broad", meaning="What stands out is wider than a photoluminescence line"),
    "no_dark": Badge(text="no dark", meaning="No fresh dark spectrum was subtracted"),
}  # fmt: skip


class RunView:
    """Keeps what the plots need; knows when something has changed."""

    def __init__(self) -> None:
        self.clear()
        self.is_dirty = False

    def clear(self) -> None:
        """Forget the run before."""
        self.axis_nm: Spectrum = _EMPTY
        self.now: Spectrum = _EMPTY
        self.first: Spectrum = _EMPTY
        self.curve: Spectrum = _EMPTY
        self.residual: Spectrum = _EMPTY
        self.fit_text = ""
        self.number = 0
        self.ring = WaterfallRing()
        self.tracks = Tracks()
        self.opened: messages.RunOpened | None = None
        self.closed: messages.RunClosed | None = None
        self.phase = ""
        self.elapsed_s = 0.0
        self.notes: list[tuple[float, str]] = []
        self.texts: dict[str, messages.Scalar] = {}
        self.is_dirty = True
        self._frames: dict[int, Spectrum] = {}
        self._has_dark = False
        self._peak_share: float | None = None

    # -- messages

    def take(self, message: object) -> None:
        """Take a message; those that are not about a run are passed over."""
        if isinstance(message, messages.Frame):
            self._frame(message)
        elif isinstance(message, messages.Values):
            self._values(message)
        elif isinstance(message, messages.Fit):
            self._fit(message)
        elif isinstance(message, messages.Axis):
            self._set_axis(message)
        elif isinstance(message, messages.RunOpened):
            self._open(message)
        elif isinstance(message, messages.RunClosed):
            self.closed = message
        else:
            return
        self.is_dirty = True

    def _open(self, message: messages.RunOpened) -> None:
        self.clear()
        self.opened = message

    def _set_axis(self, message: messages.Axis) -> None:
        if np.array_equal(self.axis_nm, message.wavelength_nm):
            return
        self.axis_nm = message.wavelength_nm
        self.now = self.first = self.curve = self.residual = _EMPTY
        self.ring.clear(self.axis_nm)

    def _frame(self, message: messages.Frame) -> None:
        self.now, self.number = message.counts_s, message.number
        if self.first.size != self.now.size:
            self.first = self.now
        self._frames[message.number] = message.counts_s
        if len(self._frames) > 64:  # the fit lags by a few frames at most
            del self._frames[next(iter(self._frames))]
        self._has_dark, self._peak_share = message.has_dark, message.peak_share
        self.ring.add(message.number, message.time_s, message.counts_s)

    def _fit(self, message: messages.Fit) -> None:
        frame = self._frames.get(message.number)
        self.fit_text = message.text
        if frame is not None and message.curve.size == frame.size:
            self.curve, self.residual = message.curve, frame - message.curve
        else:
            self.curve = self.residual = _EMPTY

    def _values(self, message: messages.Values) -> None:
        values = message.values
        if message.stream == "notes":
            self.notes.append((message.time_s, str(values.get("note", ""))))
            return
        if message.stream == "tracked":
            self.tracks.add(message.time_s, values, message.units)
            self.texts.update({k: v for k, v in values.items() if isinstance(v, str)})
            self.phase = str(values.get("phase", self.phase))
            self.elapsed_s = message.time_s
        elif message.stream == "ending":
            self.notes.append((message.time_s, str(values.get("ending_text", ""))))
        elif "tracker_peak_nm" not in self.tracks.names and message.stream == "primary":
            self.tracks.add(message.time_s, values, message.units)
            self.elapsed_s = message.time_s

    # -- what is shown

    @property
    def opened_uid(self) -> str:
        """Unique id of the run, "" when there was none yet."""
        return "" if self.opened is None else self.opened.uid

    def why_empty(self) -> str:
        """Say why there is no spectrum to see, "" when there is one."""
        if self.now.size:
            return ""
        if self.opened is None:
            return "No spectrum yet: press Run, or take a spectrum in the Bench panel"
        if self.closed is not None:
            return f"The run ended without a spectrum: {self.closed.reason or 'no reason given'}"
        return "The run has begun; the first spectrum comes after the preparation"

    def rules(self) -> tuple[RuleRow, ...]:
        """Return where the endpoint rules stand, the nearest to its end first."""
        rows = [
            RuleRow(
                rule=name.removeprefix(_ENDPOINT),
                text=str(text),
                progress=self.tracks.last(f"{name}_progress"),
            )
            for name, text in self.texts.items()
            if name.startswith(_ENDPOINT) and text
        ]
        return tuple(sorted(rows, key=lambda row: -row.progress))

    def badges(self) -> tuple[Badge, ...]:
        """Return what is wrong with the last spectrum."""
        flags = str(self.texts.get("tracker_flags", "")).split(",")
        found = [_FLAG_BADGES[flag] for flag in flags if flag in _FLAG_BADGES]
        if (
            self._peak_share is not None
            and self._peak_share > 0.9
            and not any(badge.text == "saturated" for badge in found)
        ):
            found.append(
                Badge(
                    text=f"{self._peak_share:.0%} of full scale",
                    meaning="The detector is near its limit",
                )
            )
        return tuple(found)

    def peak_text(self) -> str:
        """Return the peak with its uncertainty."""
        peak_nm = self.tracks.last("tracker_peak_nm")
        error_nm = self.tracks.last("tracker_peak_nm_se")
        return with_unit(with_error(peak_nm, error_nm), "nm") if peak_nm == peak_nm else ""

    def figures(self) -> tuple[Figure, ...]:
        """Return the numbers of the strip: time, peak, width, dose and whatever else there is."""
        rows = [Figure(label="elapsed", text=duration(self.elapsed_s))]
        if self.phase:
            rows.append(Figure(label="phase", text=self.phase.replace("_", " ")))
        peak = self.peak_text()
        if peak:
            rows.append(Figure(label="peak", text=peak))
        for name in self.tracks.names:
            label = _figure_label(name)
            value = self.tracks.last(name)
            if label and value == value:
                rows.append(
                    Figure(
                        label=label,
                        text=with_unit(plain(value, 4), self.tracks.units.get(name, "")),
                    )
                )
        return tuple(rows)


_SHOWN = {
    "tracker_fwhm_nm": "FWHM",
    "tracker_snr": "signal to noise",
    "probe_dose_j_cm2": "of it probe",
    "dose_j_cm2": "dose",
    "absorbed_photons": "absorbed photons",
    "temperature_degc": "temperature",
    "volume_ul": "volume",
    "mass_g": "mass",
}


def _figure_label(name: str) -> str:
    return next((label for ending, label in _SHOWN.items() if name.endswith(ending)), "")
