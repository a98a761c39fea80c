"""Takes what the window asks for and does it on the bench."""

import logging
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gui import messages
from gui.host.console import Console
from gui.host.devices import keepers_of, states_of
from gui.host.interlocks import InterlockDesk
from gui.host.pace import FASTEST, Pace
from gui.host.runs import RunDesk
from instruments.bench import SafeOutcome, load_bench
from instruments.bench_file import read_bench_file
from instruments.errors import InstrumentError
from plans.guarding import GuardedRun
from plans.open_ends import OpenEndsDesk
from plans.records import ReactionLog

_LOGGER = logging.getLogger(__name__)

TELL_EVERY_S = 0.2
"""How often the window hears of the devices."""
LOST_AFTER_S = 5.0
"""Silence of the window after which everything is switched off."""
_END_S = 20.0
_SAFE_S = 2.0


class Host:
    """Owns the bench.

    Args:
        bench_file: The bench.
        runs_folder: Where runs are recorded.
        pace: How bench time runs.
        tell: Takes a message for the window; `droppable` ones may be left out.
        addresses: Addresses in place of those of the file: a simulated bench.
        extra_plans: Module with further plans.
    """

    def __init__(
        self,
        *,
        bench_file: Path,
        runs_folder: Path,
        pace: Pace,
        tell: Callable[..., None],
        addresses: Mapping[str, str] | None,
        extra_plans: str | None = None,
    ) -> None:
        self._pace = pace
        self._tell = tell
        self._file = bench_file
        self._runs_folder = runs_folder
        self.bench = load_bench(bench_file, addresses=addresses)
        self._models = _models_of(bench_file)
        self._guard: GuardedRun | None = None
        if not pace.simulated:
            self.bench.own(program="window")  # one owner; the error says who it is
            self._guard = GuardedRun(bench_file, folder=_made(runs_folder), say=_LOGGER.error)
            self._guard.__enter__()
        self._nudge = threading.Event()
        self.keepers = keepers_of(self.bench, pace, self._nudge.set)
        self.interlocks = InterlockDesk(self.bench, tell, ReactionLog(runs_folder))
        self._open_ends = OpenEndsDesk(self.bench, None if pace.simulated else bench_file)
        self.runs = RunDesk(
            self.bench,
            interlocks=self.interlocks.interlocks,
            runs_folder=runs_folder,
            tell=tell,
            md={"simulated": True} if pace.simulated else {},
            extra_plans=extra_plans,
            guard=self._guard,
            open_ends=self._open_ends,
        )
        self._log = _ToWindow(tell)
        self._console = Console(self.bench, self.runs.plans, self._run_plan)
        self._beat_s = time.perf_counter()
        self._is_beat_lost = False
        self._ending = False
        self._ended = threading.Event()
        self._handlers: dict[type, Callable[[Any], object]] = {
            messages.SafeStop: self._safe_stop,
            messages.Preflight: lambda m: self._tell(self.runs.preflight(m)),
            messages.Run: self.runs.run,
            messages.Control: self.runs.control,
            messages.Act: self._act,
            messages.Connect: lambda m: self.keepers[m.device].want(connected=m.on),
            messages.SetSpeed: self._set_speed,
            messages.WireLog: self._send_wire_log,
            messages.CheckBench: self._check_bench,
            messages.Code: lambda m: self._tell(self._console.run(m)),
            messages.Complete: lambda m: self._tell(self._console.complete(m)),
            messages.Acknowledge: lambda m: self._open_ends.acknowledge(m.text),
            messages.Shutdown: lambda _: self._shut_down(),
        }

    def start(self) -> None:
        """Begin to connect, and tell the window what there is."""
        logging.getLogger().addHandler(self._log)
        logging.getLogger("instruments").setLevel(logging.INFO)
        logging.getLogger("gui").setLevel(logging.INFO)
        for name in ("bluesky", "ophyd"):  # they print the trace of what is reported in words
            logging.getLogger(name).setLevel(logging.CRITICAL)
        for name, keeper in self.keepers.items():
            self._pace.begin(keeper.run, f"{name}-keeper")
        self._tell(self._info())

    def stop_logging(self) -> None:
        """Hand no further log records to the window."""
        logging.getLogger().removeHandler(self._log)

    def wait_for_end(self) -> None:
        """Return when everything is closed."""
        self._ended.wait()

    def take(self, message: Any) -> None:
        """Take what the window says; called on the thread that reads it, returns at once."""
        self._beat_s = time.perf_counter()
        if not isinstance(message, messages.Beat):
            self._begin(message)

    def _begin(self, message: Any) -> None:
        handler = self._handlers[type(message)]

        def work() -> None:
            try:
                handler(message)
            except Exception:
                _LOGGER.exception("%s failed", type(message).__name__)

        self._pace.begin(work, type(message).__name__)

    def watch(self) -> None:
        """Tell the window of the devices, and see that it is alive; in the person's time."""
        while not self._ending:
            started_s = time.perf_counter()
            states = states_of(self.keepers)
            self._tell(
                messages.Devices(states=states, bench_time_s=self._pace.now_s()), droppable=True
            )
            if self.interlocks.is_due():
                self.interlocks.note_begun()
                self._pace.begin(self.interlocks.begin, "interlocks-begin")
            self.interlocks.tell_changes()
            self.note_silence(started_s - self._beat_s)
            time.sleep(TELL_EVERY_S)

    def note_silence(self, silent_s: float) -> None:
        """Switch everything off, once, when the window has been silent for too long.

        Args:
            silent_s: For how long, in the person's time.
        """
        is_lost = silent_s > LOST_AFTER_S
        if is_lost and not self._is_beat_lost:
            _LOGGER.error("the window is silent for %.0f s: switching off", silent_s)
            self._begin(messages.SafeStop(reason="the window was silent"))
        self._is_beat_lost = is_lost

    # -- what is asked for

    def _run_plan(self, plan: str, **values: Any) -> str:
        """Run a plan from the console, with its records and all that watches a run.

        Args:
            plan: Its name.
            **values: Its parameters.
        """
        ended = self.runs.run(messages.Run(ticket=0, plan=plan, values=values))
        return f"{ended.exit_status}: {ended.reason or ended.folder}"

    def _info(self) -> messages.BenchInfo:
        return messages.BenchInfo(
            name=self.bench.name,
            file=str(self._file),
            simulated=self._pace.simulated,
            speed=self._pace.speed,
            runs_folder=str(self._runs_folder.absolute()),
            devices=tuple(
                keeper.info(self._models.get(name, "")) for name, keeper in self.keepers.items()
            ),
            plans=self.runs.infos(),
            not_confirmed=self._open_ends.texts(),
        )

    def _safe_stop(self, message: messages.SafeStop) -> None:
        started_s = time.perf_counter()
        abort = threading.Thread(
            target=self.runs.abort, args=(message.reason,), name="abort", daemon=True
        )
        abort.start()
        self._report_safe(self.bench.make_safe(_SAFE_S), started_s, final=not self.runs.is_busy)
        if self.runs.is_busy:  # the plan may have switched something on in the meantime
            self.runs.wait_until_ended(_END_S * max(1.0, self._pace.speed))
            self._report_safe(self.bench.make_safe(_SAFE_S), started_s, final=True)

    def _report_safe(self, outcomes: list[SafeOutcome], started_s: float, *, final: bool) -> None:
        lines = tuple(
            messages.SafeLine(device=o.device, confirmed=o.confirmed, message=o.message)
            for o in outcomes
        )
        took_s = time.perf_counter() - started_s
        self._tell(messages.SafeReport(lines=lines, took_s=took_s, final=final))
        if final:
            self._open_ends.keep_unless_confirmed(outcomes)

    def _act(self, message: messages.Act) -> None:
        action = self.keepers[message.device].actions.get(message.action)
        if action is None:
            text, error = "", f"{message.device} is not connected"
        elif self.runs.is_busy and not action.info.stops:
            text, error = "", "a run is going on; pause or end it first"
        else:
            text, error = "", ""
            try:
                text = action.work(message.values)
            except Exception as raised:  # noqa: BLE001 - the person is told, nothing is swallowed
                error = str(raised)
        if error:
            _LOGGER.warning("%s: %s: %s", message.device, message.action, error)
        self._tell(messages.Done(ticket=message.ticket, text=text, error=error))

    def _set_speed(self, message: messages.SetSpeed) -> None:
        self._pace.speed = min(message.speed, FASTEST)
        for keeper in self.keepers.values():
            keeper.repace()

    def _check_bench(self, message: messages.CheckBench) -> None:
        text, error = "", ""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bench.toml"
            path.write_text(message.text, encoding="utf-8")
            try:
                bench = load_bench(path)
            except InstrumentError as raised:
                error = raised.message
            else:
                text = f"{bench.name}: {len(bench.devices)} devices, nothing is wrong"
        self._tell(messages.Done(ticket=message.ticket, text=text, error=error))

    def _send_wire_log(self, message: messages.WireLog) -> None:
        text = self.bench[message.device].link.wire_log.as_text()
        self._tell(messages.WireText(device=message.device, text=text))

    def _shut_down(self) -> None:
        """Switch off, end the run, close."""
        if self._ending:
            return
        self._ending = True
        self._safe_stop(messages.SafeStop(reason="the window was closed"))
        self.runs.wait_until_ended(_END_S)
        self.interlocks.close()
        for keeper in self.keepers.values():
            keeper.end()
        try:
            self.bench.close()
        except InstrumentError as error:
            _LOGGER.warning("closing: %s", error)
        if self._guard is not None:
            self._guard.__exit__(None, None, None)
        self.runs.fit.end()
        self._ended.set()


class _ToWindow(logging.Handler):
    """Hands log records to the window."""

    def __init__(self, tell: Callable[..., None]) -> None:
        super().__init__(logging.INFO)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record."""
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
        self._tell(
            messages.LogLine(
                time_s=record.created, level=record.levelno, source=record.name, text=text
            ),
            droppable=True,
        )


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _models_of(bench_file: Path) -> dict[str, str]:
    tables = read_bench_file(bench_file).table("device")
    return {name: table.text("model", "") for name, table in tables.items()}
