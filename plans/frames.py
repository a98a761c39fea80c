"""A series of PL frames: dark, probe, actinic, in turn."""

import time
from typing import Any

from bluesky.utils import Msg, MsgGenerator

from instruments.light_sources.emission import Emission
from instruments.light_sources.light_source import LightSource
from instruments.spectrometers.spectrometer import Spectrometer
from plans.analysis import TrackPoint
from plans.live.tracker import PLTracker
from plans.progress import Note, Progress
from plans.stubs import dark, expose, save_event, set_and_wait, sleep_until

_SETTLE_S = 0.05  # after switching the actinic light off, before a dark or a probe spectrum
_LATE_S = 5.0  # a frame this much too late means that the run was paused


class PLSeries:
    """Takes PL frames in probe light, tracks them and keeps their cadence.

    A frame is an event in "primary" (raw counts, light, phase) followed by one in "tracked" (peak
    with its uncertainty, width, area, dose). Dark spectra go to "dark" and are renewed when they
    are old.

    Args:
        spectrometer: Takes the spectra.
        light: Gives probe and actinic light.
        probe: What the sample is looked at with.
        tracker: Turns events into tracked quantities; must receive the run's documents.
        dark_every_s: Age at which the dark spectrum is renewed, s.
    """

    def __init__(
        self,
        spectrometer: Spectrometer,
        light: LightSource,
        *,
        probe: Emission,
        tracker: PLTracker,
        dark_every_s: float = 600.0,
    ) -> None:
        self.progress = Progress()
        self.paused_s = 0.0
        self._spectrometer = spectrometer
        self._light = light
        self._probe = probe
        self._tracker = tracker
        self._dark_every_s = dark_every_s
        self._dark_taken_s = float("-inf")
        self._start_s: float | None = None
        self._doses = tuple(f"{light.name}_{key}" for key in ("dose_j_cm2", "probe_dose_j_cm2"))
        self._dose = self._dose_note("dose", 0.0, 0.0)

    def dark_frame(self) -> MsgGenerator[None]:
        """Take a dark spectrum; the light is off afterwards."""
        yield from self._darken()
        yield from self._expose()
        yield from save_event("dark", self._spectrometer)
        self._dark_taken_s = time.monotonic()

    def frame(self) -> MsgGenerator[TrackPoint]:
        """Take one PL frame; the probe light is on afterwards.

        The checkpoints are such that a pause repeats either the whole frame or nothing of it.

        Returns:
            The frame as the endpoint rules see it.
        """
        yield Msg("checkpoint")
        if time.monotonic() - self._dark_taken_s >= self._dark_every_s:
            yield from self.dark_frame()
        else:
            yield from self._darken()
        yield from set_and_wait(self._light, self._probe)
        self._note_time()
        yield from self._expose()
        values = yield from save_event("primary", self._spectrometer, self._light, self.progress)
        yield Msg("checkpoint")
        self._dose.update({key: values[key] for key in self._doses})
        return self._point(values)

    def elapsed_s(self) -> float:
        """Return the time since the first frame without the pauses, s."""
        start_s = time.monotonic() if self._start_s is None else self._start_s
        return time.monotonic() - start_s - self.paused_s

    def publish(self) -> MsgGenerator[None]:
        """Write what the tracker made of the last frame into the run."""
        yield from save_event("tracked", self._tracker, self.progress, self._dose)
        yield Msg("checkpoint")

    def note_dose(self) -> MsgGenerator[None]:
        """Write the final dose, which counts the light after the last frame, too."""
        if self._start_s is None:
            return  # the sample has had no light
        now_s, ledger = time.monotonic(), self._light.ledger
        total, probe = ledger.dose_j_cm2(now_s), ledger.dose_j_cm2(now_s, purpose="probe")
        yield from save_event("closing", self._dose_note("closing", total, probe))

    def wait(self, deadline_s: float) -> MsgGenerator[float]:
        """Wait for the next frame; a pause of the run moves the cadence, it is not caught up.

        Args:
            deadline_s: When the frame is due, s of ``time.monotonic()``.

        Returns:
            When it was really due, s: later by the length of a pause.
        """
        late_s = yield from sleep_until(deadline_s)
        if late_s < _LATE_S:
            return deadline_s
        self.paused_s += late_s
        return deadline_s + late_s

    def _dose_note(self, name: str, total: float, probe: float) -> Note:
        values: dict[str, str | int | float] = dict(zip(self._doses, (total, probe), strict=True))
        return Note(name, values, dict.fromkeys(self._doses, "J/cm²"))

    def _darken(self) -> MsgGenerator[None]:
        yield from dark(self._light)
        yield Msg("sleep", None, _SETTLE_S)

    def _expose(self) -> MsgGenerator[None]:
        self._spectrometer.discard_next()  # the light has changed: what is under way is stale
        yield from expose(self._spectrometer)

    def _note_time(self) -> None:
        now_s = time.monotonic()
        if self._start_s is None:
            self._start_s = now_s
        self.progress.elapsed_s = round(now_s - self._start_s, 6)
        self.progress.frame += 1

    def _point(self, values: dict[str, Any]) -> TrackPoint:
        tracked = self._tracker.latest
        if tracked is None:
            raise RuntimeError(
                "the PL tracker has seen no spectrum; subscribe it to the run before it starts"
            )
        peak = tracked.peak
        return TrackPoint(
            time_s=self.progress.elapsed_s - self.paused_s,
            peak_nm=peak.peak_nm,
            peak_nm_se=peak.peak_nm_se,
            fwhm_nm=peak.fwhm_nm,
            area=peak.area,
            snr=peak.snr,
            dose_j_cm2=float(values[self._doses[0]]),
            flags=tracked.flags,
        )
