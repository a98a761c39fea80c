"""Making widgets that can be found, read aloud and reached by keyboard."""

from typing import Any

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QFont, QFontDatabase, QFontInfo
from qtpy.QtWidgets import (
    QFrame,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)


def label(text: str = "", *, name: str = "", **marks: bool) -> QLabel:
    """Return a label.

    Args:
        text: What it says.
        name: Object name, for tests.
        **marks: Properties that the style sheet knows, such as ``muted=True``.
    """
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setObjectName(name)
    for mark, value in marks.items():
        made.setProperty(mark, value)
    return made


def button(text: str, *, name: str, tip: str, shortcut: str = "", **marks: bool) -> QPushButton:
    """Return a push button with tooltip, accessible name and shortcut.

    Args:
        text: What it says.
        name: Object name.
        tip: What it does.
        shortcut: Keys, "" for none; they are added to the tooltip.
        **marks: Properties that the style sheet knows.
    """
    made = QPushButton(text)
    _describe(made, name=name, accessible=text, tip=tip, shortcut=shortcut)
    made.setAutoDefault(False)
    for mark, value in marks.items():
        made.setProperty(mark, value)
    return made


def icon_button(
    icon: Any, *, name: str, accessible: str, tip: str = "", shortcut: str = ""
) -> QToolButton:
    """Return a flat button with an icon only.

    Args:
        icon: A QIcon, or a text when there is no icon for it.
        name: Object name.
        accessible: What it does, in two words.
        tip: What it does, in a sentence; the two words when empty.
        shortcut: Keys.
    """
    made = QToolButton()
    if isinstance(icon, str):
        made.setText(icon)
    else:
        made.setIcon(icon)
        made.setIconSize(QSize(18, 18))
    made.setProperty("flat", True)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    _describe(made, name=name, accessible=accessible, tip=tip or accessible, shortcut=shortcut)
    return made


def _describe(
    widget: QPushButton | QToolButton, *, name: str, accessible: str, tip: str, shortcut: str
) -> None:
    widget.setObjectName(name)
    widget.setAccessibleName(accessible.replace("&", ""))
    widget.setToolTip(f"{tip} ({shortcut})" if shortcut else tip)
    if shortcut:
        widget.setShortcut(shortcut)


def mark(widget: QWidget, **marks: bool | str) -> None:
    """Set properties that the style sheet knows, and restyle when one has changed.

    Args:
        widget: The widget.
        **marks: The properties.
    """
    is_changed = False
    for name, value in marks.items():
        if widget.property(name) != value:
            widget.setProperty(name, value)
            is_changed = True
    if is_changed:
        style = widget.style()
        if style is not None:
            style.unpolish(widget)
            style.polish(widget)


def set_text(widget: QLabel, text: str) -> None:
    """Set a label's text if it is another one, so that nothing is laid out for nothing."""
    if widget.text() != text:
        widget.setText(text)


def fixed_font() -> QFont:
    """Return a font all letters of which have one width, also where the system names none."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    if not QFontInfo(font).fixedPitch():
        font.setFamily("monospace")
        font.setStyleHint(QFont.StyleHint.Monospace)
    return font


def placeholder() -> QFrame:
    """Return what keeps the room of plots until they are built; they go into its layout."""
    place = QFrame()
    place.setProperty("plots", True)
    place.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
    column = QVBoxLayout(place)
    column.setContentsMargins(0, 0, 0, 0)
    return place


def fill(place: QFrame, plots: QWidget) -> None:
    """Put plots where room was kept for them."""
    layout = place.layout()
    assert layout is not None
    layout.addWidget(plots)
