import itertools
import logging

import numpy as np
import scripted
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QColor, QIcon
from qtpy.QtWidgets import QApplication, QFileDialog, QInputDialog, QMessageBox

from gui import archive_messages, messages
from gui.theme import DARK, LIGHT
from gui.widgets.thumbnail import SIZE


def sent(window, kind):
    return window.conductor.session.asked(kind)


def asked(window, kind):
    return window.conductor._archive.asked(kind)


def say(window, *said):
    window.conductor.session.say(*said)


def run_a_few(window, frames=5, peak_nm=515.0):
    say(window, messages.EngineState(word="running"), scripted.opened(),
        messages.Axis(wavelength_nm=scripted.AXIS_NM))  # fmt: skip
    for number in range(1, frames + 1):
        say(window, scripted.frame(number, peak_nm + 0.1 * number),
            scripted.tracked(number, peak_nm + 0.1 * number))  # fmt: skip
    say(window, messages.Fit(number=frames, curve=scripted.spectrum(peak_nm), text=""))
    window.live.draw_all()


# -- live


def test_the_live_panel_draws_spectrum_fit_residual_waterfall_and_tracks(window):
    run_a_few(window)
    spectra = window.live.spectra
    for curve in (spectra._now, spectra._fit, spectra._ghost, spectra._residual):
        assert curve.getData()[1].size > 100
    assert spectra._image.image.shape[0] == 5
    assert window.live.tracks._plots[0].line.curve.getData()[1].size == 5
    assert window.live.title.text() == "run 7: light regrowth  ·  NC-1"
    assert window.live.frames_drawn >= 5


def test_the_corrected_peak_is_drawn_beside_the_raw_one_with_its_band(window):
    run_a_few(window)
    track = window.live.tracks._plots[0]
    assert track.corrected.curve.getData()[1] is None
    for number in (6, 7):
        say(window, scripted.tracked(number, tracker_corrected_peak_nm=513.0,
                                     tracker_corrected_peak_nm_se=0.1))  # fmt: skip
    window.live.draw_all()
    assert np.nanmax(track.corrected.curve.getData()[1]) == 513.0
    assert track.plot.caption.text == "peak, dashed: corrected (nm)"
    assert track.plot.viewRange()[1][0] < 512.9
    figures = {figure.label: figure.text for figure in window.live.view.figures()}
    assert figures["corrected peak"].startswith("513.00 ± 0.10")
    say(window, scripted.opened("two"), scripted.tracked(1))
    window.live.draw_all()
    assert track.plot.caption.text == "peak (nm)"


def test_the_caption_of_a_low_plot_is_clear_of_its_curve(window):
    window.resize(1366, 740)
    QApplication.processEvents()
    run_a_few(window, frames=30)
    for track in window.live.tracks._plots[:1]:
        (_, (low, high)) = track.plot.viewRange()
        top = float(np.nanmax(track.line.curve.getData()[1]))
        free_px = track.plot.getViewBox().height() * (high - top) / (high - low)
        assert free_px > 15


def test_all_figures_find_room_in_a_small_window(window):
    window.resize(1366, 740)
    run_a_few(window)
    say(window, scripted.tracked(6, hotplate_temperature_degc=25.1, balance_mass_g=1.2034,
                                 pump_volume_ul=120.0, absorbed_photons_cm2=3.1e18,
                                 tracker_end_fraction=0.31, tracker_end_fraction_se=0.02,
                                 ))  # fmt: skip
    window.live.draw_all()
    QApplication.processEvents()
    shown = {name.text() for name, _ in window.live._strip._cells if name.isVisible()}
    wanted = {"peak", "FWHM", "dose", "of it probe", "absorbed photons", "end product",
              "temperature", "volume", "mass"}  # fmt: skip
    assert wanted <= shown
    for name, value in window.live._strip._cells:
        assert value.mapTo(window.live, QPoint(value.width(), 0)).x() <= window.live.width()
        assert name.width() >= name.sizeHint().width()


def test_an_empty_plot_says_why(window):
    words = window.live.spectra.words
    window.live.redraw()
    assert "press Run" in words.text
    assert "no peak yet" in window.live.tracks._plots[0].words.text


def test_the_cursor_of_the_waterfall_shows_that_spectrum(window):
    run_a_few(window)
    spectra = window.live.spectra
    spectra.move_cursor(-1)
    spectra.move_cursor(-2)
    assert "spectrum 3 at 30 s" in window.live.cursor_text.text()
    assert spectra._then.getData()[1].size > 10
    spectra._go_to(10.0 / 60.0)
    assert "spectrum 1" in window.live.cursor_text.text()
    spectra.hide_cursor()
    assert window.live.cursor_text.text() == ""
    assert spectra._then.getData()[1] is None or spectra._then.getData()[1].size == 0


