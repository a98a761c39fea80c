"""A shift that a second population, moving lines, or both make."""

import numpy as np
import pytest

from plans.analysis.split import split_shift
from tests.unit.plans.analysis.test_unmix import NM, line, noisy

FRAMES = {"frames": 4}


def grown(wires, *, moved_nm=0.0, apart_nm=5.0):
    """A line at 515 nm of which a share of the photons went to a second line."""
    blue = line(NM, 515.0 + moved_nm, 1.0)
    red = line(NM, 515.0 + apart_nm + moved_nm, 1.0, width_ev=0.080)
    red *= line(NM, 515.0, 1.0).sum() / line(NM, 515.0 + apart_nm, 1.0, width_ev=0.080).sum()
    return 5000.0 * ((1.0 - wires) * blue + wires * red)


def split(wires, seed=0, **settings):
    first, end = noisy(grown(0.0), 100 + seed, **FRAMES), noisy(grown(1.0), 200 + seed, **FRAMES)
    last = noisy(grown(wires, **settings), seed, **FRAMES)
    return split_shift(NM, first, last, end_counts=end)


def test_wires_that_grow_beside_lines_that_stay_are_all_of_the_shift():
    found = [split(0.5, seed) for seed in range(20)]
    assert np.mean([each.share for each in found]) == pytest.approx(0.5, abs=0.02)
    left = np.array([each.lines_nm for each in found])
    assert np.mean(left) == pytest.approx(0.0, abs=0.05)
    assert np.std(left) == pytest.approx(np.mean([each.lines_nm_se for each in found]), rel=0.5)


def test_lines_that_move_without_wires_are_all_of_the_shift():
    found = split(0.0, moved_nm=1.0)
    assert found.lines_nm == pytest.approx(1.0, abs=0.15)
    assert found.product_nm == pytest.approx(0.0, abs=0.15)


def test_the_parts_add_up_and_are_said_in_words():
    found = split(0.3, moved_nm=0.5)
    assert found.product_nm + found.lines_nm == pytest.approx(found.whole_nm)
    assert found.lines_nm == pytest.approx(0.5, abs=0.2)
    assert "a reference of the product" in found.text


def test_without_a_reference_lines_five_nm_apart_are_not_resolvable():
    found = split_shift(NM, noisy(grown(0.0), 1), noisy(grown(0.5), 2))
    assert "not resolvable" in found.text
    assert np.isnan(found.product_nm)
    assert found.whole_nm == pytest.approx(3.0, abs=0.6)


def test_without_a_reference_lines_far_apart_are_split():
    found = split_shift(NM, noisy(grown(0.0), 1), noisy(grown(0.5, apart_nm=22.0), 2))
    assert found.reason == ""
    assert found.share == pytest.approx(0.5, abs=0.05)
    assert found.lines_nm == pytest.approx(0.0, abs=0.5)
    assert "two free lines" in found.text


@pytest.mark.parametrize(
    ("first", "last", "end", "words"),
    [
        (0.0 * NM, grown(0.5), None, "the first spectrum has no peak"),
        (grown(0.0), 0.0 * NM, None, "the last spectrum has no peak"),
        (grown(0.0)[:9], grown(0.0), None, "the same length"),
        (grown(0.0), grown(0.5), grown(1.0)[:9], "the same length"),
        (noisy(grown(0.0), 1), noisy(grown(0.5), 2), 0.0 * NM, "no line"),
        (noisy(grown(0.0), 1), noisy(grown(0.5), 2), np.nan * NM, "fewer than 30 pixels"),
    ],
)
def test_what_cannot_be_split_says_why(first, last, end, words):
    assert words in split_shift(NM, first, last, end_counts=end).text
