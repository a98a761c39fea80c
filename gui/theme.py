"""Colours and style sheet, light and dark."""

from dataclasses import dataclass

from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import QApplication


@dataclass(frozen=True, kw_only=True)
class Theme:
    """The colours of the window.

    The lines of the plots are blue, orange, green and purple of Okabe and Ito's colour-blind safe
    set, lightened for the dark theme.
    """

    name: str
    window: str
    surface: str
    raised: str
    border: str
    text: str
    muted: str
    accent: str
    accent_text: str
    danger: str
    safe: str
    danger_soft: str
    warning: str
    warning_soft: str
    good: str
    light_on: str
    light_on_text: str
    lines: tuple[str, ...]
    overlay: tuple[str, ...]
    ghost: str


LIGHT = Theme(
    name="light",
    window="#eef1f4",
    surface="#ffffff",
    raised="#f6f8fa",
    border="#cfd6dd",
    text="#1d2530",
    muted="#566270",
    accent="#0b6a9c",
    accent_text="#ffffff",
    danger="#b3261e",
    safe="#b3261e",
    danger_soft="#fbe9e7",
    warning="#7a5200",
    warning_soft="#fff3d1",
    good="#1c6b41",
    light_on="#6a1fb0",
    light_on_text="#ffffff",
    lines=("#0072b2", "#d55e00", "#009e73", "#a1488b", "#7a6a00"),
    overlay=("#0072b2", "#d55e00", "#009e73", "#a1488b", "#b07900", "#2a8fc7", "#7a6a00",
             "#8c564b"),
    ghost="#9aa5b1",
)  # fmt: skip
DARK = Theme(
    name="dark",
    window="#14181d",
    surface="#1b2027",
    raised="#232a32",
    border="#3a434e",
    text="#e6eaef",
    muted="#a3aeba",
    accent="#5db5e6",
    accent_text="#0c1a24",
    danger="#f2695f",
    safe="#c2291f",
    danger_soft="#3a2022",
    warning="#f0c060",
    warning_soft="#3a311c",
    good="#6fce9b",
    light_on="#c79bff",
    light_on_text="#1c0f2b",
    lines=("#56b4e9", "#f0954a", "#3cc9a0", "#d691c4", "#d8ca4c"),
    overlay=("#56b4e9", "#f0954a", "#3cc9a0", "#d691c4", "#d8ca4c", "#9fd0ff", "#b8a86a",
             "#d8a397"),
    ghost="#66717d",
)  # fmt: skip
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}


def apply(app: QApplication, theme: Theme) -> None:
    """Give an application the colours of a theme.

    Args:
        app: The application.
        theme: The theme.
    """
    if app.property("theme") == theme.name:
        return  # styling every widget again takes its time
    app.setProperty("theme", theme.name)
    app.setPalette(_palette(theme))
    app.setStyleSheet(style_sheet(theme))


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    roles = QPalette.ColorRole
    colours = {
        roles.Window: theme.window,
        roles.WindowText: theme.text,
        roles.Base: theme.surface,
        roles.AlternateBase: theme.raised,
        roles.Text: theme.text,
        roles.Button: theme.raised,
        roles.ButtonText: theme.text,
        roles.ToolTipBase: theme.raised,
        roles.ToolTipText: theme.text,
        roles.Highlight: theme.accent,
        roles.HighlightedText: theme.accent_text,
        roles.Link: theme.accent,
        roles.PlaceholderText: theme.muted,
    }
    for role, colour in colours.items():
        palette.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.ghost))
    return palette


def style_sheet(theme: Theme) -> str:
    """Return the style sheet of a theme."""
    return _SHEET.format(**vars(theme))


