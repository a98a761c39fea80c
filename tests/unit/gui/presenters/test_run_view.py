import numpy as np
import pytest
import scripted

from gui import messages
from gui.presenters.run_view import RunView
from gui.presenters.tracks import Tracks
from gui.presenters.waterfall import WaterfallRing


def running(frames=3):
    view = RunView()
    view.take(scripted.opened())
    view.take(messages.Axis(wavelength_nm=scripted.AXIS_NM))
    for number in range(1, frames + 1):
        view.take(scripted.frame(number, 515.0 + number))
        view.take(scripted.tracked(number, 515.0 + number))
    return view


def test_a_plot_is_never_silently_empty():
    view = RunView()
    assert "press Run" in view.why_empty()
    view.take(scripted.opened())
    assert "preparation" in view.why_empty()
    view.take(messages.RunClosed(uid="one", exit_status="fail", reason="no light"))
    assert "no light" in view.why_empty()
    assert running().why_empty() == ""


def test_the_first_spectrum_stays_as_a_ghost():
    view = running()
    np.testing.assert_array_equal(view.first, scripted.spectrum(516.0))
    np.testing.assert_array_equal(view.now, scripted.spectrum(518.0))


def test_the_fit_belongs_to_its_own_spectrum():
    view = running()
    curve = scripted.spectrum(517.0)
    view.take(messages.Fit(number=2, curve=curve, text=""))
    np.testing.assert_allclose(view.residual, 0.0, atol=1e-3)
    view.take(messages.Fit(number=99, curve=curve, text="no line"))
    assert view.residual.size == 0
    assert view.fit_text == "no line"


def test_figures_and_rules_are_in_words():
    view = running()
    figures = {figure.label: figure.text for figure in view.figures()}
    assert figures["elapsed"] == "30 s"
    assert figures["peak"].startswith("518.000 ± 0.030")
    assert figures["dose"].endswith("J/cm²")
    assert "of it probe" in figures
    rules = view.rules()
    assert [rule.rule for rule in rules] == ["plateau", "dose"]
    assert rules[0].progress == pytest.approx(0.43)
    assert rules[0].words.endswith("held 2:10 of 5:00")  # it stands: nobody knows for how long


def test_fractions_and_photons_are_among_the_figures():
    view = running()
    more = {"tracker_end_fraction": 0.31, "tracker_end_fraction_se": 0.02,
            "incident_photons_cm2": 2.5e19}  # fmt: skip
    units = {"incident_photons_cm2": "cm⁻²"}
    view.take(messages.Values(stream="tracked", time_s=40.0, values=more, units=units))
    figures = {figure.label: figure.text for figure in view.figures()}
    assert figures["end product"] == "0.310 ± 0.020"
    assert figures["photons"] == "2.500×10¹⁹\N{THIN SPACE}cm⁻²"


def test_flags_become_badges():
    view = running()
    view.take(scripted.tracked(4, tracker_flags="saturated,spike"))
    assert [badge.text for badge in view.badges()] == ["saturated", "spikes"]
    view.take(scripted.tracked(5, tracker_flags=""))
    view.take(scripted.frame(5, peak_share=0.95))
    assert [badge.text for badge in view.badges()] == ["95% of full scale"]


def test_a_new_run_forgets_the_old_one():
    view = running()
    view.take(scripted.opened("two"))
    assert view.ring.count == 0
    assert view.tracks.length == 0
    assert view.now.size == 0
    view.take("something else")


def test_notes_and_endings_are_kept():
    view = running()
    view.take(messages.Values(stream="notes", time_s=1.0, values={"note": "homed"}))
    view.take(messages.Values(stream="ending", time_s=2.0, values={"ending_text": "done"}))
    assert [text for _, text in view.notes] == ["homed", "done"]


def test_a_plan_without_a_tracker_is_tracked_by_its_primary_stream():
    view = RunView()
    view.take(scripted.opened())
    view.take(messages.Values(stream="primary", time_s=5.0, values={"balance_mass_g": 1.2}))
    assert view.tracks.last("balance_mass_g") == 1.2
    assert [figure.label for figure in view.figures()] == ["elapsed", "mass"]


def test_the_ring_keeps_the_last_spectra_and_their_times():
    ring = WaterfallRing(rows=4)
    ring.clear(scripted.AXIS_NM)
    for number in range(1, 7):
        ring.add(number, 10.0 * number, scripted.spectrum(500.0 + number))
    assert ring.shown == 4
    assert ring.image().shape == (4, ring.columns)
    assert ring.times_s() == (30.0, 60.0)
    assert ring.at(0)[0] == 3
    assert ring.at(99)[0] == 6
    ring.add(7, 70.0, np.ones(3, dtype=np.float32))
    assert ring.count == 6


def test_a_column_of_the_ring_is_where_its_wavelength_is():
    axis = np.cumsum(np.linspace(0.3, 0.2, 2000)).astype(np.float32) + 350.0
    line = np.exp(-0.5 * ((axis - 516.0) / 5.0) ** 2).astype(np.float32)
    ring = WaterfallRing()
    ring.clear(axis)
    ring.add(1, 0.0, line)
    left, right = ring.axis_ends()
    at = left + (int(ring.image()[0].argmax()) + 0.5) * (right - left) / ring.columns
    assert at == pytest.approx(516.0, abs=1.0)


def test_an_empty_ring_has_no_image():
    ring = WaterfallRing()
    assert ring.image().shape[0] == 0
    assert ring.times_s() == (0.0, 1.0)
    ring.clear(np.empty(0, dtype=np.float32))
    ring.add(1, 0.0, np.empty(0, dtype=np.float32))
    assert ring.count == 0


def test_columns_grow_and_are_thinned_for_drawing():
    tracks = Tracks()
    for number in range(5000):
        values = {"peak_nm": float(number), "phase": "x"}
        if number > 2000:
            values["late_nm"] = 1.0
        tracks.add(float(number), values, {"peak_nm": "nm"})
    assert tracks.length == 5000
    assert "phase" not in tracks.names
    (thin,) = tracks.thinned("peak_nm")
    assert thin.size <= 2001
    assert thin[-1] == 4999.0
    assert np.isnan(tracks.column("late_nm")[0])
    assert np.isnan(tracks.last("nothing"))
    tracks.clear()
    assert tracks.length == 0
