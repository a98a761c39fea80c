import scripted
from qtpy.compat import isalive
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QGraphicsView, QLineEdit, QMessageBox, QSplitter
from scripted import say, sent

from gui import messages
from gui.presenters.presets import Presets


def test_a_ready_bench_has_one_run_button_and_a_filled_form(window, qtbot):
    assert window.experiment.run.isEnabled()
    assert window.windowTitle().startswith("test bench")
    assert window.bar.bench.text() == "test bench (simulated)"
    qtbot.mouseClick(window.experiment.run, Qt.MouseButton.LeftButton)
    (run,) = sent(window, messages.Run)
    assert run.plan == "light_regrowth"
    assert run.values["irradiance_mw_cm2"] == 20.0
    assert run.values["sample"] == "NC-0412 demo"


def test_the_form_asks_for_a_preflight_and_a_refusal_forbids_the_run(window, qtbot):
    qtbot.waitUntil(lambda: len(sent(window, messages.Preflight)) > 0)
    ticket = sent(window, messages.Preflight)[-1].ticket
    row = messages.CheckRow
    say(window, messages.PreflightTable(
        ticket=ticket, longest_s=3600.0,
        checks=(row(name="light", verdict="ok", detail="405 nm"),
                row(name="stage", verdict="note", detail="will be homed"))))  # fmt: skip
    assert "2 checks ok, 1 note" in window.experiment.preflight.head.text()
    assert "at most 1 h (1 min here)" in window.experiment.estimate.text()
    assert window.experiment.run.isEnabled()
    say(
        window,
        messages.PreflightTable(
            ticket=ticket, checks=(row(name="light", verdict="refused", detail="too weak"),)
        ),
    )
    assert "refused, 1 reason" in window.experiment.preflight.head.text()
    assert not window.experiment.run.isEnabled()
    window.experiment.preflight.head.setChecked(True)
    say(window, messages.PreflightTable(ticket=ticket, error="no stage"))
    assert not window.experiment.run.isEnabled()


def test_a_wrong_value_is_said_beside_the_field_and_not_run(window, qtbot):
    edit = window.experiment.form.edits["irradiance_mw_cm2"].input
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClicks(edit, "900")
    assert edit.property("wrong")
    assert "0.1 to 200 mW/cm²" in edit.toolTip()
    assert not window.experiment.run.isEnabled()
    edit.selectAll()
    qtbot.keyClicks(edit, "0.05 W/cm2")
    assert not edit.property("wrong")
    qtbot.keyClick(edit, Qt.Key.Key_Tab)
    assert edit.text() == "50"


def test_arrow_keys_step_a_number(window, qtbot):
    edit = window.experiment.form.edits["irradiance_mw_cm2"].input
    qtbot.keyClick(edit, Qt.Key.Key_Up)
    assert edit.text() == "21"
    qtbot.keyClick(edit, Qt.Key.Key_Down)
    qtbot.keyClick(edit, Qt.Key.Key_Down)
    assert edit.text() == "19"


def test_the_wheel_changes_nothing(window):
    form = window.experiment.form
    before = form.values()
    watched = [edit.input for edit in form.edits.values()]
    watched += [window.experiment.plan, window.experiment.preset, window.bar.speed,
                window.live.against, window.live.third]  # fmt: skip
    for widget in watched:
        at = QPointF(4, 4)
        event = QWheelEvent(
            at, QPointF(widget.mapToGlobal(QPoint(4, 4))), QPoint(0, 0), QPoint(0, -120),
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)
    assert form.values() == before
    assert window.experiment.plan_name == "light_regrowth"
    assert not sent(window, messages.SetSpeed)


def test_a_lost_device_says_so_in_words(window):
    say(window, scripted.devices(pump="lost", words="no answer. Check power and cable"))
    card = window.bench.cards["pump"]
    assert card.words.text() == "no answer. Check power and cable"
    assert card.property("trouble")
    say(window, scripted.devices(active="pumping"))
    assert card.condition.text() == "pumping"


