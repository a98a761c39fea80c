"""A series of PL frames: probe and actinic light in turn, a dark when one is due."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from bluesky.protocols import Triggerable
from bluesky.utils import Msg, MsgGenerator

from instruments.light_sources.emission import Emission
from instruments.light_sources.light_source import LightSource
from instruments.power_meters.power_meter import PowerMeter
from instruments.spectrometers.spectrometer import Spectrometer
from instruments.stages.stage import Stage
from plans.analysis import TrackPoint, advise_exposure
from plans.live.end_product import EndProduct
from plans.live.quantities import LiveMeasure
from plans.live.tracker import PLTracker
from plans.logbook import Logbook
from plans.progress import Note, Together
from plans.stubs import dark, expose, move_dark, save_event, set_and_wait, sleep_until

_SETTLE_S = 0.05  # after switching the light off, before a dark spectrum
_LATE_S = 5.0  # a frame this much too late moves the cadence, it is not caught up
_TRIES = 8  # of the search for an integration time


class PLSeries(Logbook):
    """Takes PL frames in probe light, tracks them and keeps their cadence.

    A frame is an event in "primary" (raw counts, light, phase, what else is watched) followed by
    one in "tracked" (peak with its uncertainty, width, area, dose). Dark spectra go to "dark" and
    are renewed when they are old or the exposure has changed.

    Args:
        spectrometer: Takes the spectra.
        light: Gives probe and actinic light.
        probe: What the sample is looked at with.
        watched: Read into every frame, too: a thermostat, a balance, a pump.
        monitor: Reads the lamp with every frame; its drift is taken out of the counts.
        end: Spectrum of the end product, whose share is then followed.
        dark_every_s: Age at which the dark spectrum is renewed, s.

    Attributes:
        tracker: What it makes of the spectra.
        values: All values of the last frame.
        beside: Read into "tracked", too, such as where the endpoint stands; set before the first.
        integration_time_s: Of the next spectrum, s.
    """

    def __init__(
        self,
        spectrometer: Spectrometer,
        light: LightSource,
        *,
        probe: Emission,
        watched: Sequence[Any] = (),
        monitor: PowerMeter | None = None,
        end: EndProduct | None = None,
        dark_every_s: float = 600.0,
    ) -> None:
        super().__init__()
        self.tracker = PLTracker(
            spectrometer=spectrometer.name,
            light=light.name,
            measure=LiveMeasure(end=end),
            lamp_monitor="" if monitor is None else f"{monitor.name}_power_w",
        )
        self.callbacks = (self.tracker,)
        self.values: dict[str, Any] = {}
        self.beside: tuple[Any, ...] = ()
        self._standing: Together | None = None  # all that stands beside the tracker
        self._spectrometer = spectrometer
        self._light = light
        self._probe = probe
        self._watched = tuple(d for d in (*watched, monitor) if d is not None)
        self._dark_every_s = dark_every_s
        self._darks_s: dict[float, float] = {}  # when the dark of an integration time was taken
        self.integration_time_s = float("nan")
        self._start_s: float | None = None
        self._has_begun = False
        self._doses = tuple(f"{light.name}_{key}" for key in ("dose_j_cm2", "probe_dose_j_cm2"))
        self._dose = self._dose_note("dose", 0.0, 0.0)

    # -- the exposure

    def use_integration_time(self, seconds: float) -> MsgGenerator[None]:
        """Set the integration time of the spectra that follow.

        Args:
            seconds: Integration time, s.
        """
        yield from set_and_wait(self._spectrometer.integration_time_s, seconds)
        self.integration_time_s = seconds

    def auto_expose(
        self, *, probe: Emission | None = None, longest_s: float = 10.0, shortest_s: float = 0.006
    ) -> MsgGenerator[float]:
        """Find the integration time at which the PL fills 60 to 80 % of the detector.

        It looks at the PL band only, never at scattered light, backs off by four when something is
        saturated, and begins with a shot that can hardly be too long, so that the search doses the
        sample less than two good frames do.

        Args:
            probe: What the sample is looked at with, the series' own probe if not given.
            longest_s: Longest integration time, s.
            shortest_s: Shortest integration time, s.

        Returns:
            The integration time, s; it is set.
        """
        probe = probe or self._probe
        now_s = self.integration_time_s
        yield from self.use_integration_time(max(shortest_s, min(now_s, longest_s) / 10))
        for _ in range(_TRIES):
            yield from self._look(probe)
            advice = advise_exposure(
                self._axis(),
                self._counts(),
                integration_time_s=self.integration_time_s,
                full_scale_counts=float(self._spectrometer.full_scale_counts.get()),
                excitation_nm=probe.wavelength_nm,
                limits_s=(shortest_s, longest_s),
            )
            if advice.is_settled:
                break
            yield from self.use_integration_time(advice.integration_time_s)
        yield from dark(self._light)
        return self.integration_time_s

    def _look(self, probe: Emission) -> MsgGenerator[None]:
        yield from set_and_wait(self._light, probe)
        yield from self._expose()
        self.values = yield from save_event("pre_shots", self._spectrometer, self._light)

    # -- frames

    def dark_frame(self) -> MsgGenerator[None]:
        """Take a dark spectrum; the light is off afterwards."""
        yield from dark(self._light)
        yield Msg("sleep", None, _SETTLE_S)
        yield from self._expose()
        yield from save_event("dark", self._spectrometer)
        self._darks_s[self.integration_time_s] = time.monotonic()

    def frame(self, probe: Emission | None = None) -> MsgGenerator[TrackPoint]:
        """Take one PL frame; the probe light is on afterwards.

        The checkpoints are such that a pause repeats either the whole frame or nothing of it.

        Args:
            probe: What the sample is looked at with, the series' own probe if not given.

        Returns:
            The frame as the endpoint rules see it.
        """
        yield Msg("checkpoint")
        taken_s = self._darks_s.get(self.integration_time_s, float("-inf"))
        if time.monotonic() - taken_s >= self._dark_every_s:
            yield from self.dark_frame()
        # what was lit before needs no darkness in between: the first spectrum is thrown away
        yield from set_and_wait(self._light, probe or self._probe)
        self._note_time()
        yield from self._expose(self._watched)
        watched = (self._spectrometer, self._light, self.progress, *self._watched)
        self.values = yield from save_event("primary", *watched)
        yield Msg("checkpoint")
        self._dose.update({key: self.values[key] for key in self._doses})
        return self._point(self.values)

    def publish(self) -> MsgGenerator[None]:
        """Write what the tracker made of the last frame into the run."""
        if self._standing is None:
            self._standing = Together("standing", (self.progress, self._dose, *self.beside))
        yield from save_event("tracked", self.tracker, self._standing)
        yield Msg("checkpoint")

    def dark_point(self, probe: Emission | None = None) -> MsgGenerator[TrackPoint]:
        """Take one frame, be dark again and publish it.

        Args:
            probe: What the sample is looked at with, the series' own probe if not given.
        """
        point = yield from self.frame(probe)
        yield from dark(self._light)
        yield from self.publish()
        return point

    def points(
        self, number: int, interval_s: float, *, phase: str | None = None
    ) -> MsgGenerator[list[TrackPoint]]:
        """Take frames at a steady cadence, dark in between.

        Args:
            number: How many.
            interval_s: Time from one to the next, s.
            phase: What the frames are for, as the record names it.
        """
        if phase is not None:
            self.progress.phase = phase
        found = []
        due_s = time.monotonic()
        for _ in range(number):
            due_s = yield from self.wait(due_s)
            found.append((yield from self.dark_point()))
            due_s += interval_s
        return found

    def go_to(self, stage: Stage | None, position: str) -> MsgGenerator[None]:
        """Move to a position with the light off; its name is in every frame that follows.

        Args:
            stage: The stage, or None.
            position: Name of the position.
        """
        yield from move_dark(stage, position, self._light)
        self.progress.position = position if stage is not None else ""

    # -- what the last frame has seen

    def flags(self) -> tuple[str, ...]:
        """Return what is wrong with the last frame."""
        return () if self.tracker.latest is None else self.tracker.latest.flags

    def irradiance_mw_cm2(self) -> float:
        """Return the irradiance of the last frame as it was read back, mW/cm²."""
        return float(self.values[f"{self._light.name}_irradiance_mw_cm2"])

    # -- time and dose

    def elapsed_s(self) -> float:
        """Return the time since the first frame without the pauses, s."""
        start_s = time.monotonic() if self._start_s is None else self._start_s
        return time.monotonic() - start_s - self.progress.paused_s

    def dose_j_cm2(self) -> float:
        """Return the dose of all light since the run began, J/cm²."""
        return self._light.ledger.dose_j_cm2(time.monotonic())

    def probe_dose_j_cm2(self) -> float:
        """Return the part of the dose that came from probing, J/cm²."""
        return self._light.ledger.dose_j_cm2(time.monotonic(), purpose="probe")

    def begin(self) -> MsgGenerator[None]:
        """Be dark, and begin the account of the dose: from here on it is the sample's."""
        yield from dark(self._light)
        yield Msg("stage", self._light)
        self._has_begun = True

    def close(self) -> MsgGenerator[None]:
        """Write the final dose, which counts the light after the last frame, too."""
        if self._has_begun:
            yield Msg("unstage", self._light)
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
        return deadline_s if late_s < _LATE_S else deadline_s + late_s

    # -- inside

    def _dose_note(self, name: str, total: float, probe: float) -> Note:
        values: Mapping[str, float] = dict(zip(self._doses, (total, probe), strict=True))
        return Note(name, values, dict.fromkeys(self._doses, "J/cm²"))

    def _expose(self, watched: Sequence[Any] = ()) -> MsgGenerator[None]:
        self._spectrometer.discard_next()  # the light has changed: what is under way is stale
        yield from expose(self._spectrometer, *(d for d in watched if isinstance(d, Triggerable)))

    def _axis(self) -> Any:
        return self._spectrometer.wavelength_nm.get()

    def _counts(self) -> Any:
        return self.values[f"{self._spectrometer.name}_spectrum_counts"]

    def _note_time(self) -> None:
        now_s = time.monotonic()
        if self._start_s is None:
            self._start_s = now_s
        self.progress.elapsed_s = round(now_s - self._start_s, 6)
        self.progress.frame += 1

    def _point(self, values: dict[str, Any]) -> TrackPoint:
        tracked = self.tracker.latest
        if tracked is None:
            raise RuntimeError(
                "the PL tracker has seen no spectrum; subscribe it to the run before it starts"
            )
        peak = tracked.peak
        return TrackPoint(
            time_s=self.progress.elapsed_s - self.progress.paused_s,
            peak_nm=peak.peak_nm,
            peak_nm_se=peak.peak_nm_se,
            fwhm_nm=peak.fwhm_nm,
            area=peak.area,
            snr=peak.snr,
            dose_j_cm2=float(values[self._doses[0]]),
            flags=tracked.flags,
        )
