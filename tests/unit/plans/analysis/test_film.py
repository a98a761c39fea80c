"""The shift of a film is split into its parts, on spectra with a known answer."""

import dataclasses

import numpy as np
import pytest

from plans.analysis.film import FilmSpectrum, film_budget

NM = np.arange(400.0, 700.0, 0.3)
HC_EV_NM = 1239.841984
CRYSTAL_EV, WIDTH_EV = 2.407, 0.088


def line(centre_ev, width_ev):
    energy = HC_EV_NM / NM
    side = np.where(energy < centre_ev, 1.12, 0.88)
    return np.exp(-4 * np.log(2) * ((energy - centre_ev) / (width_ev * side)) ** 2)


def absorbance(edge_ev, thick=10.9):
    """An edge with a tail of 19 meV."""
    energy = HC_EV_NM / NM
    tail = np.exp(np.minimum((energy - edge_ev) / 0.019, 0.0))
    return 0.5 * thick * tail / (1 + 0.3 * tail)


def film(inside, own, *, guided=0.0, ratio=0.0, scatter=0.0, noise=0.0, seed=0):
    """What is seen of lines behind the layer's own absorption; scatter is only in the lamp's."""
    natural = np.log(10) * np.minimum(own, 50.0)
    exciting = np.log(10) * 10.9
    front = exciting / (exciting + natural)
    light = inside * front * (1 - guided + guided * np.exp(-natural * ratio)) / NM**2
    rng = np.random.default_rng(seed)
    counts = 40_000 * light / light.max() + noise * rng.normal(size=NM.size)
    passed = 10.0 ** -(own + scatter * (500.0 / NM) ** 2) + 1e-3 * noise / 30 * rng.normal(
        size=NM.size
    )
    measured = np.where(passed > 0, -np.log10(np.maximum(passed, 1e-12)), np.nan)
    return FilmSpectrum(
        wavelength_nm=NM, counts=counts, absorbance=measured, excitation_absorbance=10.9
    )


@pytest.fixture
def wet():
    return film(line(CRYSTAL_EV, WIDTH_EV), absorbance(CRYSTAL_EV + 0.04), noise=30.0, seed=1)


def test_three_parts_are_found(wet):
    inside = 2.3 * line(2.396, 0.076) + 2.1 * line(2.345, 0.075)
    dry = film(inside, absorbance(2.436), guided=0.93, ratio=7.5, scatter=0.3, noise=30.0)
    found = film_budget(wet, dry)
    assert found.reason == ""
    assert found.coupling_mev == pytest.approx(11.0, abs=3.0)
    assert found.bulk_like_mev == pytest.approx(34.0, abs=5.0)
    assert found.guided_share == pytest.approx(0.93, abs=0.03)
    assert found.path_ratio == pytest.approx(7.5, rel=0.1)
    assert found.residual < 0.01


def test_coupling_alone_has_no_other_part(wet):
    dry = film(line(2.318, 0.077), absorbance(2.358), scatter=0.3, noise=30.0)
    found = film_budget(wet, dry)
    assert found.coupling_mev == pytest.approx(89.0, abs=4.0)
    assert found.bulk_like_mev == pytest.approx(0.0, abs=4.0)
    assert found.reabsorption_mev < 10.0


def test_parts_add_up_to_what_is_seen(wet):
    dry = film(line(2.35, 0.08), absorbance(2.42), guided=0.5, ratio=3.0)
    found = film_budget(wet, dry)
    seen_ev = HC_EV_NM / NM[dry.counts.argmax()]
    whole = found.coupling_mev + found.bulk_like_mev + found.reabsorption_mev
    start_ev = HC_EV_NM / NM[(line(CRYSTAL_EV, WIDTH_EV) / NM**2).argmax()]
    assert whole == pytest.approx(1e3 * (start_ev - seen_ev), abs=4.0)


def test_without_light_or_absorbance_it_says_why(wet):
    dark = dataclasses.replace(wet, counts=np.zeros_like(NM))
    assert "no light" in film_budget(wet, dark).reason
    unknown = dataclasses.replace(wet, absorbance=np.full_like(NM, np.nan))
    found = film_budget(unknown, wet)
    assert "no absorbance" in found.reason
    assert np.isnan(found.coupling_mev)


def test_a_spectrum_that_is_no_film_is_not_split_in_silence(wet):
    two = line(2.5, 0.06) + line(2.2, 0.06)
    assert "of the spectrum" in film_budget(wet, film(two, absorbance(2.44))).reason
