import itertools

import scripted
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QIcon
from qtpy.QtWidgets import QApplication, QFileDialog, QInputDialog
from scripted import asked, run_a_few, runs_listed, samples_listed, say, sent

from gui import archive_messages, messages
from gui.theme import DARK, LIGHT
from gui.widgets.thumbnail import SIZE

# -- runs


def test_runs_are_listed_searched_and_laid_over(window, qtbot):
    runs_listed(window)
    tree = window.runs.tree
    assert tree.topLevelItemCount() == 2
    assert "515.70 → 518.70" in tree.topLevelItem(0).text(4)
    for place in (0, 1):
        tree.topLevelItem(place).setCheckState(0, Qt.CheckState.Checked)
    assert len(window.runs.overlay.plot.listDataItems()) == 2
    qtbot.keyClicks(window.runs.search, "film")
    assert tree.topLevelItemCount() == 1
    assert window.runs.quantity.findData("tracker_area") >= 0


def test_runs_are_filtered_by_how_they_ended_and_the_picture_is_cleared(window, qtbot):
    runs_listed(window)
    panel = window.runs
    panel.tree.topLevelItem(0).setCheckState(0, Qt.CheckState.Checked)
    qtbot.mouseClick(panel.clear, Qt.MouseButton.LeftButton)
    assert panel.tree.topLevelItem(0).checkState(0) == Qt.CheckState.Unchecked
    panel.ending.setCurrentIndex(panel.ending.findData("abort"))
    panel.ending.activated.emit(1)
    assert panel.tree.topLevelItemCount() == 0


def test_the_run_that_goes_on_is_said_to_be_running(window):
    say(window, scripted.opened(folder="/lab/runs/one"))
    row = scripted.run_row("runs/one", exit_status="unfinished", duration_s=None)
    window.runs.take(archive_messages.RunList(rows=(row,)))
    assert window.runs.tree.topLevelItem(0).text(5) == "running"
    say(window, messages.RunEnded(ticket=1, exit_status="success", reason="", folder="runs/one"))
    window.runs.take(archive_messages.RunList(rows=(row,)))
    assert window.runs.tree.topLevelItem(0).text(5) == "not closed"


def test_a_note_is_seen_with_its_time_on_the_row(window):
    runs_listed(window)
    lines = window.runs.tree.topLevelItem(0).toolTip(5).splitlines()
    assert lines[0] == "done"
    assert lines[-2].endswith("  first")
    assert ":" in lines[-2]


def test_a_thumbnail_stands_out_of_the_colour_of_the_selection(window):
    runs_listed(window)
    for theme in (DARK, LIGHT):
        window.set_theme(theme)
        icon = window.runs.tree.topLevelItem(0).icon(0)
        picture = icon.pixmap(SIZE, QIcon.Mode.Selected).toImage()
        places = itertools.product(range(picture.width()), range(picture.height()))
        colours = [picture.pixelColor(x, y) for x, y in places]
        inked = [colour for colour in colours if colour.alpha() > 200]
        assert inked
        ground = QColor(theme.accent)
        for colour in inked:
            assert abs(colour.lightness() - ground.lightness()) > 60


def test_more_runs_than_colours_are_told_apart_by_dashes(window):
    rows = tuple(scripted.run_row(f"runs/{number}") for number in range(10))
    window.runs.take(archive_messages.RunList(rows=rows))
    for row in rows:
        window.runs.take(scripted.run_data(row.path))
        window.runs.runs.toggle(row.path)
    looks = {window.runs._look(row.path) for row in rows}
    assert len(looks) == 10
    window.runs._draw()
    assert len(window.runs.overlay.plot.listDataItems()) == 10


def test_tables_need_no_scroll_bar_in_a_small_window(window):
    window.resize(1366, 740)
    runs_listed(window)
    samples_listed(window)
    for title, tree in (("Runs", window.runs.tree), ("Samples", window.samples.tree)):
        window.docks[title].raise_()
        QApplication.processEvents()
        QApplication.processEvents()
        assert not tree.horizontalScrollBar().isVisible()


def test_a_run_is_run_again_with_the_same_parameters(window, qtbot):
    runs_listed(window)
    window.runs.tree.setCurrentItem(window.runs.tree.topLevelItem(0))
    assert "last (+1)" in window.runs.words.text()
    qtbot.mouseClick(window.runs.again, Qt.MouseButton.LeftButton)
    values = window.experiment.form.values()
    assert (values["irradiance_mw_cm2"], values["sample"]) == (30.0, "NC-9")
    assert not sent(window, messages.Run)