_SHEET = """
QMainWindow, QDialog {{ background: {window}; }}
QMainWindow::separator {{ background: {window}; width: 5px; height: 5px; }}
QToolBar {{ background: {window}; border: none; border-bottom: 1px solid {border}; }}
QDockWidget {{ color: {text}; font-weight: 600; }}
QDockWidget::title {{ background: {window}; padding: 4px 8px; text-align: left; }}
QWidget[panel="true"] {{ background: {surface}; border: 1px solid {border}; border-radius: 6px; }}
QFrame[plots="true"] {{ background: {surface}; border: none; }}
QFrame[card="true"] {{ background: {raised}; border: 1px solid {border}; border-radius: 6px; }}
QFrame[card="true"][trouble="true"] {{ border: 1px solid {danger}; }}
QFrame[card="true"][lit="true"] {{ border: 2px solid {light_on}; }}
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {border}; padding: 4px; }}
QLabel {{ background: transparent; }}
QLabel[muted="true"] {{ color: {muted}; }}
QLabel[strong="true"] {{ font-weight: 600; }}
QLabel[problem="true"] {{ color: {danger}; }}
QLabel[stale="true"] {{ color: {warning}; }}
QLabel[good="true"] {{ color: {good}; }}
QLabel[badge="true"] {{ background: {warning_soft}; color: {warning}; border: 1px solid {warning};
    border-radius: 8px; padding: 0px 7px; }}
QLabel[alarm="true"] {{ background: {danger}; color: {surface}; font-weight: 700;
    border-radius: 6px; padding: 4px 10px; }}
QLabel[lightOn="true"] {{ background: {light_on}; color: {light_on_text}; font-weight: 700;
    border-radius: 6px; padding: 5px 14px; }}
QLabel[dark="true"] {{ color: {muted}; border: 1px solid {border}; border-radius: 6px;
    padding: 4px 12px; }}
QPushButton, QToolButton {{ background: {raised}; color: {text}; border: 1px solid {border};
    border-radius: 5px; padding: 4px 10px; }}
QPushButton:hover, QToolButton:hover {{ border-color: {accent}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {border}; }}
QPushButton:focus, QToolButton:focus {{ border: 1px solid {accent}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {ghost}; background: {surface}; }}
QPushButton[primary="true"] {{ background: {accent}; color: {accent_text}; border-color: {accent};
    font-weight: 600; padding: 6px 16px; }}
QPushButton[primary="true"]:disabled {{ background: {raised}; color: {ghost};
    border-color: {border}; }}
QPushButton[primary="true"]:focus {{ border: 2px solid {text}; }}
QPushButton[safe="true"] {{ background: {safe}; color: #ffffff; border: 2px solid {safe};
    font-weight: 700; padding: 6px 18px; border-radius: 6px; }}
QPushButton[safe="true"]:hover {{ border-color: {text}; }}
QPushButton[safe="true"]:focus {{ border: 2px solid {text}; }}
QToolButton[flat="true"] {{ background: transparent; border: 1px solid transparent;
    padding: 2px 4px; }}
QToolButton[flat="true"]:hover, QToolButton[flat="true"]:focus {{ border-color: {accent}; }}
QToolButton::menu-indicator {{ image: none; }}
QLineEdit, QComboBox, QPlainTextEdit, QTextEdit, QDateEdit {{ background: {surface};
    color: {text}; border: 1px solid {border}; border-radius: 4px; padding: 3px 6px;
    selection-background-color: {accent}; selection-color: {accent_text}; }}
QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus {{ border: 1px solid {accent}; }}
QLineEdit[wrong="true"] {{ border: 1px solid {danger}; background: {danger_soft}; }}
QLineEdit[pending="true"] {{ border: 1px dashed {warning}; }}
QComboBox::drop-down {{ border: none; width: 18px; }}
QComboBox::down-arrow {{ image: none; width: 0; height: 0; margin-right: 8px;
    border-left: 4px solid {surface}; border-right: 4px solid {surface};
    border-top: 5px solid {muted}; }}
QProgressBar[thin="true"] {{ background: {border}; border: none; border-radius: 2px;
    min-height: 4px; max-height: 4px; }}
QProgressBar[thin="true"]::chunk {{ border-radius: 2px; }}
QComboBox:disabled, QLineEdit:disabled {{ color: {ghost}; }}
QComboBox QAbstractItemView {{ background: {surface}; color: {text};
    selection-background-color: {accent}; selection-color: {accent_text}; }}
QCheckBox {{ background: transparent; spacing: 6px; padding: 1px; border: 1px solid transparent; }}
QCheckBox:focus {{ border: 1px dotted {accent}; border-radius: 3px; }}
QScrollArea {{ border: none; background: transparent; }}
QScrollArea > QWidget > QWidget {{ background: transparent; }}
QTableView, QListView, QTreeView {{ background: {surface}; alternate-background-color: {raised};
    color: {text}; border: 1px solid {border}; border-radius: 4px; gridline-color: {border};
    selection-background-color: {accent}; selection-color: {accent_text}; }}
QCheckBox::indicator:unchecked, QTreeView::indicator:unchecked {{ background: {surface};
    border: 1px solid {muted}; border-radius: 3px; width: 11px; height: 11px; }}
QHeaderView::section {{ background: {raised}; color: {muted}; border: none;
    border-bottom: 1px solid {border}; padding: 3px 6px; font-weight: 600; }}
QTabBar {{ qproperty-drawBase: 0; }}
QTabBar::tab {{ background: {window}; color: {muted}; padding: 5px 14px;
    border: 1px solid transparent; border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {text}; border-bottom: 2px solid {accent}; }}
QTabBar::tab:focus {{ border: 1px dotted {accent}; }}
QProgressBar {{ background: {raised}; border: 1px solid {border}; border-radius: 4px;
    text-align: center; color: {text}; max-height: 12px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}
QMenuBar {{ background: {window}; color: {text}; }}
QMenuBar::item {{ padding: 3px 9px; background: transparent; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: {accent}; color: {accent_text}; }}
QMenu {{ background: {raised}; color: {text}; border: 1px solid {border}; }}
QMenu::item {{ padding: 4px 22px; }}
QMenu::item:disabled {{ color: {ghost}; }}
QStatusBar {{ background: {window}; color: {muted}; }}
QStatusBar::item {{ border: none; }}
QSplitter::handle {{ background: {window}; }}
QScrollBar:vertical {{ background: transparent; width: 10px; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; }}
QScrollBar::handle {{ background: {border}; border-radius: 4px; min-height: 24px;
    min-width: 24px; }}
QScrollBar::handle:hover {{ background: {muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
"""
