"""Wires panels, bench and archive: who says what goes where."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer

from gui import archive_messages, messages
from gui.messages import Value
from gui.presenters.run_queue import QueuedRun
from gui.session import Archive, HostOptions, Session

if TYPE_CHECKING:
    from gui.panels.add_instrument import AddInstrumentDialog
    from gui.panels.bench_file import BenchFileDialog
    from gui.window import Window

_NEXT_AFTER_MS = 500
_ARCHIVE_AFTER_MS = 1000
_ARCHIVE_END_S = 3.0


class Conductor:
    """Knows panels and processes, so that they need not know each other.

    Args:
        window: The window with its panels.
        session: The bench.
        archive: The old runs.
    """

    def __init__(self, window: "Window", session: Session, archive: Archive) -> None:
        self._window = window
        self.session = session
        self._archive = archive
        self._info: messages.BenchInfo | None = None
        self._running: dict[int, QueuedRun] = {}
        self._run_folder = ""
        self._is_lost = False
        self._dialog: BenchFileDialog | None = None
        self._found_dialog: AddInstrumentDialog | None = None
        self._word: messages.EngineWord = "idle"
        self._next = QTimer(window)  # it goes with the window
        self._next.setSingleShot(True)
        self._next.setInterval(_NEXT_AFTER_MS)
        self._next.timeout.connect(self._start_next)
        self._later = QTimer(window)
        self._later.setSingleShot(True)
        self._later.setInterval(_ARCHIVE_AFTER_MS)
        self._later.timeout.connect(window.runs.refresh)
        self._later.timeout.connect(window.samples.refresh)
        self._handlers: dict[type, Callable[[Any], None]] = {
            messages.Devices: self._show_devices,
            messages.EngineState: self._show_engine,
            messages.BenchInfo: self._show_bench,
            messages.PreflightTable: window.experiment.show_table,
            messages.RunOpened: self._run_opened,
            messages.RunEnded: self._run_ended,
            messages.Done: self._show_done,
            messages.SafeReport: self._show_safe,
            messages.Interlocks: window.bar.show_interlocks,
            messages.Completions: window.console.show_completions,
            messages.LogLine: window.log.add,
            messages.WireText: window.log.show_wire,
            messages.Starting: lambda m: window.bar.bench.set_text(f"{m.text} …"),
            messages.Failed: lambda m: self._host_lost(m.text),
        }
        self._connect_session()
        self._connect_panels()

    def _connect_session(self) -> None:
        self.session.received.connect(self._take)
        self.session.drained.connect(self._draw)
        self.session.ended.connect(self._host_lost)

    def _connect_panels(self) -> None:
        window = self._window
        self._archive.received.connect(self._take_found)
        window.bar.safe_wanted.connect(lambda: self.safe_stop("Safe stop in the window"))
        window.bar.speed_wanted.connect(self._set_speed)
        window.bar.acknowledged.connect(self._acknowledged)
        window.experiment.check_wanted.connect(self._check)
        window.experiment.run_wanted.connect(self._run_now)
        window.experiment.queue_wanted.connect(self._add_to_queue)
        window.experiment.control_wanted.connect(self.control)
        window.queue_view.start_wanted.connect(self._start_queue)
        window.queue_view.edit_wanted.connect(
            lambda run: window.experiment.fill(run.plan, run.values)
        )
        window.bench.act_wanted.connect(self._act)
        window.bench.connect_wanted.connect(self._connect_device)
        window.bench.wire_wanted.connect(self._look_at_wire)
        window.bench.edit_wanted.connect(lambda: self.edit_bench())
        window.bench.find_wanted.connect(self.add_instrument)
        window.live.note_wanted.connect(self.add_note)
        window.runs.again_wanted.connect(self._run_again)
        window.samples.use_wanted.connect(self._use_sample)
        for panel in (window.samples, window.calibrations):
            panel.runs_wanted.connect(self._list_runs)
        window.calibrations.calibrate_wanted.connect(self._calibrate)
        window.log.wire_wanted.connect(lambda name: self.session.ask_wire_log(name))
        window.console.code_wanted.connect(self._run_code)
        window.console.completion_wanted.connect(self._complete)

    @property
    def is_running(self) -> bool:
        """Whether a run is going on."""
        return self._word != "idle"

    def start(self) -> None:
        """Start the bench, and the archive a little later."""
        self.session.start()
        self._later.start()

    def end(self) -> None:
        """Make safe and end both processes."""
        self._word = "idle"
        for run in self._running.values():
            self._window.queue.interrupted(run.key, "ended by closing the window")
        self.session.end()
        self._archive.close(timeout_s=_ARCHIVE_END_S)

    def open_bench(self, bench_file: Path, *, simulated: bool) -> None:
        """Make safe, leave the bench and load another.

        Args:
            bench_file: The other bench.
            simulated: Whether its instruments are simulated.
        """
        options = dataclasses.replace(
            self.session.options, bench_file=bench_file, simulated=simulated
        )
        self.restart(options)

    def restart(self, options: HostOptions | None = None) -> None:
        """Start the process of the bench again."""
        chosen = options or self.session.options
        self._window.queue.hold()
        self.session.end()
        self.session.deleteLater()
        self.session = Session(chosen, self._window)
        self._running = {}
        self._is_lost = False
        self._connect_session()
        self._window.bench.set_devices((), self._window.icon)
        self._window.experiment.set_ready(ready=False, why="The bench is starting")
        self.session.start()

    # -- from the bench

    def _take(self, message: Any) -> None:
        self._window.live.take(message)
        handler = self._handlers.get(type(message))
        if handler is not None:
            handler(message)

    def _draw(self) -> None:
        live = self._window.live
        live.redraw()
        self._window.experiment.show_progress(live.view.elapsed_s)

    def _show_bench(self, info: messages.BenchInfo) -> None:
        window = self._window
        self._info = info
        window.bar.show_bench(info)
        window.bar.show_engine("idle")
        window.setWindowTitle(f"{info.name} – regrow")
        window.bench.set_devices(info.devices, window.icon)
        window.log.set_devices(tuple(device.name for device in info.devices))
        window.experiment.set_speed(info.speed)
        window.experiment.set_ready(ready=True, why="checking …")
        window.experiment.set_plans(info.plans, str(window.settings.value("plan", "")))
        if info.not_confirmed:
            self._raise_alarm(info.not_confirmed)
        if window.queue.lost:
            lost = window.queue.lost[0]
            window.bar.safe_report.set_text(
                f"Interrupted when the window ended: {lost.title()}. It waits in the queue"
            )

    def _show_devices(self, message: messages.Devices) -> None:
        self._window.bench.show_states(dict(message.states))
        self._window.calibrations.show_states(message.states)
        lit = [state.emission for state in message.states.values() if state.emission]
        self._window.bar.show_light(" + ".join(lit))

    def _show_engine(self, message: messages.EngineState) -> None:
        self._word = message.word
        self._window.bar.show_engine(message.word)
        self._window.experiment.show_engine(message.word)
        self._window.bench.set_running(message.word != "idle")

    def _run_opened(self, message: messages.RunOpened) -> None:
        self._run_folder = self._window.runs.runs.running = message.folder
        self._window.experiment.begin_run(message)
        self._window.runs.refresh()

    def _run_ended(self, message: messages.RunEnded) -> None:
        window = self._window
        window.runs.runs.running = ""
        run = self._running.pop(message.ticket, None)
        if run is not None:
            window.queue.done(run.key)
        if message.exit_status != "success":
            window.queue.hold()
        if message.reason and not message.folder:
            window.experiment.preflight.show_problem(message.reason)
        if message.not_confirmed:
            self._raise_alarm(message.not_confirmed)
        if message.folder:
            self._archive.export(message.folder)
        window.runs.refresh()
        self._next.start()

    def _show_safe(self, report: messages.SafeReport) -> None:
        self._window.bar.show_safe(report)
        self._bar_runs()

    def _raise_alarm(self, texts: tuple[str, ...]) -> None:
        self._window.queue.hold()
        self._window.bar.raise_alarm(texts)
        self._bar_runs()

    def _bar_runs(self) -> None:
        """Let no run start until the person has read what could not be confirmed to be off."""
        self._window.experiment.set_barred(barred=self._window.bar.is_alarmed)

    def _acknowledged(self, text: str) -> None:
        self._bar_runs()
        self.session.acknowledge(text)
        if self._run_folder:
            self._archive.add_note(self._run_folder, f"acknowledged: not confirmed off: {text}")

    def _show_done(self, done: messages.Done) -> None:
        self._window.bench.show_done(done)
        self._window.console.show_done(done)
        if self._dialog is not None:
            self._dialog.show_done(done)

    def _host_lost(self, text: str) -> None:
        """Show that there is no bench; the first word says why, what follows is only the end."""
        if self._is_lost:
            return
        window = self._window
        self._is_lost = True
        self._word = "idle"
        window.runs.runs.running = ""
        window.queue.hold()
        for run in self._running.values():
            window.queue.interrupted(run.key, "the bench's process ended while it ran")
        self._running = {}
        window.bar.show_engine("idle")
        window.bar.show_lost(text)
        window.experiment.show_engine("idle")
        window.experiment.set_ready(ready=False, why="Bench menu: Reload the bench")
        window.bench.set_devices((), window.icon)
        window.bench.say(text)

    # -- runs

    def _check(self, plan: str, values: dict[str, Value]) -> None:
        self.session.preflight(plan, values)

    def _run_now(self, plan: str, values: dict[str, Value]) -> None:
        run = self._window.queue.add(plan, values, first=True)
        self._start_run(run)

    def _add_to_queue(self, plan: str, values: dict[str, Value]) -> None:
        queue = self._window.queue
        if not queue.waiting and self._word == "idle":
            queue.hold()  # it starts when the person says so, not by being added
        queue.add(plan, values)

    def _start_queue(self) -> None:
        self._window.queue.release()
        self._start_next()

    def _start_next(self) -> None:
        run = self._window.queue.next()
        if self._window.bar.is_alarmed:
            return
        if run is not None and self._word == "idle" and not self._running:
            self._start_run(run)

    def _start_run(self, run: QueuedRun) -> None:
        self._window.queue.started(run.key)
        ticket = self.session.run(run.plan, dict(run.values))
        self._running[ticket] = run

    def _run_again(self, plan: str, values: dict[str, Value]) -> None:
        self._window.experiment.fill(plan, values)
        self._window.docks["Experiment"].show()

    def _use_sample(self, name: str) -> None:
        self._window.experiment.form.set_values({"sample": name})
        self._window.experiment.form.changed.emit()
        self._window.docks["Experiment"].show()

    def _list_runs(self, words: str) -> None:
        self._window.docks["Runs"].raise_()
        self._window.runs.search.setText(words)

    def _calibrate(self, plan: str, device: str) -> None:
        window = self._window
        window.experiment.fill(plan, {})
        edits = window.experiment.form.edits
        values = {name: device for name, edit in edits.items() if device in edit.field.choices}
        window.experiment.form.set_values(values)
        window.docks["Experiment"].show()

    def add_note(self, text: str) -> None:
        """Add a note to the run that is shown."""
        if self._run_folder:
            self._window.runs.add_note(text, self._run_folder)

    def control(self, what: str) -> None:
        """Pause, resume, stop or abort the run."""
        actions: dict[str, Callable[[], None]] = {
            "pause": self.session.pause,
            "resume": self.session.resume,
            "stop": self.session.stop_run,
            "abort": lambda: self.session.abort_run("aborted in the window"),
        }
        if what in ("abort", "stop"):
            self._window.queue.hold()
        actions[what]()

    def safe_stop(self, reason: str) -> None:
        """Switch everything off; nothing of the queue starts after it."""
        self.session.safe_stop(reason)
        self._window.queue.hold()

    # -- devices

    def _act(self, device: str, action: str, values: dict[str, Value]) -> None:
        self._window.bench.expect(self.session.act(device, action, values), device)

    def _connect_device(self, device: str, on: bool) -> None:
        self.session.connect_device(device, on=on)

    def _look_at_wire(self, device: str) -> None:
        self._window.docks["Log"].show()
        self._window.docks["Log"].raise_()
        self._window.log.choose_wire(device)

    def _run_code(self, text: str) -> None:
        self._window.console.expect(self.session.run_code(text))

    def _complete(self, text: str, cursor: int) -> None:
        self._window.console.expect(self.session.complete(text, cursor))

    def _set_speed(self, speed: float) -> None:
        self.session.set_speed(speed)
        self._window.experiment.set_speed(speed)

    def add_instrument(self) -> None:
        """Look for instruments; the one that is chosen is shown in the bench file."""
        from gui.panels.add_instrument import AddInstrumentDialog

        dialog = AddInstrumentDialog(self._window)
        names = () if self._info is None else tuple(each.name for each in self._info.devices)
        dialog.look_wanted.connect(
            lambda network: self._archive.look_for_instruments(names, network=network)
        )
        dialog.chosen.connect(self.edit_bench)
        self._found_dialog = dialog
        dialog.open()
        dialog.look()

    def _take_found(self, found: Any) -> None:
        if isinstance(found, archive_messages.FoundInstruments) and self._found_dialog is not None:
            self._found_dialog.show_found(found)

    def edit_bench(self, more: str = "") -> None:
        """Open the bench file as text.

        Args:
            more: What is to be added at its end.
        """
        from gui.panels.bench_file import BenchFileDialog

        path = self.session.options.bench_file
        is_ours = "simulators" in path.resolve().parts and "benches" in path.resolve().parts
        dialog = BenchFileDialog(path, may_overwrite=not is_ours, parent=self._window)
        self._dialog = dialog
        if more:
            dialog.text.appendPlainText(f"\n{more}")
        dialog.check_wanted.connect(
            lambda text: dialog.expect(self.session.check_bench(text, str(path.parent)))
        )
        dialog.saved.connect(
            lambda saved: self.open_bench(Path(saved), simulated=self.session.options.simulated)
        )
        dialog.open()
