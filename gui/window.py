"""The window: panels in docks around the live view."""

import itertools
import logging
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtGui import QCloseEvent, QKeyEvent, QPaintEvent, QWindow
from qtpy.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QMessageBox,
    QSplitter,
    QToolBar,
    QWidget,
)

from gui.conductor import Conductor
from gui.menus import fill_menus
from gui.messages import LogLine
from gui.panels.bench import BenchPanel
from gui.panels.calibrations import CalibrationsPanel
from gui.panels.console import ConsolePanel
from gui.panels.experiment import ExperimentPanel
from gui.panels.live import LivePanel
from gui.panels.log import LogPanel
from gui.panels.queue import QueuePanel
from gui.panels.runs import RunsPanel
from gui.panels.samples import SamplesPanel
from gui.panels.top_bar import TopBar
from gui.places import Places
from gui.presenters.presets import Presets
from gui.presenters.run_queue import RunQueue
from gui.session import Archive, HostOptions, Session
from gui.theme import LIGHT, THEMES, Theme, apply

_ESC_ESC_S = 0.8
_LAYOUT_VERSION = 2
_BELOW = ("Runs", "Samples", "Calibrations", "Log", "Console")
_DOCK_WIDTHS = (292, 304)
_BOTTOM_PX = 190
_BREATH_MS = 5  # between two pieces: what the person does comes first


