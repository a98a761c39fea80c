"""Colours against the tables of the CIE."""

import numpy as np
import pytest

from plans.analysis.photometry import REC2020_GREEN_XY, XY_ACCURACY, colour, colour_matching

NM = np.arange(380.0, 780.0, 0.25)

# CIE 15:2004, colour-matching functions of the 1931 2-degree observer: x, y, z
CIE_1931 = {
    450.0: (0.3362, 0.0380, 1.7721),
    500.0: (0.0049, 0.3230, 0.2720),
    520.0: (0.0633, 0.7100, 0.0782),
    540.0: (0.2904, 0.9540, 0.0203),
    555.0: (0.5121, 1.0000, 0.0057),
    600.0: (1.0622, 0.6310, 0.0008),
}


def line(peak_nm, fwhm_nm=19.0, nm=NM):
    return np.exp(-4 * np.log(2) * ((nm - peak_nm) / fwhm_nm) ** 2)


def of_table(peak_nm, fwhm_nm):
    """The colour of a line from a table in steps of 10 nm around green."""
    table = np.array(
        [
            (470, 0.1954, 0.0910, 1.2876),
            (480, 0.0956, 0.1390, 0.8130),
            (490, 0.0320, 0.2080, 0.4652),
            (500, 0.0049, 0.3230, 0.2720),
            (510, 0.0093, 0.5030, 0.1582),
            (520, 0.0633, 0.7100, 0.0782),
            (530, 0.1655, 0.8620, 0.0422),
            (540, 0.2904, 0.9540, 0.0203),
            (550, 0.4334, 0.9950, 0.0087),
            (560, 0.5945, 0.9950, 0.0039),
            (570, 0.7621, 0.9520, 0.0021),
            (580, 0.9163, 0.8700, 0.0017),
        ]
    )
    nm = np.arange(470.0, 580.0, 0.25)
    matching = np.stack([np.interp(nm, table[:, 0], column) for column in table[:, 1:].T])
    tristimulus = matching @ line(peak_nm, fwhm_nm, nm)
    return tristimulus[:2] / tristimulus.sum()


@pytest.mark.parametrize("wavelength_nm", CIE_1931)
def test_the_functions_follow_the_table_to_two_percent_of_their_maximum(wavelength_nm):
    expected = np.array(CIE_1931[wavelength_nm])
    away = np.abs(colour_matching(wavelength_nm) - expected) / (1.06, 1.0, 1.78)
    assert np.max(away) < 0.025


@pytest.mark.parametrize("peak_nm", [510.0, 515.0, 520.0, 525.0, 530.0, 535.0, 540.0])
@pytest.mark.parametrize("fwhm_nm", [12.0, 19.0])
def test_green_lines_are_as_accurate_as_stated(peak_nm, fwhm_nm):
    result = colour(NM, line(peak_nm, fwhm_nm), photons=False)
    assert (result.x, result.y) == pytest.approx(of_table(peak_nm, fwhm_nm), abs=XY_ACCURACY)


def test_the_green_primary_is_close_to_the_colour_of_532_nm():
    result = colour(NM, line(532.0, 1.0), photons=False)
    assert (result.x, result.y) == pytest.approx(REC2020_GREEN_XY, abs=0.02)
    assert result.rec2020_distance < 0.02


def test_the_published_colours_of_the_two_lines():
    crystals, lattice = colour(NM, line(515.0)), colour(NM, line(535.0))
    assert (crystals.x, crystals.y) == pytest.approx((0.074, 0.782), abs=0.02)
    assert (lattice.x, lattice.y) == pytest.approx((0.206, 0.768), abs=0.02)
    assert lattice.rec2020_distance < crystals.rec2020_distance
    assert lattice.rec2020_distance == pytest.approx(
        np.hypot(lattice.x - 0.170, lattice.y - 0.797), abs=1e-12
    )


def test_photons_weigh_more_in_the_red_than_power_does():
    broad = line(540.0, 80.0)
    assert colour(NM, broad, photons=True).x < colour(NM, broad, photons=False).x


def test_the_uncertainty_is_that_of_repeated_measurements():
    rng = np.random.default_rng(1)
    spectra = line(520.0) + 0.005 * rng.normal(size=(300, NM.size))
    results = [colour(NM, spectrum, counts_se=0.005) for spectrum in spectra]
    for name in ("x", "y", "rec2020_distance"):
        values = [getattr(result, name) for result in results]
        assert np.std(values) == pytest.approx(getattr(results[0], name + "_se"), rel=0.2)


def test_the_order_and_the_step_of_the_pixels_do_not_matter():
    uneven = np.sort(np.random.default_rng(0).uniform(400, 700, 3000))[::-1]
    even, other = colour(NM, line(520.0)), colour(uneven, line(520.0, nm=uneven))
    assert (other.x, other.y) == pytest.approx((even.x, even.y), abs=1e-3)


@pytest.mark.parametrize(
    ("nm", "counts"),
    [
        ([], []),
        ([500.0, 510.0], [1.0, 2.0]),
        (NM, np.zeros(NM.size)),
        (NM, -line(520.0)),
        (NM, np.full(NM.size, np.nan)),
        (NM, [1.0]),
        (NM + 1000, line(520.0)),
        ("a", "b"),
        (np.full(NM.size, 520.0), line(520.0)),
    ],
)
def test_no_light_has_no_colour(nm, counts):
    result = colour(nm, counts)
    assert result.x is None
    assert result.reason
