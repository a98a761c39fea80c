"""Everything that the menus offer."""

import pytest
from qtpy.QtWidgets import QApplication, QFileDialog, QInputDialog, QMessageBox
from scripted import asked, run_a_few, sent

from gui import archive_messages, messages


def action(window, text):
    for menu in window.menuBar().actions():
        for each in menu.menu().actions():
            if each.text().replace("&", "").startswith(text):
                return each
    raise LookupError(text)


@pytest.mark.parametrize("title", ["Experiment", "Live", "Bench", "Runs", "Samples",
                                   "Calibrations", "Log", "Console"])  # fmt: skip
def test_a_panel_is_shown_and_has_the_keys(window, qtbot, title):
    if title in window.docks:
        window.docks[title].hide()
    action(window, title).trigger()
    place = window.live if title == "Live" else window.docks[title]
    assert place.isVisible()
    assert place.isAncestorOf(QApplication.focusWidget())


def test_the_search_of_the_runs_is_gone_to(window, qtbot):
    window.docks["Log"].raise_()
    action(window, "Search").trigger()
    assert QApplication.focusWidget() is window.runs.search


def test_a_run_is_steered_by_its_menu(window):
    action(window, "Run").trigger()
    assert len(sent(window, messages.Run)) == 1
    action(window, "Safe stop").trigger()
    assert len(sent(window, messages.SafeStop)) == 1


def test_a_note_is_made_by_the_menu(window, monkeypatch):
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("by key", True))
    run_a_few(window)
    action(window, "Note").trigger()
    assert asked(window, archive_messages.AddNote)[0].text == "by key"


def test_the_cursor_is_moved_and_hidden_by_keys(window):
    run_a_few(window)
    action(window, "Cursor up").trigger()
    assert window.live.cursor_text.text()
    action(window, "Cursor down").trigger()
    action(window, "Hide").trigger()
    assert window.live.cursor_text.text() == ""
    action(window, "Whole").trigger()


def test_keys_and_about_are_told(window, monkeypatch):
    told = []
    monkeypatch.setattr(QMessageBox, "information", lambda *texts: told.append(texts[-1]))
    monkeypatch.setattr(QMessageBox, "about", lambda *texts: told.append(texts[-1]))
    action(window, "Keys").trigger()
    action(window, "About").trigger()
    assert "F12" in told[0]
    assert "hardware interlock" in told[1]


def test_another_bench_is_opened(window, monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr(window.conductor, "open_bench",
                        lambda path, *, simulated: opened.append((path, simulated)))  # fmt: skip
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "b.toml"), ""))
    action(window, "Open bench").trigger()
    action(window, "Open simulated").trigger()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    action(window, "Open bench").trigger()
    assert opened == [(tmp_path / "b.toml", False), (tmp_path / "b.toml", True)]


def test_the_theme_is_chosen_by_the_menu(window):
    action(window, "Dark").trigger()
    assert window.theme.name == "dark"
    action(window, "Light").trigger()
    action(window, "Reset").trigger()