class Window(QMainWindow):
    """One bench in one window.

    Args:
        options: How the process of the bench is started.
        places: Where queue, presets and settings are kept.
        session: The bench; made from the options when there is none.
        archive: The old runs; made from the options when there is none.
    """

    def __init__(
        self,
        options: HostOptions,
        places: Places | None = None,
        *,
        session: Session | None = None,
        archive: Archive | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("regrow")
        self.places = places or Places.usual()
        self.settings = self.places.settings()
        self.theme = LIGHT
        self.queue = RunQueue(self.places.queue, self._queue_changed)
        self.bar = TopBar()
        self.experiment = ExperimentPanel(Presets(self.places.presets))
        self.queue_view = QueuePanel(self.queue)
        self.live = LivePanel()
        self.bench = BenchPanel()
        archive = archive or Archive(options.runs_folder, self)
        self.runs = RunsPanel(archive)
        self.samples = SamplesPanel(archive)
        self.calibrations = CalibrationsPanel()
        self.log = LogPanel()
        self.console = ConsolePanel()
        self.docks: dict[str, QDockWidget] = {}
        self._escape_at_s = 0.0
        self._to_build = self._pieces()
        self._build_timer = QTimer(self)
        self._build_timer.setInterval(_BREATH_MS)
        self._build_timer.timeout.connect(self._build_next)
        self._is_started = self.is_complete = False
        self._lay_out()
        self.conductor = Conductor(self, session or Session(options, self), archive)
        fill_menus(self)
        self._restore()
        self.experiment.plan.setFocus()
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    def _lay_out(self) -> None:
        bar = QToolBar("Status and Safe stop")
        bar.setObjectName("status-bar")
        bar.setMovable(False)
        bar.addWidget(self.bar)
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.addToolBar(bar)
        self.setCentralWidget(self.live)
        areas = Qt.DockWidgetArea
        self.experiment.add_below(self.queue_view)
        self.setCorner(Qt.Corner.BottomLeftCorner, areas.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, areas.RightDockWidgetArea)
        self._dock("Experiment", self.experiment, areas.LeftDockWidgetArea)
        self._dock("Bench", self.bench, areas.RightDockWidgetArea)
        below = (self.runs, self.samples, self.calibrations, self.log, self.console)
        for title, panel in zip(_BELOW, below, strict=True):
            self._dock(title, panel, areas.BottomDockWidgetArea)
            self.docks[title].setTitleBarWidget(QWidget())  # its tab says it already
        self.reset_layout()
        self.resize(1366, 740)

    def _dock(self, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> None:
        dock = QDockWidget(title)
        dock.setObjectName(f"dock-{title.lower()}")
        feature = QDockWidget.DockWidgetFeature
        dock.setFeatures(
            feature.DockWidgetMovable | feature.DockWidgetClosable  # type: ignore[arg-type]
        )
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        self.docks[title] = dock

    def reset_layout(self) -> None:
        """Put every panel back where it was at first."""
        areas = Qt.DockWidgetArea
        for title, area in (
            ("Experiment", areas.LeftDockWidgetArea),
            ("Bench", areas.RightDockWidgetArea),
            *((title, areas.BottomDockWidgetArea) for title in _BELOW),
        ):
            self.docks[title].setFloating(False)
            self.addDockWidget(area, self.docks[title])
            self.docks[title].show()
        for left, right in itertools.pairwise(_BELOW):
            self.tabifyDockWidget(self.docks[left], self.docks[right])
        self.docks["Runs"].raise_()
        sides = [self.docks["Experiment"], self.docks["Bench"]]
        self.resizeDocks(sides, list(_DOCK_WIDTHS), Qt.Orientation.Horizontal)
        self.resizeDocks([self.docks["Runs"]], [_BOTTOM_PX], Qt.Orientation.Vertical)

    def start(self) -> None:
        """Start the bench, and build the plots, once the window is on the screen."""
        self._is_started = True
        QTimer.singleShot(0, self.conductor.start)

    def _pieces(self) -> Iterator[object]:
        """Build what the first picture can do without, a piece at each step."""
        yield self.live.view
        import pyqtgraph  # noqa: F401 - the first import is the piece

        yield None
        yield self.live.spectra
        yield self.live.tracks
        yield self.runs.overlay

    def _build_next(self) -> None:
        if next(self._to_build, self) is self:
            self._build_timer.stop()
            self.is_complete = True
            self.live.redraw()

    # -- what is remembered

    def _restore(self) -> None:
        theme = str(self.settings.value("theme", "light"))
        self.set_theme(THEMES.get(theme, LIGHT))
        geometry = self.settings.value("geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)
        state = self.settings.value("layout")
        if state is not None:
            self.restoreState(state, _LAYOUT_VERSION)
        for splitter in self._splitters():
            state = self.settings.value(f"splitters/{splitter.objectName()}")
            if state is not None:
                splitter.restoreState(state)

    def _splitters(self) -> list[QSplitter]:
        return [each for each in self.findChildren(QSplitter) if each.objectName()]

    def _remember(self) -> None:
        self.settings.setValue("geometry", self.saveGeometry())
        self.settings.setValue("layout", self.saveState(_LAYOUT_VERSION))
        for splitter in self._splitters():
            self.settings.setValue(f"splitters/{splitter.objectName()}", splitter.saveState())
        self.settings.setValue("theme", self.theme.name)
        self.settings.setValue("plan", self.experiment.plan_name)
        self.settings.sync()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self.theme = theme
        application = QApplication.instance()
        if isinstance(application, QApplication):
            apply(application, theme)
        self.live.dress(theme)
        self.runs.dress(theme)
        self.calibrations.dress(theme)
        self.bench.dress(self.icon)

    def icon(self, name: str) -> Any:
        """Return an icon in the colour of the theme."""
        from gui.widgets.icons import icon  # its fonts are loaded after the window is painted

        return icon(name, self.theme.muted)

    def open_bench(self, bench_file: Path, *, simulated: bool) -> None:
        """Make safe, leave the bench and load another."""
        self.conductor.open_bench(bench_file, simulated=simulated)

    def _queue_changed(self) -> None:
        self.queue_view.show_queue()

    def _may_end_the_run(self) -> bool:
        answers = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self,
            "A run is going on",
            "Closing the window switches everything off and ends the run. Its record is kept.",
            answers.Close | answers.Cancel,  # type: ignore[arg-type] # PyQt5 says int
            answers.Cancel,
        )
        return bool(answer == answers.Close)

    # -- events

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Build the plots once the window has been painted without them."""
        super().paintEvent(event)
        if self._is_started and not self.is_complete and not self._build_timer.isActive():
            self._build_timer.start()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """See Esc pressed twice, wherever the focus is: in a list, a dialog or nowhere."""
        if (
            event is not None
            and event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and not event.isAutoRepeat()
            and isinstance(watched, QWindow)  # as the system hands it over: once, whatever has it
        ):
            now_s = time.monotonic()
            if now_s - self._escape_at_s < _ESC_ESC_S:
                self.conductor.safe_stop("Esc twice in the window")
            self._escape_at_s = now_s
        return False

    def safe_stop_after(self, error: BaseException) -> None:
        """Switch everything off after an error of the window itself, and say so; it goes on.

        Args:
            error: What went wrong.
        """
        self.conductor.safe_stop(f"an error of the window: {error}")
        text = f"The window has made a mistake, everything is switched off: {error!r}"
        self.bar.safe_report.set_text(text)
        trace = "".join(traceback.format_exception(error))
        self.log.add(
            LogLine(time_s=time.time(), level=logging.ERROR, source="window", text=trace.rstrip())
        )

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Make safe, end the bench, close; a run that is going on is asked about."""
        if event is not None and self.conductor.is_running and not self._may_end_the_run():
            event.ignore()
            return
        self._remember()
        self.conductor.end()
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        if event is not None:
            event.accept()