def test_the_wavelength_axis_goes_to_all_and_back(window):
    run_a_few(window)
    spectra = window.live.spectra
    spectra.show_all()
    low, high = spectra.spectrum.viewRange()[0]
    assert low < 405
    assert high > 695
    spectra.show_all()
    assert spectra.spectrum.viewRange()[0][0] > 420


def test_the_endpoint_card_says_where_each_rule_stands(window):
    run_a_few(window)
    card = window.live.endpoint
    assert card._rows[0][0].text() == "plateau"
    assert "needs < 0.01, held 2:10 of 5:00" in card._rows[0][2].text()
    assert "±" in card._rows[0][2].text()
    assert card._rows[0][1].value() == 430
    say(window, messages.RunClosed(uid="one", exit_status="success", reason=""))
    window.live.draw_all()
    assert card._empty.text().startswith("Ended: success")


def test_badges_come_and_go(window):
    run_a_few(window)
    say(window, scripted.tracked(6, tracker_flags="saturated"))
    window.live.draw_all()
    assert window.live._badge_texts == ("saturated",)
    say(window, scripted.tracked(7))
    window.live.draw_all()
    assert window.live._badge_texts == ()


def test_tracks_against_dose_and_another_quantity(window):
    run_a_few(window)
    window.live.against.setCurrentIndex(1)
    assert window.live.tracks.against == "dose"
    place = window.live.third.findData("tracker_snr")
    window.live.third.setCurrentIndex(place)
    window.live.third.activated.emit(place)
    assert window.live.tracks.shown[2] == "tracker_snr"


def test_a_note_on_the_run_goes_into_its_folder(window, monkeypatch, qtbot):
    run_a_few(window)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("looks yellow", True))
    qtbot.mouseClick(window.live.note, Qt.MouseButton.LeftButton)
    (note,) = asked(window, archive_messages.AddNote)
    assert (note.path, note.text) == ("runs/one", "looks yellow")


# -- bench


def test_what_emits_is_asked_about_before(window, monkeypatch, qtbot):
    card = window.bench.cards["light"]
    answers = iter([False, True])
    monkeypatch.setattr(card, "_confirmed", lambda _: next(answers))
    qtbot.mouseClick(card._buttons["emit"], Qt.MouseButton.LeftButton)
    form = card._opened
    edit = form.edits["irradiance_mw_cm2"].input
    edit.selectAll()
    qtbot.keyClicks(edit, "900")
    form.give()
    assert "0 to 50 mW/cm²" in form._problem.text()
    edit.selectAll()
    qtbot.keyClicks(edit, "5")
    form.give()
    assert not sent(window, messages.Act)
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    (act,) = sent(window, messages.Act)
    assert (act.device, act.action, act.values) == ("light", "emit", {"irradiance_mw_cm2": 5.0})
    assert card.answer.text() == "pending …"
    say(window, messages.Done(ticket=act.ticket, text="emits 405 nm"))
    assert card.answer.text() == "emits 405 nm"
    qtbot.keyClick(form, Qt.Key.Key_Escape)
    assert card._opened is None


def test_switching_off_needs_no_question_and_works_during_a_run(window, qtbot):
    say(window, messages.EngineState(word="running"))
    card = window.bench.cards["light"]
    assert not card._buttons["emit"].isEnabled()
    qtbot.mouseClick(card._buttons["off"], Qt.MouseButton.LeftButton)
    (act,) = sent(window, messages.Act)
    say(window, messages.Done(ticket=act.ticket, error="no answer"))
    assert card.answer.property("problem")


def test_a_question_is_asked_in_a_box(window, monkeypatch):
    card = window.bench.cards["light"]
    seen = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: seen.append(box.text()))
    monkeypatch.setattr(QMessageBox, "clickedButton", lambda box: box.buttons()[0])
    chosen = card._confirmed(card.info.actions[0])
    assert seen == ["Is everybody protected?"]
    assert isinstance(chosen, bool)


def test_devices_are_disconnected_and_connected_by_the_menu(window):
    card = window.bench.cards["pump"]
    card._connect.trigger()
    say(window, scripted.devices(pump="off"))
    card._connect.trigger()
    assert [(c.device, c.on) for c in sent(window, messages.Connect)] == [
        ("pump", False), ("pump", True)]  # fmt: skip


