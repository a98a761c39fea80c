"""The bar that is always there: bench, run, interlocks, light, Safe stop."""

import time

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from gui import messages
from gui.widgets.combo import combo
from gui.widgets.elided_label import ElidedLabel
from gui.widgets.helpers import button, label, mark, set_text

SPEEDS = (1.0, 10.0, 60.0, 200.0, 1000.0)
_AFTERGLOW_S = 1.0
_BANNER_PX = 292  # "LIGHT ON  405 nm  20 mW/cm²": it does not jump when the light goes on
_WORDS = {
    "idle": "idle",
    "running": "running",
    "pausing": "pausing …",
    "paused": "PAUSED",
    "ending": "ending …",
}


class TopBar(QWidget):
    """What one must be able to see and do at any time.

    Attributes:
        safe_wanted: Safe stop was pressed.
        speed_wanted: Another pace of the simulated bench was chosen.
        acknowledged: The person has read what could not be confirmed to be off.
        is_final: Whether the last report of Safe stop was its last word.
    """

    safe_wanted = Signal()
    speed_wanted = Signal(float)
    acknowledged = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("top-bar")
        self.bench = ElidedLabel("starting …")
        self.bench.setProperty("strong", True)
        self.bench.setObjectName("bench-name")
        self.speed = combo(
            "speed", "Speed of the simulated bench",
            "Simulated seconds per second (simulated benches only)",
        )  # fmt: skip
        for speed in SPEEDS:
            self.speed.addItem(f"×{speed:g}", speed)
        self.speed.setVisible(False)
        self.speed.activated.connect(
            lambda _: self.speed_wanted.emit(float(self.speed.currentData()))
        )
        self.engine = label("", name="engine-state", strong=True)
        self.light = label("dark", name="light-banner")
        self.light.setAccessibleName("light")
        self.light.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.light.setMinimumWidth(_BANNER_PX)
        self.interlocks = label(name="interlocks")
        self.interlocks.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.interlocks.setVisible(False)
        self.safe_report = ElidedLabel()
        self.safe_report.setObjectName("safe-report")
        self.alarm = ElidedLabel()
        self.alarm.setObjectName("alarm")
        mark(self.alarm, alarm=True)
        self.acknowledge = button(
            "Acknowledge",
            name="acknowledge",
            tip="I have read it and seen to it: take the message away and let runs start again",
            shortcut="Ctrl+Shift+K",
        )
        self.acknowledge.clicked.connect(self._acknowledge)
        self.is_final = False
        self._alarms: dict[str, None] = {}
        self._lit = ("", 0.0)
        self._word: messages.EngineWord = "idle"
        self.safe = button(
            "SAFE STOP",
            name="safe-stop",
            tip="Light off, pumps, stages and heaters stopped at once, then the run is ended. "
            "Also: Esc twice",
            shortcut="F12",
            safe=True,
        )
        self.safe.clicked.connect(self.safe_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 10, 6)
        row.setSpacing(12)
        row.addWidget(self.bench, 3)
        row.addWidget(self.speed)
        row.addWidget(self.engine)
        row.addWidget(self.safe_report, 4)
        row.addWidget(self.alarm, 6)
        row.addWidget(self.acknowledge)
        row.addWidget(self.interlocks)
        row.addWidget(self.light)
        row.addWidget(self.safe)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.forget_light()
        self._show_alarms()

    def show_bench(self, info: messages.BenchInfo) -> None:
        """Show which bench this is."""
        self.bench.set_text(f"{info.name} (simulated)" if info.simulated else info.name)
        self.bench.setToolTip(info.file)
        self.speed.setVisible(info.simulated)
        index = self.speed.findData(info.speed)
        if index < 0:
            self.speed.addItem(f"×{info.speed:g}", info.speed)
            index = self.speed.count() - 1
        self.speed.setCurrentIndex(index)

    def show_engine(self, word: messages.EngineWord) -> None:
        """Show what the engine does."""
        self._word = word
        set_text(self.engine, _WORDS[word])
        mark(self.engine, muted=word == "idle", problem=word == "paused")
        if word == "running":
            self.safe_report.set_text("")

    def forget_light(self) -> None:
        """Say that it is not known whether light is on: nobody answers."""
        self._lit = ("", 0.0)
        set_text(self.light, "light: not known")
        mark(self.light, lightOn=False, dark=True)

    def show_light(self, emission: str) -> None:
        """Show the light that is on, "" for none.

        A plan that lights in pulses is not dark between them: while it runs the banner stays for a
        moment.
        """
        now_s = time.monotonic()
        if emission:
            self._lit = (emission, now_s)
        elif self._word == "running" and now_s - self._lit[1] < _AFTERGLOW_S:
            emission = self._lit[0]
        set_text(self.light, f"LIGHT ON  {emission}" if emission else "light off")
        mark(self.light, lightOn=bool(emission), dark=not emission)

    def show_safe(self, report: messages.SafeReport) -> None:
        """Show what Safe stop has achieved."""
        self.is_final = report.final
        failed = [line for line in report.lines if not line.confirmed]
        names = ", ".join(line.device for line in report.lines if line.confirmed)
        if failed:
            self.raise_alarm(tuple(line.message for line in failed))
            self.safe_report.set_text(f"off: {names}" if names else "")
        else:
            self.safe_report.set_text(f"All off in {report.took_s:.2f} s: {names}")
        tip = "\n".join(
            f"{line.device}: {'confirmed off' if line.confirmed else line.message}"
            for line in report.lines
        )
        self.safe_report.setToolTip(tip)
        mark(self.safe_report, problem=bool(failed), good=not failed)

    def show_interlocks(self, message: messages.Interlocks) -> None:
        """Show how the interlock rules of the bench are."""
        open_rules = [rule for rule in message.rules if rule.cause]
        text = f"INTERLOCK OPEN: {open_rules[0].name}" if open_rules else "interlocks closed"
        if len(open_rules) > 1:
            text += f" +{len(open_rules) - 1}"
        set_text(self.interlocks, text)
        self.interlocks.setVisible(bool(message.rules))
        self.interlocks.setToolTip(
            "\n".join(
                f"{rule.name} ({rule.watched}): {rule.cause or 'closed'}; else {rule.reaction}"
                for rule in message.rules
            )
        )
        mark(self.interlocks, alarm=bool(open_rules), dark=not open_rules)

    # -- what could not be confirmed to be off

    @property
    def is_alarmed(self) -> bool:
        """Whether something could not be confirmed to be off and nobody has acknowledged it."""
        return bool(self._alarms)

    def raise_alarm(self, texts: tuple[str, ...]) -> None:
        """Show what could not be confirmed to be off until the person acknowledges it."""
        self._alarms.update(dict.fromkeys(texts))
        self._show_alarms()

    def _show_alarms(self) -> None:
        self.alarm.set_text(f"NOT CONFIRMED OFF: {'; '.join(self._alarms)}")
        for widget in (self.alarm, self.acknowledge):
            widget.setVisible(self.is_alarmed)
        self.safe_report.setVisible(not self.is_alarmed)

    def _acknowledge(self) -> None:
        text = "; ".join(self._alarms)
        self._alarms = {}
        self._show_alarms()
        self.acknowledged.emit(text)

    def show_lost(self, text: str) -> None:
        """Show that the process of the bench has ended."""
        self.bench.set_text("no bench")
        self.safe_report.set_text(text)
        mark(self.safe_report, problem=True, good=False)
        self.forget_light()
