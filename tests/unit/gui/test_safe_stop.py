import dataclasses
import time

import scripted
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from scripted import say, sent

from gui import archive_messages, messages
from gui.app import _switching_off


def test_safe_stop_is_a_click_a_key_and_esc_twice(window, qtbot):
    qtbot.mouseClick(window.bar.safe, Qt.MouseButton.LeftButton)
    assert len(sent(window, messages.SafeStop)) == 1
    field = window.runs.search
    field.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is field)
    esc(window)
    assert len(sent(window, messages.SafeStop)) == 1
    esc(window)
    assert len(sent(window, messages.SafeStop)) == 2
    assert window.queue.is_held
    assert window.bar.safe.shortcut().toString() == "F12"


def esc(widget):
    QTest.keyClick(widget.windowHandle(), Qt.Key.Key_Escape)


def test_esc_twice_is_seen_in_an_open_list_and_without_any_focus(window, qtbot):
    window.experiment.plan.showPopup()
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None)
    esc(window)
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is None)
    esc(window)
    assert len(sent(window, messages.SafeStop)) == 1
    focus = QApplication.focusWidget()
    if focus is not None:
        focus.clearFocus()
    window._escape_at_s = 0.0
    esc(window)
    esc(window)
    assert len(sent(window, messages.SafeStop)) == 2


def test_esc_twice_is_seen_in_a_dialog_that_the_first_one_closes(window, qtbot):
    window.conductor.add_instrument()
    dialog = window.conductor._found_dialog
    dialog.activateWindow()
    qtbot.waitUntil(lambda: dialog.isAncestorOf(QApplication.focusWidget() or window))
    esc(dialog)
    assert not dialog.isVisible()
    esc(window)
    assert len(sent(window, messages.SafeStop)) == 1


def test_two_esc_that_are_slow_stop_nothing(window, monkeypatch):
    clock = iter([10.0, 11.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock, 20.0))
    esc(window)
    esc(window)
    assert not sent(window, messages.SafeStop)


def test_an_error_of_the_window_switches_everything_off_and_the_window_goes_on(window, capsys):
    hook = _switching_off(window)
    try:
        raise ValueError("no such curve")
    except ValueError as error:
        hook(type(error), error, error.__traceback__)
    (stop,) = sent(window, messages.SafeStop)
    assert "no such curve" in stop.reason
    assert "everything is switched off" in window.bar.safe_report.text()
    assert "Traceback" in window.log.text.toPlainText()
    assert "no such curve" in capsys.readouterr().err
    assert window.isVisible()
    hook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert not window.isVisible()


def test_the_bar_shows_what_safe_stop_has_achieved(window):
    line = messages.SafeLine
    say(
        window,
        messages.SafeReport(
            lines=(line(device="light", confirmed=True, message="is safe"),),
            took_s=0.04,
            final=True,
        ),
    )
    assert window.bar.safe_report.text() == "All off in 0.04 s: light"
    say(window, messages.SafeReport(
        lines=(line(device="pump", confirmed=False, message="pump: no answer"),), took_s=2.0,
        final=True))  # fmt: skip
    assert "NOT CONFIRMED OFF: pump: no answer" in window.bar.alarm.text()
    assert window.bar.alarm.isVisible()


def test_what_was_not_confirmed_off_stays_until_it_is_acknowledged(window, qtbot):
    say(window, scripted.opened())
    say(window, messages.RunEnded(ticket=1, exit_status="abort", reason="x", folder="runs/one",
                                  not_confirmed=("light: no answer",)))  # fmt: skip
    assert not window.experiment.run.isEnabled()
    assert window.queue.is_held
    line = messages.SafeLine(device="light", confirmed=True, message="is safe")
    say(window, messages.SafeReport(lines=(line,), took_s=0.1, final=True))
    say(window, messages.EngineState(word="running"), messages.EngineState(word="idle"))
    assert window.bar.alarm.text() == "NOT CONFIRMED OFF: light: no answer"
    window.queue.add("light_regrowth", {})
    window.queue.release()
    window.conductor._start_next()
    assert not sent(window, messages.Run)
    qtbot.mouseClick(window.bar.acknowledge, Qt.MouseButton.LeftButton)
    assert not window.bar.alarm.isVisible()
    assert window.experiment.run.isEnabled()
    assert sent(window, messages.Acknowledge)[0].text == "light: no answer"
    note = window.conductor._archive.asked(archive_messages.AddNote)[0]
    assert note.text == "acknowledged: not confirmed off: light: no answer"


def test_what_an_earlier_run_could_not_confirm_bars_the_first_one(window):
    info = dataclasses.replace(window.conductor._info, not_confirmed=("since 12:00: light: x",))
    say(window, info)
    assert window.bar.alarm.text() == "NOT CONFIRMED OFF: since 12:00: light: x"
    assert not window.experiment.run.isEnabled()


def test_interlocks_are_seen_with_their_cause(window):
    rule = messages.InterlockState
    assert not window.bar.interlocks.isVisible()
    lid = {"name": "lid", "watched": "light.is_interlock_open", "reaction": "all is off"}
    say(window, messages.Interlocks(rules=(rule(**lid),)))
    assert window.bar.interlocks.text() == "interlocks closed"
    open_lid, hot = (
        rule(**lid, cause="is 1, above 0"),
        rule(
            name="hot", watched="plate.temperature_degc", reaction="a run is paused", cause="is 90"
        ),
    )
    say(window, messages.Interlocks(rules=(open_lid, hot)))  # fmt: skip
    assert window.bar.interlocks.text() == "INTERLOCK OPEN: lid +1"
    assert window.bar.interlocks.property("alarm")
    assert "is 1, above 0" in window.bar.interlocks.toolTip()


def test_the_banner_does_not_go_out_between_the_pulses_of_a_plan(window, monkeypatch):
    say(window, messages.EngineState(word="running"), scripted.devices(emission="405 nm"))
    say(window, scripted.devices())
    assert window.bar.light.text() == "LIGHT ON  405 nm"
    say(window, messages.EngineState(word="paused"), scripted.devices())
    assert window.bar.light.text() == "light off"


def test_light_that_is_on_is_seen_everywhere(window):
    say(window, scripted.devices(emission="405 nm  20 mW/cm²"))
    assert window.bar.light.text() == "LIGHT ON  405 nm  20 mW/cm²"
    assert window.bar.light.property("lightOn")
    assert window.bench.cards["light"].condition.text() == "LIGHT ON"
    say(window, scripted.devices())
    assert window.bar.light.text() == "light off"


def test_the_banner_claims_no_darkness_before_the_bench_has_said_so(qtbot, tmp_path):
    made = scripted.make_window(tmp_path)
    assert made.bar.light.text() == "light: not known"
    made.conductor.session.say(scripted.bench_info(tmp_path), scripted.devices())
    assert made.bar.light.text() == "light off"
    made.conductor.session.ended.emit("it has ended")
    assert made.bar.light.text() == "light: not known"
    scripted.destroy(made)