def test_a_lost_device_is_tried_again_at_once_when_one_wants(window):
    card = window.bench.cards["pump"]
    assert not card._again.isEnabled()
    say(window, scripted.devices(pump="lost", words="no answer"))
    card._again.trigger()
    assert sent(window, messages.Connect)[-1] == messages.Connect(device="pump", on=True)


def test_opening_a_form_twice_closes_it(window, qtbot):
    card = window.bench.cards["light"]
    qtbot.mouseClick(card._buttons["emit"], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(card._buttons["emit"], Qt.MouseButton.LeftButton)
    assert card._opened is None


def test_the_bench_file_is_checked_before_it_is_saved(window, qtbot, tmp_path, monkeypatch):
    window.conductor.edit_bench()
    dialog = window.conductor._dialog
    dialog.text.setPlainText("[bench]\nname = 'other'\n")
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    (check,) = sent(window, messages.CheckBench)
    assert "other" in check.text
    say(window, messages.Done(ticket=check.ticket, error="[device.x] model is missing"))
    assert "model is missing" in dialog.words.text()
    assert "other" not in dialog.path.read_text()
    opened = []
    monkeypatch.setattr(window.conductor, "open_bench", lambda path, **_: opened.append(path))
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    say(window, messages.Done(ticket=sent(window, messages.CheckBench)[-1].ticket, text="ok"))
    assert "other" in dialog.path.read_text()
    assert opened == [dialog.path]


def test_the_card_shows_set_point_limits_and_the_age_of_the_calibration(window):
    state = messages.DeviceState(
        condition="ok",
        set_point="405 nm  20 mW/cm²",
        calibrations=(
            messages.Calibration(what="405 nm", day="2026-11-02"),
            messages.Calibration(what="365 nm", day="2020-01-01", until="2021-01-01"),
        ),
    )
    say(window, messages.Devices(states={"light": state}, bench_time_s=1.0))
    card = window.bench.cards["light"]
    assert card._rows[0][0].text() == "set"
    assert card._rows[0][1].text().startswith("405 nm")
    assert "405 nm: 0.1 to 57 mW/cm²" in card.limits.toolTip()
    assert card.calibrated.text() == "calibration expired 2021-01-01"
    assert card.calibrated.property("stale")
    assert "405 nm: calibrated" in card.calibrated.toolTip()


def test_an_instrument_that_was_found_goes_into_the_bench_file(window, qtbot):
    window.bench.add.click()
    found = window.conductor._found_dialog
    found.network.setChecked(True)
    found.again.click()
    looks = asked(window, archive_messages.LookForInstruments)
    assert [look.network for look in looks] == [False, True]
    assert looks[0].taken == ("light", "pump", "spectrometer")
    one = archive_messages.FoundInstrument
    rows = (
        one(address="ASRL4::INSTR", what="converter", model="", text="", note="name it"),
        one(address="COM3", what="Zaber", model="zaber-ascii", text="[device.stage]\n"),
    )
    window.conductor._archive.received.emit(archive_messages.FoundInstruments(rows=rows))
    assert found.words.text() == "2 found"
    found.tree.setCurrentItem(found.tree.topLevelItem(0))
    assert not found.take_it.isEnabled()
    assert found.words.text() == "name it"
    found.tree.setCurrentItem(found.tree.topLevelItem(1))
    found.take_it.click()
    assert window.conductor._dialog.text.toPlainText().endswith("[device.stage]\n")
    window.conductor._dialog.reject()


# -- log and console


def line(text, level=logging.INFO, source="instruments.device"):
    return messages.LogLine(time_s=1.76e9, level=level, source=source, text=text)


def test_the_log_is_filtered_by_level_and_text(window, qtbot):
    say(window, line("connected"), line("no answer", logging.ERROR))
    assert "connected" in window.log.text.toPlainText()
    window.log.level.setCurrentIndex(2)
    window.log.level.activated.emit(2)
    assert "connected" not in window.log.text.toPlainText()
    assert "ERROR: device: no answer" in window.log.text.toPlainText()
    window.log.level.setCurrentIndex(0)
    qtbot.keyClicks(window.log.filter, "CONN")
    assert "no answer" not in window.log.text.toPlainText()


def test_the_log_shows_the_newest_when_it_is_opened(window, qtbot):
    for number in range(200):
        say(window, line(f"number {number}"))
    window.docks["Log"].raise_()
    bar = window.log.text.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())


