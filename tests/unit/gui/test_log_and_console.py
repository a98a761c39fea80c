import logging

from qtpy.QtCore import Qt
from scripted import say, sent

from gui import messages


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
