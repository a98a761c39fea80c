import math

import numpy as np
import pytest

from simulators.sample import DARK, PixelGrid, optics_of
from simulators.sample.film_optics import front_face_escape

HC_EV_NM = 1239.841984


@pytest.fixture(scope="module")
def course(film_with, seen):
    """The reference drop, looked at from 1500 s on: time to what is seen; 0 is the start."""
    film = film_with()
    looks = {0: seen(film)}
    film.step(1500.0, DARK)
    looks[1500] = seen(film)
    for time_s in range(1505, 2100, 5):
        film.step(5.0, DARK)
        looks[time_s] = seen(film)
    film.step(7200.0 - 2095.0, DARK)
    looks[7200] = seen(film)
    return looks, film.truth()


def test_a_drying_drop_turns_from_515_7_to_535_3_nm(course):
    looks, truth = course
    assert looks[0].peak_nm == pytest.approx(515.7, abs=0.1)
    assert looks[1500].peak_nm == pytest.approx(515.7, abs=0.1)
    assert looks[1700].peak_nm == pytest.approx(517.0, abs=0.2)
    assert looks[7200].peak_nm == pytest.approx(535.3, abs=0.1)
    assert truth["peak_raw_nm"] == pytest.approx(looks[7200].peak_nm, abs=0.1)


def test_the_shift_is_that_of_the_superlattices(course):
    looks, _ = course
    shift_mev = 1e3 * (HC_EV_NM / looks[0].peak_nm - HC_EV_NM / looks[7200].peak_nm)
    assert shift_mev == pytest.approx(88.2, abs=0.5)


def test_the_line_widens_while_both_colours_show_and_ends_narrower(course):
    looks, _ = course
    widths = {time_s: look.fwhm_nm for time_s, look in looks.items()}
    widest_s = max(widths, key=widths.get)
    assert 27.0 <= widths[widest_s] <= 32.0
    assert widest_s == pytest.approx(1845, abs=10)
    assert widths[7200] == pytest.approx(12.5, abs=0.1)
    assert widths[7200] < widths[0] == pytest.approx(19.2, abs=0.1)


def test_most_of_the_shift_is_optics(course):
    looks, truth = course
    assert truth["shift_coupling_mev"] == pytest.approx(11, abs=2)
    assert truth["shift_bulk_like_mev"] == pytest.approx(30, abs=3)
    assert truth["shift_reabsorption_mev"] == pytest.approx(51, abs=3)
    assert truth["peak_corrected_nm"] == pytest.approx(524.0, abs=0.1)
    assert looks[7200].area / looks[0].area == pytest.approx(0.21, abs=0.02)


def test_the_rival_hypothesis_ends_at_the_same_colour_as_bright_as_it_began(film_with, seen):
    film = film_with(shift_model="coupling")
    start = seen(film)
    film.step(7200.0, DARK)
    end, truth = seen(film), film.truth()
    assert end.peak_nm == pytest.approx(535.35, abs=0.2)
    assert end.area / start.area >= 0.9
    assert end.fwhm_nm == pytest.approx(18.4, abs=0.3)
    assert truth["shift_model"] == "coupling"
    assert truth["shift_bulk_like_mev"] == 0.0
    assert truth["shift_coupling_mev"] > 80.0


def test_both_hypotheses_move_the_same_matter(film_with):
    mixed, coupling = film_with(), film_with(shift_model="coupling")
    for film in (mixed, coupling):
        film.step(3600.0, DARK)
    assert mixed.state == coupling.state


def test_there_are_two_hypotheses():
    with pytest.raises(ValueError, match="mixed, coupling"):
        optics_of("magic")


def test_a_fresh_drop_shows_no_shift_but_that_of_reabsorption(film_with):
    truth = film_with().truth()
    assert truth["shift_coupling_mev"] == truth["shift_bulk_like_mev"] == 0.0
    assert 0.0 < truth["shift_reabsorption_mev"] < 6.0


def test_all_light_leaves_a_layer_that_does_not_absorb_it():
    escape = front_face_escape(500.0, np.array([0.0]), 0.05)
    assert escape == pytest.approx([1.0])


def test_the_escape_is_the_mean_over_the_depths_where_light_is_absorbed():
    depth_cm = (np.arange(200_000) + 0.5) * 1e-3 / 200_000
    weight = np.exp(-3000.0 * depth_cm)
    mean = np.sum(weight * np.exp(-700.0 * depth_cm)) / np.sum(weight)
    assert front_face_escape(3000.0, np.array([700.0]), 1e-3) == pytest.approx([mean], rel=1e-6)


def test_a_film_in_the_dark_sends_nothing(film_with, fine_grid):
    assert not film_with().emission_per_s(fine_grid, ()).any()


def test_a_film_lit_beyond_its_edge_does_not_glow(film_with, fine_grid, light):
    red, blue = (
        film_with("superlattice-film").emission_per_s(fine_grid, light(1.0, nm).beams).sum()
        for nm in (610.0, 405.0)
    )
    assert red < 1e-3 * blue


def test_a_drop_is_as_bright_as_a_vial_so_that_the_same_exposure_serves(
    film_with, sample_with, fine_grid, light
):
    beams = light(1.0).beams
    drop = film_with().emission_per_s(fine_grid, beams).sum()
    vial = sample_with().emission_per_s(fine_grid, beams).sum()
    assert 0.5 < drop / vial < 1.5


def test_the_picture_does_not_depend_on_the_pixels(film_with, light, look_at):
    film = film_with("superlattice-film")
    coarse = PixelGrid(np.arange(350.0, 950.0, 0.3))
    photons = film.emission_per_s(coarse, light(1.0).beams)
    assert look_at(coarse.wavelength_nm, photons).peak_nm == pytest.approx(535.3, abs=0.1)
    assert math.isfinite(photons.sum())
