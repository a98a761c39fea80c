"""The run that the live panel shows, gathered from messages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import numpy as np

from gui import messages
from gui.messages import Spectrum
from gui.presenters.badges import Badge, badges_of, uncalibrated
from gui.presenters.numbers import duration, plain, with_error, with_unit
from gui.presenters.rules import RuleProgress, RuleRow
from gui.presenters.tracks import Tracks
from gui.presenters.waterfall import WaterfallRing

_EMPTY: Spectrum = np.empty(0, dtype=np.float32)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number of the strip below the plots."""

    label: str
    text: str


class RunView:
    """Keeps what the plots need; knows when something has changed."""

    def __init__(self) -> None:
        self._states: Mapping[str, messages.DeviceState] = {}
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
        self._rules = RuleProgress()
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
        elif isinstance(message, messages.Devices):
            self._states = message.states
            return  # their age is on the cards; what is drawn here has not changed
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
        self._peak_share = message.peak_share
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
            self._rules.add(message.time_s, values.items())
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
        return self._rules.rows()

    def badges(self) -> tuple[Badge, ...]:
        """Return what is wrong with the last spectrum."""
        today = datetime.now().astimezone().date()
        arguments = {} if self.opened is None else self.opened.arguments
        return badges_of(self.texts, self._peak_share, uncalibrated(self._states, arguments, today))

    def figures(self) -> tuple[Figure, ...]:
        """Return the numbers of the strip: time, peak, width, dose and whatever else there is."""
        rows = [Figure(label="elapsed", text=duration(self.elapsed_s))]
        if self.phase:
            rows.append(Figure(label="phase", text=self.phase.replace("_", " ")))
        names = self.tracks.names
        for ending, label in _SHOWN.items():
            rows += [self._figure(label, name) for name in names if _ending(name) == ending]
        return tuple(row for row in rows if row.text)

    def _figure(self, label: str, name: str) -> Figure:
        """Return a number with its uncertainty, without a text when there is none."""
        value, error = self.tracks.last(name), self.tracks.last(f"{name}_se")
        if value != value:
            return Figure(label=label, text="")
        text = with_error(value, error) if error == error else plain(value, 4)
        return Figure(label=label, text=with_unit(text, self.tracks.units.get(name, "")))


_SHOWN = {
    "tracker_peak_nm": "peak",
    "tracker_corrected_peak_nm": "corrected peak",
    "tracker_fwhm_nm": "FWHM",
    "dose_j_cm2": "dose",
    "probe_dose_j_cm2": "of it probe",
    "absorbed_photons_cm2": "absorbed photons",
    "incident_photons_cm2": "photons",
    "tracker_end_fraction": "end product",
    "antisolvent_fraction": "antisolvent",
    "water_fraction": "water",
    "temperature_degc": "temperature",
    "volume_ul": "volume",
    "mass_g": "mass",
    "tracker_snr": "S/N",
}
"""Endings of columns and what they are called, in the order of the strip."""


@cache
def _ending(name: str) -> str:
    """Return the ending of a column that is shown, the longest that fits, "" for none."""
    return max((each for each in _SHOWN if name.endswith(each)), key=len, default="")
