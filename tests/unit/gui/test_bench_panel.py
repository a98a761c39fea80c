import scripted
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMessageBox
from scripted import asked, say, sent

from gui import archive_messages, messages


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
