"""One run from bench file to report, for scripts and commands."""

import contextlib
import logging
import platform
import time
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from instruments.bench import Bench, load_bench
from plans.catalogue import check_plan, find_plan
from plans.engine import Engine, InterruptWatcher, Outcome
from plans.guarding import GuardedRun
from plans.interlocking import Interlocks
from plans.live.light_seen import LightSeen
from plans.live.progress_line import ProgressLine
from plans.open_ends import OpenEndsDesk
from plans.parameters import Parameter, ParameterError, describe_plan, parse_assignments
from plans.preflight import Check, PreflightError, format_checks, require
from plans.records import LiveAnswer, ReactionLog, RunIndex, RunRecorder
from plans.samples import SampleStore, SampleStoreError

_log = logging.getLogger(__name__)
_CTRL_C = "ended by the operator (Ctrl-C)"
_LOOK = "; look at the instrument, then: regrow acknowledge BENCH"
_PACKAGES = ("regrow", "bluesky", "ophyd", "pymeasure", "pyvisa", "pyvisa-py", "numpy", "scipy")


class Session:
    """Loads a bench, runs one plan on it, records it and leaves the bench safe.

    Args:
        bench_file: The bench.
        plan_name: Name of the plan.
        assignments: Parameters as ``name=value`` texts.
        runs_folder: Where the run's folder is made.
        say: Receives sentences for the person.
        progress: Receives a line about every tracked frame, or None.
        guarded: Whether a guard process stands by in real time; see ``instruments.guard``. In
            virtual time there is none: the simulators end with the process.
    """

    def __init__(
        self,
        *,
        bench_file: Path,
        plan_name: str,
        assignments: list[str],
        runs_folder: Path,
        say: Callable[[str], None],
        progress: Callable[[str], None] | None = None,
        guarded: bool = True,
    ) -> None:
        self.bench_file = bench_file
        self.outcome: Outcome | None = None
        self.not_confirmed: list[str] = []
        self._plan = find_plan(plan_name)
        self._description = describe_plan(self._plan)
        values = parse_assignments(self._description, assignments)
        names = {device.name for device in self._description.devices}
        self._wanted = {name: value for name, value in values.items() if name in names}
        self._values = {name: value for name, value in values.items() if name not in names}
        self._runs_folder = runs_folder
        self._say = say
        self._recorder = RunRecorder(runs_folder)
        self._guarded = guarded
        self._guard: GuardedRun | None = None
        self._follower = _Follower(say, progress)
        self._light_seen = LightSeen()
        self._engine: Engine | None = None
        self._bench: Bench | None = None
        self._interrupts = 0
        self._wall_s = 0.0
        self._simulated_s: float | None = None

    def watcher(self) -> InterruptWatcher:
        """Return a context manager that turns Ctrl-C into a safe ending of the run."""
        return InterruptWatcher(self._interrupted)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the run."""
        return self._interrupts > 0

    def run(
        self,
        *,
        addresses: Mapping[str, str] | None = None,
        md: Mapping[str, Any] | None = None,
    ) -> None:
        """Connect, run and make safe; whatever happens, the bench is made safe.

        Args:
            addresses: VISA addresses that replace those of the bench file, by device.
            md: Further metadata of the run.
        """
        wall_s, start_s = time.perf_counter(), time.monotonic()
        with contextlib.ExitStack() as stack:
            bench = load_bench(self.bench_file, addresses=addresses)
            bench.own()
            stack.callback(bench.close)
            if addresses is None:
                self._guard = self._call_guard(stack)
            stack.enter_context(bench)
            self._bench = bench
            kept_file = self.bench_file if addresses is None else None
            open_ends = OpenEndsDesk(bench, kept_file, say=self._say)
            try:
                devices = self._devices(bench)
                checks = self._check(devices)
                self._say(format_checks(checks))
                known = {"bench": bench.name, **self._sample_card(), **(md or {})}
                plan = self._plan(**devices, **self._values, md=known)
                interlocks = Interlocks(bench, self._say, log=ReactionLog(self._runs_folder))
                checks += [
                    Check(name="not confirmed off", verdict="refused", detail=f"{end}{_LOOK}")
                    for end in open_ends.texts()
                ]
                self.outcome = self._refusal(checks, interlocks) or self._run(plan, interlocks)
            finally:
                self.not_confirmed = list(open_ends.confirm(self._light_seen))
                self._bench = None
        self._wall_s = time.perf_counter() - wall_s
        if addresses is not None:
            self._simulated_s = time.monotonic() - start_s

    def check(self, *, addresses: Mapping[str, str] | None = None) -> list[Check]:
        """Connect, return the preflight table and let everything be as it is.

        Args:
            addresses: VISA addresses that replace those of the bench file, by device.
        """
        with load_bench(self.bench_file, addresses=addresses) as bench:
            return self._check(self._devices(bench))

    def _check(self, devices: Mapping[str, Any]) -> list[Check]:
        name = self._description.name
        return check_plan(name, devices, self._values, runs_folder=self._runs_folder)

    def finish(self) -> dict[str, Any]:
        """Write tables, picture and report of the run.

        Returns:
            What a script wants to know: ``run_folder``, ``exit_status``, ``stop_reason``,
            ``dose_j_cm2``, ``peak_start_nm``, ``peak_end_nm``, ``wall_s``, ``simulated_s`` (None
            on a real bench), ``report`` and ``not_confirmed_off``.
        """
        folder = self._recorder.finish()
        outcome = self.outcome
        return {
            "run_folder": None if folder is None else str(folder.path),
            "report": None if folder is None else str(folder.report_html),
            "exit_status": "fail" if outcome is None else outcome.exit_status,
            "stop_reason": self._follower.ending.get("ending_rule")
            or ("" if outcome is None else outcome.reason),
            "stop_text": self._follower.ending.get("ending_text", ""),
            "dose_j_cm2": self._follower.dose_j_cm2,
            "peak_start_nm": self._follower.peaks_nm[0],
            "peak_end_nm": self._follower.peaks_nm[1],
            "frames": self._follower.frames,
            "wall_s": round(self._wall_s, 3),
            "simulated_s": None if self._simulated_s is None else round(self._simulated_s, 3),
            "not_confirmed_off": self.not_confirmed,
        }

    def _call_guard(self, stack: contextlib.ExitStack) -> GuardedRun | None:
        if self._guarded:
            guard = GuardedRun(self.bench_file, folder=self._runs_folder, say=self._say)
            return stack.enter_context(guard)
        self._say(
            "NO GUARD: if this program crashes or is killed, what is on STAYS ON "
            "until you switch it off by hand"
        )
        return None

    def _sample_card(self) -> dict[str, Any]:
        """Return what the store of samples knows of the sample, nothing if it is not there."""
        name = self._values.get("sample", "")
        try:
            store = SampleStore(self._runs_folder)
            return {"sample_card": store.card(name).as_metadata()} if name in store else {}
        except SampleStoreError as error:  # the experiment can do without its card
            self._say(f"note: the run has no sample card: {error}")
            return {}

    def _refusal(self, checks: list[Check], interlocks: Interlocks) -> Outcome | None:
        trips = interlocks.refusals()
        interlocks.note_refused(trips)
        tripped = [Check(name="interlock", verdict="refused", detail=str(trip)) for trip in trips]
        try:
            require(self._description.name, [*checks, *tripped])
        except PreflightError as error:
            return Outcome(exit_status="fail", reason=str(error), error=error, run_uids=())
        return None

    def _run(self, plan: Any, interlocks: Interlocks) -> Outcome:
        index = RunIndex(self._runs_folder)
        engine = Engine(
            md={"versions": _versions(), "python": platform.python_version()},
            scan_id_source=index.next_scan_id,
            callbacks=(
                self._recorder,
                self._follower,
                self._light_seen,
                self._tell_guard,
                LiveAnswer(self._recorder),
            ),
            resumable=interlocks.can_pause,  # a rule pauses, and lets the run go on or ends it
        )
        with engine:
            self._engine = engine
            try:
                if self._interrupts:
                    return Outcome(exit_status="abort", reason=_CTRL_C, error=None, run_uids=())
                if self._guard is not None and self._bench is not None:
                    self._guard.protect(engine, self._bench)
                interlocks.start(engine)
                return engine.run(interlocks.remarks.write_into(plan))
            finally:
                interlocks.stop()
                self._engine = None
                if self._guard is not None:
                    self._guard.release()

    def _tell_guard(self, name: str, _: dict[str, Any]) -> None:
        folder = self._recorder.run_folder
        if name == "start" and self._guard is not None and folder is not None:
            self._guard.guard.note_folder(folder.path)

    def _interrupted(self, number: int) -> None:
        self._interrupts = number
        engine = self._engine
        if number == 1:
            self._say(
                "Ctrl-C: ending the run safely; once more to switch off without waiting for it"
            )
            if engine is not None:
                engine.abort(_CTRL_C)
        elif self._bench is not None:
            self._say("Ctrl-C: switching off without waiting for the run")
            self._bench.make_safe()

    def _devices(self, bench: Bench) -> dict[str, Any]:
        found = {}
        for parameter in self._description.devices:
            wanted = self._wanted.get(parameter.name, parameter.default)
            found[parameter.name] = self._device(bench, parameter, wanted)
        return found

    def _device(self, bench: Bench, parameter: Parameter, wanted: Any) -> Any:
        of_kind: list[Any] = [] if parameter.device is None else bench.of_kind(parameter.device)
        names = ", ".join(device.name for device in of_kind) or "none"
        if isinstance(wanted, str):
            for device in of_kind:
                if device.name == wanted:
                    return device
            raise ParameterError(
                f"{self._description.name}: {parameter.name}={wanted}: {bench.name} has no "
                f"{parameter.kind} of that name; it has {names}"
            )
        namesake = [device for device in of_kind if device.name == parameter.name]
        if namesake or (len(of_kind) == 1 and parameter.required):
            return (namesake or of_kind)[0]
        if parameter.quantity.when_named:
            return None
        if not parameter.required:
            return of_kind[0] if len(of_kind) == 1 and not self._is_extra(parameter) else None
        raise ParameterError(
            f"{self._description.name}: {bench.name} has {len(of_kind)} devices of kind "
            f"{parameter.kind} ({names}); say which with {parameter.name}=NAME"
        )

    def _is_extra(self, parameter: Parameter) -> bool:
        """Tell whether a device is one more of a kind that the plan has a first of already."""
        same = [
            device
            for device in self._description.devices
            if device.device is parameter.device and not device.quantity.when_named
        ]
        return same[0] is not parameter


class _Follower:
    """Keeps what the summary of a run needs, from its documents."""

    def __init__(self, say: Callable[[str], None], progress: Callable[[str], None] | None) -> None:
        self._say = say
        self.ending: dict[str, Any] = {}
        self.dose_j_cm2: float | None = None
        self.peaks_nm: list[float | None] = [None, None]
        self.frames = 0
        self._streams: dict[str, str] = {}
        self._progress = progress
        self._line = ProgressLine()

    def __call__(self, name: str, doc: dict[str, Any]) -> None:
        line = self._line(name, doc)
        if line is not None and self._progress is not None:
            self._progress(line)
        if name == "descriptor":
            self._streams[doc["uid"]] = doc["name"]
        elif name == "event":
            stream = self._streams.get(doc["descriptor"])
            if stream == "notes":
                self._say(f"note: {doc['data']['note']}")
            elif stream == "ending":
                self.ending = dict(doc["data"])
            elif stream == "tracked":
                self._note_frame(doc["data"])
            elif stream == "closing":
                self._note_dose(doc["data"])

    def _note_frame(self, data: dict[str, Any]) -> None:
        self.frames += 1
        self._note_dose(data)
        peak_nm = float(data["tracker_peak_nm"])
        if peak_nm == peak_nm:  # not NaN
            if self.peaks_nm[0] is None:
                self.peaks_nm[0] = peak_nm
            self.peaks_nm[1] = peak_nm

    def _note_dose(self, data: dict[str, Any]) -> None:
        doses = (float(value) for key, value in data.items() if key.endswith("_dose_j_cm2"))
        self.dose_j_cm2 = next(doses, None)  # of all light; the probe's own comes second


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
