"""Runs plans: one engine a run, its records, and what the window hears of it."""

import importlib
import logging
import platform
import threading
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from gui import messages
from gui.host.feed import DocumentFeed
from gui.host.plan_infos import devices_for, plan_info
from gui.host.shown_fit import ShownFit
from instruments.bench import Bench
from instruments.errors import InstrumentError
from instruments.guard import GuardError
from plans.catalogue import EXPERIMENTS, PLANS, check_plan, estimate_s
from plans.engine import Engine, Outcome
from plans.guarding import GuardedRun
from plans.interlocking import Interlocks
from plans.live.light_seen import LightSeen
from plans.open_ends import OpenEndsDesk
from plans.parameters import ParameterError, check_values, describe_plan
from plans.records import LiveAnswer, RecordError, RunIndex, RunRecorder
from plans.samples import SampleStore, SampleStoreError

_LOGGER = logging.getLogger(__name__)
_PACKAGES = ("regrow", "bluesky", "ophyd", "pymeasure", "pyvisa", "pyvisa-py", "numpy", "scipy")
_WORDS: Mapping[str, messages.EngineWord] = {
    "idle": "idle",
    "running": "running",
    "pausing": "pausing",
    "paused": "paused",
    "suspending": "running",
}


class RunDesk:
    """Checks and runs plans on a bench, one at a time.

    Args:
        bench: The bench.
        runs_folder: Where runs are recorded.
        tell: Takes a message for the window.
        md: Metadata of every run.
        extra_plans: Name of a module with further `PLANS`, for benchmarks and tests.
        interlocks: Watches the rules of the bench.
        guard: Makes safe when this process cannot; None where nothing real can be left on.
        open_ends: Keeps what could not be confirmed to be off.
    """

    def __init__(
        self,
        bench: Bench,
        *,
        runs_folder: Path,
        tell: Callable[..., None],
        md: Mapping[str, Any],
        interlocks: Interlocks,
        open_ends: OpenEndsDesk,
        extra_plans: str | None = None,
        guard: GuardedRun | None = None,
    ) -> None:
        self._guard = guard
        self._interlocks = interlocks
        self._open_ends = open_ends
        self.plans = dict(PLANS)
        if extra_plans is not None:
            self.plans.update(importlib.import_module(extra_plans).PLANS)
        self.fit = ShownFit(tell)
        self._bench = bench
        self._runs_folder = runs_folder
        self._tell = tell
        self._md = dict(md)
        self._engine: Engine | None = None
        self._lock = threading.Lock()
        self._is_busy = False
        self._is_barred = False  # a safe stop came before the engine was there
        self._ended = threading.Event()
        self._ended.set()

    @property
    def is_busy(self) -> bool:
        """Whether a run is going on."""
        return self._is_busy

    def infos(self) -> tuple[messages.PlanInfo, ...]:
        """Describe every plan."""
        return tuple(plan_info(plan, self._bench) for plan in self.plans.values())

    def preflight(self, request: messages.Preflight) -> messages.PreflightTable:
        """Check a plan without switching anything."""
        try:
            devices, values = self._arguments(request.plan, request.values)
        except (ParameterError, InstrumentError) as raised:
            return messages.PreflightTable(ticket=request.ticket, error=str(raised))
        if request.plan not in EXPERIMENTS:
            return messages.PreflightTable(ticket=request.ticket, checks=self._interlock_rows())
        checks = check_plan(request.plan, devices, values, runs_folder=self._existing_folder())
        return messages.PreflightTable(
            ticket=request.ticket,
            checks=(
                *(
                    messages.CheckRow(name=check.name, verdict=check.verdict, detail=check.detail)
                    for check in checks
                ),
                *self._interlock_rows(),
            ),
            longest_s=estimate_s(request.plan, devices, values),
        )

    def _interlock_rows(self) -> tuple[messages.CheckRow, ...]:
        """Return a row for every rule that trips, or one that all are closed."""
        trips = self._interlocks.refusals()
        rows = tuple(
            messages.CheckRow(
                name="interlock", verdict="refused", detail=f"{trip.rule.name}: {trip.cause}"
            )
            for trip in trips
        )
        if rows or not self._interlocks.rules:
            return rows
        text = f"all {len(self._interlocks.rules)} are closed"
        return (messages.CheckRow(name="interlocks", verdict="ok", detail=text),)

    def _existing_folder(self) -> Path:
        folder = self._runs_folder.absolute()
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        return folder

    def run(self, request: messages.Run) -> messages.RunEnded:
        """Run a plan to its end; returns what came of it when the bench has been left."""
        with self._lock:
            if self._is_busy:
                refused = _refused(request, "another run is going on; add this one to the queue")
                self._tell(refused)
                return refused
            self._is_busy = True
            self._is_barred = False
            self._ended.clear()
        recorder, seen = RunRecorder(self._runs_folder), LightSeen()
        try:
            outcome, problem = self._run(request, recorder, seen)
            recorder.close()
            not_confirmed = self._open_ends.confirm(seen)
        finally:
            self._is_busy = False
            self._tell(messages.EngineState(word="idle"))
            self._ended.set()
        ended = messages.RunEnded(
            ticket=request.ticket,
            exit_status=outcome.exit_status if outcome else "fail",
            reason=problem or (outcome.reason if outcome else ""),
            folder=_path_of(recorder),
            not_confirmed=not_confirmed,
        )
        self._tell(ended)
        return ended

    def _run(
        self, request: messages.Run, recorder: RunRecorder, seen: LightSeen
    ) -> tuple[Outcome | None, str]:
        try:
            self._open_ends.refuse()
            self._interlocks.refuse()
            plan = self._plan(request.plan, request.values, request.md)
            index = RunIndex(self._runs_folder)
            engine = Engine(
                md={"versions": _versions(), "python": platform.python_version()},
                scan_id_source=index.next_scan_id,
                callbacks=(
                    recorder,
                    seen,
                    self._tell_guard(recorder),
                    LiveAnswer(recorder),
                    DocumentFeed(self._tell, self.fit, lambda: _path_of(recorder)),
                ),
                resumable=True,
            )
        except (ParameterError, InstrumentError, RecordError, TypeError, ValueError) as error:
            return None, str(error)
        engine.on_state = self._note_state
        with engine:
            with self._lock:
                barred = self._is_barred
                self._engine = engine
            try:
                if barred:
                    return None, "stopped before it began"
                if self._guard is not None:
                    self._guard.protect(engine, self._bench)
                self._interlocks.start(engine)
                return engine.run(self._interlocks.remarks.write_into(plan)), ""
            except GuardError as error:
                return None, str(error)
            finally:
                self._engine = None
                self._interlocks.stop()
                if self._guard is not None:
                    self._guard.release()

    def _tell_guard(self, recorder: RunRecorder) -> Callable[[str, Any], None]:
        """Return a callback that names the run's folder to the guard, for its report."""

        def tell(name: str, _: Any) -> None:
            if name == "start" and self._guard is not None and recorder.run_folder is not None:
                self._guard.guard.note_folder(recorder.run_folder.path)

        return tell

    def control(self, request: messages.Control) -> None:
        """Pause, resume, stop or abort the run."""
        engine = self._engine
        if engine is None:
            return
        if request.what == "pause":
            engine.pause()
        elif request.what == "resume":
            self._resume(engine)
        elif request.what == "stop":
            self._tell(messages.EngineState(word="ending"))
            engine.stop()
        else:
            self._tell(messages.EngineState(word="ending"))
            engine.abort(request.reason or "ended by the operator")

    def _resume(self, engine: Engine) -> None:
        """Resume unless a rule of the bench trips."""
        trips = self._interlocks.refusals()
        for trip in trips:
            _LOGGER.warning("not resumed: %s", trip)
        if not trips:
            engine.resume()

    def abort(self, reason: str) -> None:
        """End the run, whatever it is doing; one that is about to begin does not."""
        with self._lock:
            self._is_barred = True
            engine = self._engine
        if engine is not None:
            engine.abort(reason)

    def wait_until_ended(self, timeout_s: float) -> bool:
        """Wait until no run is going on."""
        return self._ended.wait(timeout_s)

    def _note_state(self, new: str) -> None:
        self._tell(messages.EngineState(word=_WORDS.get(new, "ending")))

    def _plan(
        self, name: str, values: Mapping[str, Any], md: Mapping[str, Any] | None = None
    ) -> Any:
        devices, plain = self._arguments(name, values)
        known = {"bench": self._bench.name, **self._sample_card(plain), **self._md, **(md or {})}
        return self.plans[name](**devices, **plain, md=known)

    def _sample_card(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is known of the sample, nothing where nothing is."""
        name = values.get("sample", "")
        try:
            store = SampleStore(self._runs_folder)
            return {"sample_card": store.card(name).as_metadata()} if name in store else {}
        except SampleStoreError as error:  # the experiment can do without its card
            _LOGGER.warning("the run has no sample card: %s", error)
            return {}

    def _arguments(
        self, name: str, values: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return devices and plain values of a plan, checked."""
        if name not in self.plans:
            raise ParameterError(f"there is no plan {name!r}; there are {', '.join(self.plans)}")
        description = describe_plan(self.plans[name])
        device_names = {parameter.name for parameter in description.devices}
        plain = {key: value for key, value in values.items() if key not in device_names}
        wanted = {key: value for key, value in values.items() if key in device_names}
        check_values(description, plain)
        return devices_for(description, self._bench, wanted), plain


def _path_of(recorder: RunRecorder) -> str:
    folder = recorder.run_folder
    return "" if folder is None else str(folder.path.absolute())


def _refused(request: messages.Run, why: str) -> messages.RunEnded:
    return messages.RunEnded(ticket=request.ticket, exit_status="fail", reason=why)


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
