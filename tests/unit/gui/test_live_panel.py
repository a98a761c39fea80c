import numpy as np
import scripted
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication, QInputDialog
from scripted import asked, run_a_few, say

from gui import archive_messages, messages


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


def test_every_rule_of_the_endpoint_card_is_shown_whole(window):
    window.resize(1366, 740)
    run_a_few(window)
    QApplication.processEvents()
    card = window.live.endpoint
    texts = [text for _, _, text in card._rows if text.isVisible()]
    assert len(texts) == 2
    for text in texts:
        assert text.height() >= text.heightForWidth(text.width())