def test_pause_becomes_resume_and_the_run_can_be_ended(window, qtbot):
    say(window, messages.EngineState(word="running"), scripted.opened())
    assert not window.experiment.run.isEnabled()
    qtbot.mouseClick(window.experiment.pause, Qt.MouseButton.LeftButton)
    say(window, messages.EngineState(word="paused"))
    assert window.experiment.pause.text() == "Resume"
    assert window.bar.engine.text() == "PAUSED"
    qtbot.mouseClick(window.experiment.pause, Qt.MouseButton.LeftButton)
    say(window, messages.EngineState(word="running"))
    qtbot.mouseClick(window.experiment.end, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(window.experiment.abort, Qt.MouseButton.LeftButton)
    assert [c.what for c in sent(window, messages.Control)] == ["pause", "resume", "stop", "abort"]


def test_the_queue_runs_one_after_the_other_and_stops_after_a_failure(window, qtbot):
    window.experiment._add_to_queue()
    window.experiment._add_to_queue()
    assert not sent(window, messages.Run)
    assert window.queue_view.start.isVisible()
    qtbot.mouseClick(window.queue_view.start, Qt.MouseButton.LeftButton)
    first = sent(window, messages.Run)[0]
    say(window, messages.EngineState(word="running"), messages.EngineState(word="idle"))
    say(window, messages.RunEnded(ticket=first.ticket, exit_status="success", reason="",
                                  folder="runs/one"))  # fmt: skip
    qtbot.waitUntil(lambda: len(sent(window, messages.Run)) == 2, timeout=3000)
    second = sent(window, messages.Run)[1]
    window.experiment._add_to_queue()
    say(window, messages.RunEnded(ticket=second.ticket, exit_status="fail", reason="lamp"))
    assert window.queue.is_held
    assert len(window.queue) == 1
    assert "lamp" in window.experiment.preflight._problem.text()


def test_the_queue_can_be_edited(window, qtbot):
    for sample in ("one", "two"):
        window.experiment.form.set_values({"sample": sample})
        window.experiment._add_to_queue()
    view = window.queue_view
    view.list.setCurrentRow(0)
    qtbot.mouseClick(view.down, Qt.MouseButton.LeftButton)
    assert [run.values["sample"] for run in window.queue] == ["two", "one"]
    qtbot.mouseClick(view.up, Qt.MouseButton.LeftButton)
    view.list.itemActivated.emit(view.list.item(1))
    qtbot.mouseClick(view.remove, Qt.MouseButton.LeftButton)
    assert len(window.queue) == 1


def test_what_ran_when_the_window_ended_is_offered_and_not_started(qtbot, tmp_path):
    before = scripted.make_window(tmp_path)
    before.conductor.session.say(scripted.bench_info(tmp_path))
    before.experiment._run_now()
    after = scripted.make_window(tmp_path)  # as after a kill: nobody has closed the first
    after.show()
    after.conductor.session.say(scripted.bench_info(tmp_path))
    assert not sent(after, messages.Run)
    assert "Interrupted" in after.bar.safe_report.text()
    after.queue_view.list.setCurrentRow(0)
    qtbot.mouseClick(after.queue_view.again, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(after.queue_view.start, Qt.MouseButton.LeftButton)
    assert len(sent(after, messages.Run)) == 1
    scripted.destroy(before)
    scripted.destroy(after)


def test_a_bench_whose_process_has_ended_can_be_loaded_again(window):
    window.experiment._run_now()
    old = window.conductor.session
    old.ended.emit("The process of the bench has ended (code 1). Traceback")
    assert "ended" in window.bar.safe_report.text()
    assert not window.experiment.run.isEnabled()
    assert window.bench.cards == {}
    assert window.queue.lost
    assert window.queue.is_held


def test_why_there_is_no_bench_is_not_overwritten_by_its_end(window):
    say(window, messages.Failed(text="the bench is in use by process 7 of ann on hood (window)"))
    window.conductor.session.ended.emit("The process of the bench has ended (code 1).")
    assert "process 7 of ann" in window.bar.safe_report.text()
    assert "process 7 of ann" in window.bench._empty.text()


def test_theme_plan_and_layout_are_remembered(qtbot, tmp_path):
    from gui.theme import DARK

    first = scripted.make_window(tmp_path)
    first.show()
    first.conductor.session.say(scripted.bench_info(tmp_path))
    first.set_theme(DARK)
    first.experiment.fill("calibrate_light", {})
    first.docks["Log"].hide()
    first.resize(1400, 720)
    splitter = first.findChild(QSplitter, "live-splitter")
    splitter.setSizes([300, 500])
    sizes = splitter.sizes()
    scripted.destroy(first)
    second = scripted.make_window(tmp_path)
    second.show()
    second.conductor.session.say(scripted.bench_info(tmp_path))
    assert second.theme.name == "dark"
    assert second.experiment.plan_name == "calibrate_light"
    assert second.docks["Log"].isHidden()
    assert second.height() == 720  # its width is cut to that of the screen by some versions of Qt
    found = second.findChild(QSplitter, "live-splitter").sizes()
    assert abs(found[0] / sum(found) - sizes[0] / sum(sizes)) < 0.05
    second.reset_layout()
    assert not second.docks["Log"].isHidden()
    scripted.destroy(second)


def test_closing_makes_safe_and_ends_the_bench(window):
    window.close()
    assert isinstance(window.conductor.session.sent[-1], messages.Shutdown)
    assert window.conductor.session.is_closed


def test_another_speed_is_asked_for(window):
    window.bar.speed.setCurrentIndex(0)
    window.bar.speed.activated.emit(0)
    assert sent(window, messages.SetSpeed)[0].speed == 1.0


def test_presets_are_saved_and_chosen(window):
    panel = window.experiment
    panel.form.set_values({"max_time_min": 33.0})
    panel.save_preset("mine")
    panel.preset.setCurrentIndex(0)
    panel._preset_chosen()
    assert panel.form.values()["max_time_min"] == 240.0
    panel.preset.setCurrentIndex(panel.preset.findData("mine"))
    panel._preset_chosen()
    assert panel.form.values()["max_time_min"] == 33.0


def test_a_preset_of_ones_own_can_be_forgotten_and_a_built_in_one_cannot(window, qtbot):
    panel = window.experiment
    assert panel.preset.currentText() == "Quick look (30 min)"
    assert not panel._forget.isVisible()
    panel.form.set_values({"max_time_min": 33.0})
    panel.save_preset("mine")
    qtbot.mouseClick(panel._forget, Qt.MouseButton.LeftButton)
    assert panel.preset.findData("mine") < 0
    assert panel.form.values()["max_time_min"] == 33.0
    assert Presets(window.places.presets).names("light_regrowth") == panel._presets.names(
        "light_regrowth"
    )


def test_no_preset_is_claimed_when_the_form_holds_something_else(window, qtbot):
    panel = window.experiment
    edit = panel.form.edits["max_time_min"].input
    edit.selectAll()
    qtbot.keyClicks(edit, "25")
    assert panel.preset.currentIndex() == -1
    panel.preset.setCurrentIndex(1)
    panel._preset_chosen()
    assert panel.form.values()["max_time_min"] == 30.0
    panel.fill("light_regrowth", {"max_time_min": 25.0})
    assert panel.preset.currentText() in ("", "changed")
    panel.save_preset("mine")
    assert panel.preset.currentText() == "mine"


def test_resume_says_what_it_will_do(window):
    say(window, messages.EngineState(word="running"))
    assert "stop" in window.experiment.pause.toolTip()
    say(window, messages.EngineState(word="paused"))
    assert "go on" in window.experiment.pause.toolTip()


def test_more_settings_unfold(window):
    more = window.experiment.form.more
    assert more.text() == "4 more settings"
    assert not window.experiment.form.edits["light"].isVisible()
    more.setChecked(True)
    assert window.experiment.form.edits["light"].isVisible()


def test_a_starting_bench_says_what_it_does(window):
    say(window, messages.Starting(text="loading instruments"))
    assert window.bar.bench.text() == "loading instruments …"
    say(window, messages.Failed(text="no such file"))
    assert "no such file" in window.bar.safe_report.text()


def test_text_fields_do_not_lose_long_names(window):
    name = "a very long name of a sample " * 8
    window.experiment.form.set_values({"sample": name})
    say(window, scripted.opened(sample=name))
    window.live.redraw()
    assert window.live.title.toolTip().endswith(name)
    assert window.experiment.width() < 500
    assert isinstance(window.experiment.form.edits["sample"].input, QLineEdit)


def test_closing_during_a_run_is_asked_about(window, monkeypatch):
    answers = QMessageBox.StandardButton
    given = iter([answers.Cancel, answers.Close])
    monkeypatch.setattr(QMessageBox, "question", lambda *_: next(given))
    window.experiment._run_now()
    say(window, messages.EngineState(word="running"), scripted.opened())
    assert not window.close()
    assert not window.conductor.session.is_closed
    assert window.close()
    assert "closing the window" in window.queue.lost[0].note


# -- start and end


def test_the_window_is_painted_before_its_plots_are_built(qtbot, tmp_path):
    made = scripted.make_window(tmp_path)
    made.show()
    made.start()
    assert "spectra" not in vars(made.live)
    assert made.bar.safe.isEnabled()
    qtbot.waitUntil(lambda: made.is_complete)
    assert "press Run" in made.live.spectra.words.text
    assert made.runs.overlay.plot.isVisible()
    scripted.destroy(made)


def test_messages_that_come_before_the_plots_are_drawn_with_them(window):
    say = window.conductor.session.say
    window.conductor.session.received.emit(scripted.opened())
    axis = messages.Axis(wavelength_nm=scripted.AXIS_NM)
    assert "spectra" not in vars(window.live)
    say(axis, scripted.frame(1))
    assert window.live.spectra._now.getData()[1].size


def test_a_window_that_is_put_away_leaves_no_widget_and_no_graphics_item(tmp_path):
    made = scripted.make_window(tmp_path)
    parts = [made.live.spectra, made.live.tracks, made.runs.overlay.plot]
    items = [item for plot in made.findChildren(QGraphicsView) for item in plot.scene().items()]
    assert len(items) > 50
    scripted.destroy(made)
    assert not any(isalive(each) for each in (made, *parts, *items))


def test_no_curve_is_outside_a_scene(window):
    """Qt frees items without a scene in any order, now and then with a segmentation fault."""
    for track in window.live.tracks._plots:
        for line in (track.line, track.corrected):
            assert {edge.scene() for edge in line.edges} == {track.plot.scene()}