def test_the_wire_log_of_a_device_can_be_looked_at(window):
    window.bench.cards["pump"].wire_wanted.emit("pump")
    assert sent(window, messages.WireLog)[-1].device == "pump"
    say(window, messages.WireText(device="pump", text="10:00 > RUN\n10:00 < 00I"))
    say(window, messages.WireText(device="light", text="other"))
    assert "RUN" in window.log.text.toPlainText()
    window.log.source.setCurrentIndex(0)
    window.log._source_chosen()
    assert "RUN" not in window.log.text.toPlainText()


def test_the_wire_log_follows_unless_something_in_it_is_selected(window):
    window.docks["Log"].raise_()
    window.bench.cards["pump"].wire_wanted.emit("pump")
    say(window, messages.WireText(device="pump", text="10:00 > RUN"))
    asked_before = len(sent(window, messages.WireLog))
    window.log._ask_again()
    assert len(sent(window, messages.WireLog)) == asked_before + 1
    window.log.text.selectAll()
    window.log._ask_again()
    assert len(sent(window, messages.WireLog)) == asked_before + 1


def test_every_rule_of_the_endpoint_card_is_shown_whole(window):
    window.resize(1366, 740)
    run_a_few(window)
    QApplication.processEvents()
    card = window.live.endpoint
    texts = [text for _, _, text in card._rows if text.isVisible()]
    assert len(texts) == 2
    for text in texts:
        assert text.height() >= text.heightForWidth(text.width())


def test_the_console_runs_code_beside_the_bench(window, qtbot):
    console = window.console
    qtbot.keyClicks(console.input, "light.read()")
    qtbot.keyClick(console.input, Qt.Key.Key_Return)
    qtbot.keyClick(console.input, Qt.Key.Key_Return)
    (code,) = sent(window, messages.Code)
    say(window, messages.Done(ticket=code.ticket, text="{'light': 1}\n"))
    assert "{'light': 1}" in console.output.toPlainText()
    qtbot.keyClick(console.input, Qt.Key.Key_Up)
    assert console.input.toPlainText() == "light.read()"
    qtbot.keyClick(console.input, Qt.Key.Key_Down)
    assert console.input.toPlainText() == ""
    assert console.prompt.text() == "In [2]:"


def test_the_console_takes_several_lines(window, qtbot):
    console = window.console
    qtbot.keyClicks(console.input, "for n in range(2):")
    qtbot.keyClick(console.input, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(console.input, "    print(n)")
    qtbot.keyClick(console.input, Qt.Key.Key_Up)  # moves within the lines
    assert console.input.blockCount() == 2
    qtbot.keyClick(console.input, Qt.Key.Key_Return)
    assert sent(window, messages.Code)[0].text == "for n in range(2):\n    print(n)"


def test_the_console_completes_names(window, qtbot):
    console = window.console
    window.docks["Console"].raise_()
    qtbot.keyClicks(console.input, "light.irr")
    qtbot.keyClick(console.input, Qt.Key.Key_Tab)
    (asked_for,) = sent(window, messages.Complete)
    assert (asked_for.text, asked_for.cursor) == ("light.irr", 9)
    words = ("light.irradiance_mw_cm2",)
    say(window, messages.Completions(ticket=asked_for.ticket, begin=0, words=words))
    assert console.input.toPlainText() == "light.irradiance_mw_cm2"
    console.input.take("li")
    console.input.offer(0, ("light", "lights"))
    assert console.input.toPlainText() == "light"
    assert console.input.completer.popup().isVisible()
    qtbot.keyClick(console.input.completer.popup(), Qt.Key.Key_Escape)
    assert not console.input.completer.popup().isVisible()
    console.input.offer(0, ())
    assert console.input.toPlainText() == "light"
    console.input.take("")
    qtbot.keyClick(console.input, Qt.Key.Key_Tab)  # nothing to complete: it leaves
    assert len(sent(window, messages.Complete)) == 1


# -- runs


def runs_listed(window):
    window.runs.take(
        archive_messages.RunList(
            rows=(scripted.run_row("runs/one"), scripted.run_row("runs/two", sample="film"))
        )
    )
    for path in ("runs/one", "runs/two"):
        window.runs.take(scripted.run_data(path, notes=((1.76e9, "first"), (1.76e9, "last"))))


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


def samples_listed(window, problem=""):
    row = archive_messages.SampleRow
    rows = (
        row(values={"name": "NC-1", "batch": "B7", "edge_nm": 8.5, "note": ""},
            details=("TEM: edge_nm 8.5 ± 0.4 nm",)),
        row(values={"name": "NC-2"}),
    )  # fmt: skip
    window.samples.take(archive_messages.SampleList(rows=rows, problem=problem))


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
