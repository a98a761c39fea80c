"""The menu bar: everything by keyboard."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtGui import QAction
from qtpy.QtWidgets import QFileDialog, QInputDialog, QMenu, QMessageBox

from gui.theme import THEMES

if TYPE_CHECKING:
    from gui.window import Window

_SHORTCUTS = (
    ("F12, or Esc twice", "Safe stop: everything off, then the run is ended"),
    ("Ctrl+R", "Run"),
    ("Ctrl+Shift+A", "Add to queue"),
    ("Ctrl+Shift+R", "Start the queue"),
    ("Ctrl+P", "Pause, resume"),
    ("Ctrl+E", "End early"),
    ("Ctrl+Shift+X", "Abort"),
    ("Ctrl+Shift+K", "Acknowledge what was not confirmed off"),
    ("Ctrl+N", "Note on this run"),
    ("Ctrl+F", "Search the runs"),
    ("Ctrl+1 … Ctrl+8", "Experiment, Live, Bench, Runs, Samples, Calibrations, Log, Console"),
    ("Ctrl+Up, Ctrl+Down", "Cursor of the waterfall"),
    ("Ctrl+0", "Whole wavelength axis, or the band"),
    ("Up, Down in a number", "A small step; units may be typed: 1.5 mL/min"),
)


def fill_menus(window: "Window") -> None:
    """Fill the menu bar of a window."""
    bar = window.menuBar()
    assert bar is not None
    menus = {title: QMenu(title, window) for title in ("&Bench", "&Run", "&View", "&Help")}
    for menu in menus.values():
        menu.setToolTipsVisible(True)
        bar.addMenu(menu)
    _fill_bench(window, menus["&Bench"])
    _fill_run(window, menus["&Run"])
    _fill_view(window, menus["&View"])
    _add(window, menus["&Help"], "&Keys …", lambda: _show_keys(window), "F1")
    _add(window, menus["&Help"], "&About …", lambda: _about(window))


def _add(
    window: "Window", menu: QMenu, text: str, work: Callable[[], object], keys: str = ""
) -> QAction:
    action = QAction(text, window)
    if keys:
        action.setShortcut(keys)

    def triggered(*_: object) -> None:
        work()

    action.triggered.connect(triggered)
    menu.addAction(action)
    return action


def _fill_bench(window: "Window", menu: QMenu) -> None:
    _add(window, menu, "&Open bench file …", lambda: _open_bench(window, simulated=False), "Ctrl+O")
    _add(window, menu, "Open &simulated …", lambda: _open_bench(window, simulated=True))
    _add(window, menu, "&Add an instrument …", window.conductor.add_instrument)
    _add(window, menu, "&Edit bench file …", window.conductor.edit_bench)
    _add(window, menu, "&Reload the bench", window.conductor.restart)
    menu.addSeparator()
    _add(window, menu, "&Quit", window.close, "Ctrl+Q")


def _fill_run(window: "Window", menu: QMenu) -> None:
    panel = window.experiment
    for text, control in (
        ("&Run", panel.run),
        ("&Add to queue", panel.add),
        ("&Pause or resume", panel.pause),
        ("&End early", panel.end),
        ("A&bort", panel.abort),
        ("&Safe stop", window.bar.safe),
    ):
        _add(window, menu, text, control.click)
    menu.addSeparator()
    _add(window, menu, "&Note on this run …", lambda: _note(window), "Ctrl+N")


def _fill_view(window: "Window", menu: QMenu) -> None:
    titles = ("Experiment", "Live", *(title for title in window.docks if title != "Experiment"))
    for place, title in enumerate(titles, 1):
        _add(window, menu, title, partial(_go_to, window, title), f"Ctrl+{place}")
    _add(window, menu, "&Search the runs", lambda: _search(window), "Ctrl+F")
    menu.addSeparator()
    live = window.live
    _add(window, menu, "Cursor &up", lambda: live.spectra.move_cursor(1), "Ctrl+Up")
    _add(window, menu, "Cursor &down", lambda: live.spectra.move_cursor(-1), "Ctrl+Down")
    _add(window, menu, "&Hide the cursor", lambda: live.spectra.hide_cursor(), "Ctrl+Shift+Down")
    _add(window, menu, "&Whole wavelength axis", lambda: live.spectra.show_all(), "Ctrl+0")
    menu.addSeparator()
    for name, theme in THEMES.items():
        _add(window, menu, f"{name.capitalize()} theme",
             partial(window.set_theme, theme))  # fmt: skip
    _add(window, menu, "Reset &layout", window.reset_layout)


def _go_to(window: "Window", title: str) -> None:
    if title == "Live":
        window.live.against.setFocus()
        return
    dock = window.docks[title]
    dock.show()
    dock.raise_()
    targets = {
        "Experiment": window.experiment.plan,
        "Runs": window.runs.tree,
        "Samples": window.samples.tree,
        "Calibrations": window.calibrations.tree,
        "Log": window.log.source,
        "Console": window.console.input,
    }
    target = targets.get(title)
    if target is not None:
        target.setFocus()
    else:
        window.bench.focus_first()


def _search(window: "Window") -> None:
    _go_to(window, "Runs")
    window.runs.search.setFocus()


def _open_bench(window: "Window", *, simulated: bool) -> None:
    name, _ = QFileDialog.getOpenFileName(window, "Open a bench file", "", "Bench (*.toml)")
    if name:
        window.open_bench(Path(name), simulated=simulated)


def _note(window: "Window") -> None:
    text, is_given = QInputDialog.getText(window, "Note", "Note on this run:")
    if is_given and text.strip():
        window.conductor.add_note(text.strip())


def _show_keys(window: "Window") -> None:
    rows = "".join(
        f"<tr><td><b>{keys}</b>&nbsp;&nbsp;</td><td>{what}</td></tr>" for keys, what in _SHORTCUTS
    )
    QMessageBox.information(window, "Keys", f"<table>{rows}</table>")


def _about(window: "Window") -> None:
    QMessageBox.about(
        window,
        "regrow",
        "<b>regrow</b> runs and watches the light-induced regrowth of perovskite nanocrystals, "
        "on a real or a simulated bench.<br><br>Software is not the safety function of a bench "
        "with ultraviolet light: a hardware interlock is.",
    )
