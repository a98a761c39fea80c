"""The endpoint card: where each rule that can end the run stands."""

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFrame, QGridLayout, QLabel, QProgressBar, QSizePolicy, QWidget

from gui.widgets.helpers import label, set_text

if TYPE_CHECKING:
    from gui.presenters.run_view import RunView

_RULES = 5


class EndpointCard(QFrame):
    """Where each rule that can end the run stands."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("endpoint-card")
        self.setProperty("card", True)
        grid = QGridLayout(self)
        grid.setContentsMargins(8, 5, 8, 5)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        self._empty = label("Ends by: nothing is running", muted=True)
        self._empty.setWordWrap(True)
        grid.addWidget(self._empty, 0, 0, 1, 2)
        self._rows: list[tuple[QLabel, QProgressBar, QLabel]] = []
        for number in range(_RULES):
            name, bar, text = label(strong=True), QProgressBar(), label()
            text.setWordWrap(True)  # a rule is read whole, also where there is little room
            bar.setRange(0, 1000)
            bar.setTextVisible(False)
            bar.setFixedHeight(4)
            bar.setProperty("thin", True)
            row = 2 * number + 1
            grid.addWidget(name, row, 0)
            grid.addWidget(text, row, 1)
            grid.addWidget(bar, row + 1, 0, 1, 2)
            for widget in (name, bar, text):
                widget.setVisible(False)
            self._rows.append((name, bar, text))
        grid.setColumnStretch(1, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def show_rules(self, view: "RunView") -> None:
        """Show the rules of a run, or how it ended."""
        rules = view.rules()
        if view.closed is not None:
            ending = view.notes[-1][1] if view.notes else ""
            words = f"Ended: {view.closed.exit_status}"
            reason = view.closed.reason or ending
            self._empty.setText(f"{words}, {reason}" if reason else words)
        elif view.opened is None:
            self._empty.setText("Ends by: nothing is running")
        else:
            self._empty.setText("Ends by the first of" if rules else "Ends by: not known yet")
        for place, (name, bar, text) in enumerate(self._rows):
            is_shown = place < len(rules)
            for widget in (name, bar, text):
                widget.setVisible(is_shown)
            if is_shown:
                rule = rules[place]
                set_text(name, rule.rule.replace("_", " "))
                bar.setValue(round(1000 * rule.progress))
                bar.setAccessibleName(f"{rule.rule}: {rule.progress:.0%}")
                set_text(
                    text,
                    rule.words.removeprefix(f"{rule.rule} ")
                    .replace("+-", "±")
                    .replace("cm2", "cm²"),
                )
