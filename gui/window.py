"""The window: panels in docks around the live view, and the wiring between them."""

import time
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtGui import QCloseEvent, QKeyEvent
from qtpy.QtWidgets import QApplication, QDockWidget, QMainWindow, QToolBar, QWidget

from gui import messages
from gui.panels.bench import BenchPanel
from gui.panels.experiment import ExperimentPanel
from gui.panels.live import LivePanel
from gui.panels.top_bar import TopBar
from gui.presenters.presets import Presets
from gui.session import HostOptions, Session
from gui.theme import LIGHT, Theme, apply

_ESC_ESC_S = 0.8


class Window(QMainWindow):
    """One bench in one window.

    Args:
        options: How the process of the bench is started.
    """

    def __init__(self, options: HostOptions) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("regrow")
        self.theme = LIGHT
        self.session = Session(options, self)
        self.bar = TopBar()
        self.experiment = ExperimentPanel(Presets())
        self.live = LivePanel()
        self.bench = BenchPanel()
        self._escape_at_s = 0.0
        self._lay_out()
        self._connect()
        self.set_theme(LIGHT)

    def _lay_out(self) -> None:
        bar = QToolBar("Status and Safe stop")
        bar.setObjectName("status-bar")
        bar.setMovable(False)
        bar.addWidget(self.bar)
        self.addToolBar(bar)
        self.setCentralWidget(self.live)
        self._dock("Experiment", self.experiment, Qt.DockWidgetArea.LeftDockWidgetArea, 290)
        self._dock("Bench", self.bench, Qt.DockWidgetArea.RightDockWidgetArea, 270)
        self.resize(1366, 740)

    def _dock(
        self, title: str, widget: QWidget, area: Qt.DockWidgetArea, width: int
    ) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(f"dock-{title.lower()}")
        feature = QDockWidget.DockWidgetFeature
        dock.setFeatures(
            QDockWidget.DockWidgetFeatures(feature.DockWidgetMovable) | feature.DockWidgetClosable
        )
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        self.resizeDocks([dock], [width], Qt.Orientation.Horizontal)
        return dock

    def _connect(self) -> None:
        session = self.session
        session.received.connect(self._take)
        session.drained.connect(self._draw)
        session.ended.connect(self._host_ended)
        self.bar.safe_wanted.connect(lambda: session.safe_stop())
        self.bar.speed_wanted.connect(self._set_speed)
        self.experiment.check_wanted.connect(self._check)
        self.experiment.run_wanted.connect(self._run)
        self.experiment.control_wanted.connect(self._control)
        self.bench.act_wanted.connect(self._act)
        self.bench.connect_wanted.connect(lambda name, on: session.connect_device(name, on=on))
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    def start(self) -> None:
        """Start the bench once the window is on the screen."""
        QTimer.singleShot(0, self.session.start)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self.theme = theme
        application = QApplication.instance()
        if isinstance(application, QApplication):
            apply(application, theme)
        self.live.dress(theme)

    # -- messages of the host

    def _take(self, message: Any) -> None:
        self.live.take(message)
        if isinstance(message, messages.Devices):
            self._show_devices(message)
        elif isinstance(message, messages.EngineState):
            self.bar.show_engine(message.word)
            self.experiment.show_engine(message.word)
            self.bench.set_running(message.word != "idle")
        elif isinstance(message, messages.BenchInfo):
            self._show_bench(message)
        elif isinstance(message, messages.PreflightTable):
            self.experiment.show_table(message)
        elif isinstance(message, messages.RunOpened):
            self.experiment.begin_run(message)
        elif isinstance(message, messages.Done):
            self.bench.show_done(message)
        elif isinstance(message, messages.SafeReport):
            self.bar.show_safe(message)
        elif isinstance(message, messages.Starting):
            self.bar.bench.set_text(f"{message.text} …")
        elif isinstance(message, messages.Failed):
            self._host_ended(message.text)

    def _show_bench(self, info: messages.BenchInfo) -> None:
        self.bar.show_bench(info)
        self.bar.show_engine("idle")
        self.setWindowTitle(f"{info.name} – regrow")
        self.bench.set_devices(info.devices, self._icon)
        self.experiment.set_speed(info.speed)
        self.experiment.set_ready(ready=True, why="checking …")
        self.experiment.set_plans(info.plans)

    def _icon(self, name: str) -> Any:
        from gui.widgets.icons import icon  # its fonts are loaded after the window is painted

        return icon(name, self.theme.muted)

    def _show_devices(self, message: messages.Devices) -> None:
        self.bench.show_states(dict(message.states))
        lit = [state.emission for state in message.states.values() if state.emission]
        self.bar.show_light(" + ".join(lit))

    def _draw(self) -> None:
        self.live.redraw()
        self.experiment.show_progress(self.live.view.elapsed_s)

    def _host_ended(self, text: str) -> None:
        self.experiment.set_ready(ready=False, why=text)
        self.bar.bench.set_text(text)

    # -- what the person wants

    def _check(self, plan: str, values: dict[str, messages.Scalar]) -> None:
        self.session.preflight(plan, values)

    def _run(self, plan: str, values: dict[str, messages.Scalar]) -> None:
        self.session.run(plan, values)

    def _control(self, what: str) -> None:
        actions = {
            "pause": self.session.pause,
            "resume": self.session.resume,
            "stop": self.session.stop_run,
            "abort": lambda: self.session.abort_run("aborted in the window"),
        }
        actions[what]()

    def _act(self, device: str, action: str, values: dict[str, messages.Scalar]) -> None:
        self.bench.expect(self.session.act(device, action, values), device)

    def _set_speed(self, speed: float) -> None:
        self.session.set_speed(speed)
        self.experiment.set_speed(speed)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """See Esc pressed twice, wherever the focus is."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Escape
            and not event.isAutoRepeat()
            and watched is self.windowHandle()
        ):
            now_s = time.monotonic()
            if now_s - self._escape_at_s < _ESC_ESC_S:
                self.session.safe_stop("Esc twice in the window")
            self._escape_at_s = now_s
        return False

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Make safe, end the bench, close."""
        self.session.close()
        if event is not None:
            event.accept()
