"""The experiment panel: choose a plan, fill its form, check, run, queue."""

from collections.abc import Mapping

from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QInputDialog,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui import messages
from gui.messages import PlanInfo, Value
from gui.panels.preflight import PreflightView
from gui.presenters.estimate import Estimate
from gui.presenters.presets import Presets
from gui.widgets.combo import combo
from gui.widgets.elided_label import ElidedLabel
from gui.widgets.form_view import FormView
from gui.widgets.helpers import button, icon_button, label, set_text

_CHECK_AFTER_MS = 350  # typing is over by then
_PAUSES = "Light and pumps stop, the run waits; resume repeats the frame that was cut"
_RESUMES = "Light and pumps go on as before; the frame that was cut is repeated"


class ExperimentPanel(QWidget):
    """What is to be done.

    Attributes:
        check_wanted: Plan and values that want a preflight.
        run_wanted: Plan and values that are to be run.
        queue_wanted: Plan and values that are to be queued.
        control_wanted: "pause", "resume", "stop" or "abort".
    """

    check_wanted = Signal(str, object)
    run_wanted = Signal(str, object)
    queue_wanted = Signal(str, object)
    control_wanted = Signal(str)

    def __init__(self, presets: Presets, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("experiment-panel")
        self._presets = presets
        self._plans: dict[str, PlanInfo] = {}
        self._speed = 1.0
        self._word: messages.EngineWord = "idle"
        self._is_ready = False
        self._is_refused = False
        self._is_barred = False
        self._estimate = Estimate()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_CHECK_AFTER_MS)
        self._timer.timeout.connect(self._ask_for_check)
        self.plan = self._combo("plan", "Plan", "What is to be done (Alt+P)")
        self.plan.activated.connect(lambda _: self._plan_chosen())
        self.summary = label(muted=True, name="plan-summary")
        self.summary.setWordWrap(True)
        self.preset = self._combo("preset", "Preset", "A named set of parameters")
        self.preset.setPlaceholderText("changed")
        self.preset.activated.connect(lambda _: self._preset_chosen())
        self.form = FormView()
        self.form.changed.connect(self._timer.start)
        self.form.changed.connect(self._preset_left)
        self.form.wrong.connect(self._form_is_wrong)
        self.preflight = PreflightView()
        self.estimate = ElidedLabel()
        self.estimate.setProperty("muted", True)
        self.estimate.setObjectName("estimate")
        self._make_buttons()
        self._lay_out()
        self.set_ready(ready=False, why="The bench is starting")

    @staticmethod
    def _combo(name: str, accessible: str, tip: str) -> QComboBox:
        made = combo(name, accessible, tip)
        made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        return made

    def _make_buttons(self) -> None:
        self.run = button(
            "Run", name="run", tip="Run this plan with these parameters", shortcut="Ctrl+R",
            primary=True,
        )  # fmt: skip
        self.add = button(
            "Add to queue", name="add-to-queue", tip="Run it after what is in the queue",
            shortcut="Ctrl+Shift+A",
        )  # fmt: skip
        self.pause = button(
            "Pause", name="pause", shortcut="Ctrl+P",
            tip=_PAUSES,
        )  # fmt: skip
        self.end = button(
            "End early", name="end-early", shortcut="Ctrl+E",
            tip="Switch off, write the record and call the run a success",
        )  # fmt: skip
        self.abort = button(
            "Abort", name="abort", shortcut="Ctrl+Shift+X",
            tip="Switch off, write the record and mark the run as aborted",
        )  # fmt: skip
        self.run.clicked.connect(self._run_now)
        self.add.clicked.connect(self._add_to_queue)
        self.pause.clicked.connect(self._pause_or_resume)
        self.end.clicked.connect(lambda: self.control_wanted.emit("stop"))
        self.abort.clicked.connect(lambda: self.control_wanted.emit("abort"))
        self._save = icon_button(
            "Save", name="save-preset", accessible="Save preset",
            tip="Keep these parameters under a name",
        )  # fmt: skip
        self._save.clicked.connect(self._save_preset)
        self._forget = icon_button(
            "✕", name="forget-preset", accessible="Forget preset",
            tip="Forget this preset; only those of your own can be forgotten",
        )  # fmt: skip
        self._forget.clicked.connect(self.forget_preset)
        self._forget.setVisible(False)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(5)
        column.addWidget(self.plan)
        column.addWidget(self.summary)
        row = QHBoxLayout()
        row.addWidget(label("Preset", muted=True))
        row.addWidget(self.preset, 1)
        row.addWidget(self._save)
        row.addWidget(self._forget)
        column.addLayout(row)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self.form)
        column.addWidget(area, 1)
        column.addWidget(self.preflight)
        column.addWidget(self.estimate)
        first = QHBoxLayout()
        first.addWidget(self.run, 1)
        first.addWidget(self.add)
        column.addLayout(first)
        second = QHBoxLayout()
        for each in (self.pause, self.end, self.abort):
            second.addWidget(each, 1)
        column.addLayout(second)

    def add_below(self, widget: QWidget) -> None:
        """Put a widget below the buttons: the queue."""
        column = self.layout()
        assert column is not None
        column.addWidget(widget)

    # -- from the window

    def set_plans(self, plans: tuple[PlanInfo, ...], chosen: str = "") -> None:
        """Offer plans."""
        self._plans = {plan.name: plan for plan in plans}
        self.plan.clear()
        for name, plan in self._plans.items():
            self.plan.addItem(name.replace("_", " "), name)
            self.plan.setItemData(self.plan.count() - 1, plan.summary, Qt.ItemDataRole.ToolTipRole)
        self.plan.setCurrentIndex(max(0, self.plan.findData(chosen)))
        self._plan_chosen()

    def set_speed(self, speed: float) -> None:
        """Note at which pace bench time runs, for the estimate."""
        self._speed = speed
        self._estimate.set_speed(speed)

    def set_ready(self, *, ready: bool, why: str = "") -> None:
        """Say whether the bench can run something."""
        self._is_ready = ready
        if why:
            self.estimate.set_text(why)
        self._show_buttons()

    def set_barred(self, *, barred: bool) -> None:
        """Say whether no run may start until something is acknowledged."""
        if barred != self._is_barred:
            self._is_barred = barred
            if barred:
                self.estimate.set_text("Acknowledge first what was not confirmed off")
            else:
                self._timer.start()
            self._show_buttons()

    def show_engine(self, word: messages.EngineWord) -> None:
        """Show what the engine does."""
        was, self._word = self._word, word
        self._show_buttons()
        if word == "idle" and was != "idle":
            self._timer.start()

    def begin_run(self, opened: messages.RunOpened) -> None:
        """Follow a run with the estimate."""
        self._estimate.begin(opened.longest_s, self._speed)

    def show_progress(self, elapsed_s: float) -> None:
        """Show what is left of the run."""
        if self._word != "idle":
            self._estimate.progress(elapsed_s)
            self.estimate.set_text(self._estimate.left_text())

    def show_table(self, table: messages.PreflightTable) -> None:
        """Show what the preflight has found."""
        self.preflight.show_table(table)
        self._is_refused = self.preflight.is_refused
        if self._word == "idle" and not table.error:
            self.estimate.set_text(self._estimate.whole_text(table.longest_s, self._speed))
        self._show_buttons()

    def fill(self, plan: str, values: Mapping[str, Value]) -> None:
        """Choose a plan and fill its form, as for running it again."""
        index = self.plan.findData(plan)
        if index >= 0:
            self.plan.setCurrentIndex(index)
            self._plan_chosen()
            self.form.set_values(values)
            self._preset_left()
            self._timer.start()

    # -- from the person

    @property
    def plan_name(self) -> str:
        """The plan that is chosen."""
        return str(self.plan.currentData() or "")

    def _plan_chosen(self) -> None:
        plan = self._plans.get(self.plan_name)
        if plan is None:
            return
        set_text(self.summary, plan.summary)
        self.summary.setToolTip(plan.description)
        self.form.set_plan(plan)
        self.preset.clear()
        self.preset.addItem("as usual", "")
        for name in self._presets.names(plan.name):
            self.preset.addItem(name, name)
        if self.preset.count() > 1:
            self.preset.setCurrentIndex(1)
        self._preset_chosen()

    def _preset_chosen(self) -> None:
        name = str(self.preset.currentData() or "")
        self._forget.setVisible(self._presets.is_own(self.plan_name, name))
        self.form.reset()
        self.form.set_values(self._presets.get(self.plan_name, name))
        self._timer.start()

    def _preset_left(self) -> None:
        """Claim no preset when the form holds something else."""
        usual = self._presets.get(self.plan_name, str(self.preset.currentData() or ""))
        if self.preset.currentIndex() >= 0 and self.form.changed_values() != usual:
            self.preset.setCurrentIndex(-1)
            self._forget.setVisible(False)

    def _save_preset(self) -> None:
        name, is_given = QInputDialog.getText(self, "Save preset", "Name of the preset:")
        if is_given and name.strip():
            self.save_preset(name.strip())

    def save_preset(self, name: str) -> None:
        """Keep what the form holds under a name."""
        values = self.form.values()
        if values is None:
            return
        self._presets.save(self.plan_name, name, self.form.changed_values())
        if self.preset.findData(name) < 0:
            self.preset.addItem(name, name)
        self.preset.setCurrentIndex(self.preset.findData(name))
        self._forget.setVisible(self._presets.is_own(self.plan_name, name))

    def forget_preset(self) -> None:
        """Forget the preset that is chosen; what the form holds stays."""
        self._presets.remove(self.plan_name, str(self.preset.currentData() or ""))
        chosen = self.preset.currentIndex()
        if self._presets.get(self.plan_name, str(self.preset.currentData() or "")) == {}:
            self.preset.removeItem(chosen)
            self.preset.setCurrentIndex(0)
        self._forget.setVisible(False)

    def _pause_or_resume(self) -> None:
        self.control_wanted.emit("resume" if self._word == "paused" else "pause")

    def _run_now(self) -> None:
        values = self.form.values()
        if values is not None:
            self.run_wanted.emit(self.plan_name, values)

    def _add_to_queue(self) -> None:
        values = self.form.values()
        if values is not None:
            self.queue_wanted.emit(self.plan_name, values)

    def _ask_for_check(self) -> None:
        values = self.form.values()
        if values is not None and self._is_ready and self._word == "idle":
            self.check_wanted.emit(self.plan_name, values)

    def _form_is_wrong(self, text: str) -> None:
        self.preflight.show_problem(text)
        self._is_refused = True
        self._show_buttons()

    def _show_buttons(self) -> None:
        is_idle = self._word == "idle"
        may_run = self._is_ready and is_idle and not self._is_barred
        self.run.setEnabled(may_run and not self._is_refused)
        self.add.setEnabled(self._is_ready and not self._is_refused)
        is_steerable = self._word in ("running", "paused")
        self.pause.setEnabled(is_steerable)
        self.pause.setText("Resume" if self._word == "paused" else "Pause")
        self.pause.setAccessibleName(self.pause.text())
        self.pause.setShortcut("Ctrl+P")  # a new text forgets it
        self.pause.setToolTip(f"{_RESUMES if self._word == 'paused' else _PAUSES} (Ctrl+P)")
        self.end.setEnabled(is_steerable)
        self.abort.setEnabled(is_steerable)