def test_a_run_is_exported_and_gets_a_note(window, qtbot, monkeypatch):
    runs_listed(window)
    window.runs.tree.setCurrentItem(window.runs.tree.topLevelItem(1))
    qtbot.mouseClick(window.runs.export, Qt.MouseButton.LeftButton)
    assert asked(window, archive_messages.Export)[-1].path == "runs/two"
    window.runs.take(archive_messages.Exported(path="runs/two", report="r.html"))
    assert window.runs.words.text() == "written: r.html"
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("good", True))
    qtbot.mouseClick(window.runs.note, Qt.MouseButton.LeftButton)
    assert asked(window, archive_messages.AddNote)[-1].text == "good"
    window.runs.take(scripted.run_data("runs/two", problem="disk full"))
    assert window.runs.words.text() == "disk full"


def test_report_and_folder_are_opened(window, tmp_path, monkeypatch):
    from qtpy.QtGui import QDesktopServices

    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    report = tmp_path / "report.html"
    report.write_text("x")
    window.runs.take(archive_messages.RunList(rows=(scripted.run_row(str(tmp_path)),)))
    window.runs.take(scripted.run_data(str(tmp_path), report=str(report)))
    window.runs.tree.setCurrentItem(window.runs.tree.topLevelItem(0))
    window.runs._open("report")
    window.runs._open("folder")
    assert opened == [str(report), str(tmp_path)]


def test_no_runs_is_said(window):
    window.runs.take(archive_messages.RunList(rows=()))
    assert window.runs.overlay._words.text == "No runs yet"
    runs_listed(window)
    assert window.runs.overlay._words.text.startswith("Tick runs")


# -- samples and calibrations


def test_samples_are_listed_with_their_results_and_used(window, qtbot):
    samples_listed(window)
    panel = window.samples
    assert not panel.use.isEnabled()
    panel.tree.setCurrentItem(panel.tree.topLevelItem(0))
    assert "TEM" in panel.details.toPlainText()
    assert "8.5" in panel.tree.topLevelItem(0).text(4)
    panel.use.click()
    assert window.experiment.form.values()["sample"] == "NC-1"
    panel.runs.click()
    assert window.runs.search.text() == "NC-1"
    samples_listed(window, problem="no such batch")
    assert panel.words.text() == "no such batch"
    assert panel.chosen() == "NC-1"


def test_a_sample_is_noted_and_gets_a_result(window, qtbot, monkeypatch):
    panel = window.samples
    panel.new.click()
    panel.dialog.give()
    assert panel.dialog.isVisible()  # a name is wanted
    edit = panel.dialog.edits["name"].input
    qtbot.keyClicks(edit, "NC-9")
    panel.dialog.edits["volume_ul"].input.setText("1.5 mL")
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    (put,) = asked(window, archive_messages.PutSample)
    assert (put.values["name"], put.values["volume_ul"]) == ("NC-9", 1500.0)
    samples_listed(window)
    panel.tree.setCurrentItem(panel.tree.topLevelItem(1))
    panel.edit.click()
    assert panel.dialog.edits["name"].value() == "NC-2"
    panel.dialog.reject()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("tem.png", ""))
    panel.attach.click()
    panel.dialog.edits["quantity"].set_value("edge_nm")
    panel.dialog.edits["value"].set_value(8.4)
    panel.dialog.take.click()
    (result,) = asked(window, archive_messages.AttachResult)
    assert (result.sample, result.file, result.values["value"]) == ("NC-2", "tem.png", 8.4)


def test_calibrations_are_listed_with_their_age_and_done_again(window):
    panel = window.calibrations
    state = messages.DeviceState(
        condition="ok",
        calibrations=(
            messages.Calibration(what="405 nm", day="2020-01-01", plan="calibrate_light"),
            messages.Calibration(what="head"),
        ),
    )
    say(window, messages.Devices(states={"light": state}, bench_time_s=1.0))
    assert panel.words.text() == "2 to be looked at"
    assert panel.tree.topLevelItem(0).text(4).startswith("! calibrated")
    assert not panel.calibrate.isEnabled()
    panel.tree.setCurrentItem(panel.tree.topLevelItem(0))
    panel.calibrate.click()
    assert window.experiment.plan_name == "calibrate_light"
    assert window.experiment.form.values()["light"] == "light"
    panel.runs.click()
    assert window.runs.search.text() == "calibrate"


# -- themes


def test_both_themes_dress_everything(window):
    run_a_few(window)
    runs_listed(window)
    for theme in (DARK, LIGHT):
        window.set_theme(theme)
        window.live.redraw()
        assert window.theme is theme
