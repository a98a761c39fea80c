import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.sample import DARK, SOLVENTS, Inputs, stefan_flux_g_m2_s

KELVIN = 273.15


@pytest.mark.parametrize(
    ("name", "at_25", "at_40", "at_60"),
    [
        ("toluene", 0.117, 0.259, 0.675),
        ("hexane", 0.607, 1.30, 4.17),
        ("octane", 0.058, 0.135, 0.369),
    ],
)
def test_the_flux_through_10_mm_is_that_of_the_solvent(name, at_25, at_40, at_60):
    found = [stefan_flux_g_m2_s(SOLVENTS[name], KELVIN + t, 10.0) for t in (25, 40, 60)]
    assert found[::2] == pytest.approx([at_25, at_60], rel=0.01)
    # 40 °C lies between the two pressures that are known; interpolation is good to 2 %
    assert found[1] == pytest.approx(at_40, rel=0.02)


def test_two_millilitres_of_toluene_dry_overnight_or_in_an_afternoon():
    mass_g = 2.0 * SOLVENTS["toluene"].density_g_ml
    cold, warm = (
        mass_g / (2e-4 * stefan_flux_g_m2_s(SOLVENTS["toluene"], KELVIN + t, 10.0)) / 3600
        for t in (25, 60)
    )
    assert cold == pytest.approx(20.4, rel=0.02)
    assert warm == pytest.approx(3.55, rel=0.02)


@pytest.mark.parametrize("name", sorted(SOLVENTS))
def test_nothing_leaves_into_saturated_vapour(name):
    assert stefan_flux_g_m2_s(SOLVENTS[name], KELVIN + 25, 5.0, 1.0) == 0.0


@given(temperature_k=st.floats(260, 390), gap_mm=st.floats(0.1, 100), saturation=st.floats(0, 0.99))
def test_heat_a_thin_gap_and_dry_gas_all_speed_evaporation(temperature_k, gap_mm, saturation):
    octane = SOLVENTS["octane"]
    flux = stefan_flux_g_m2_s(octane, temperature_k, gap_mm, saturation)
    assert flux > 0.0
    assert stefan_flux_g_m2_s(octane, temperature_k + 1, gap_mm, saturation) > flux
    assert stefan_flux_g_m2_s(octane, temperature_k, gap_mm / 2, saturation) == pytest.approx(
        2 * flux
    )
    assert stefan_flux_g_m2_s(octane, temperature_k, gap_mm, saturation + 0.005) < flux


def test_a_boiling_solvent_still_has_a_finite_flux():
    assert 0.0 < stefan_flux_g_m2_s(SOLVENTS["hexane"], KELVIN + 110, 5.0) < 100.0


def drying_time_s(film, inputs=DARK):
    """Return when 1 % of the solvent is left."""
    time_s = 0.0
    while not film.truth()["is_dry"]:
        film.step(5.0, inputs)
        time_s += 5.0
    return time_s


def test_the_reference_drop_dries_in_1817_s(film_with):
    assert drying_time_s(film_with()) == pytest.approx(1817, rel=0.01)


def test_at_40_degc_it_dries_2_2_times_faster(film_with):
    warm_s = drying_time_s(film_with(), Inputs(temperature_degc=40.0))
    assert 1817 / warm_s == pytest.approx(2.2, rel=0.02)
    assert drying_time_s(film_with(temperature_degc=40.0)) == warm_s


def test_a_drop_in_saturated_vapour_stays_wet(film_with):
    film = film_with(vapour_saturation=1.0)
    film.step(86_400.0, DARK)
    assert film.state.solvent_ul == pytest.approx(50.0, abs=1e-9)
    assert film.state.evaporated_ul == 0.0


def test_the_balance_sees_the_solvent_leave_at_a_constant_rate(film_with):
    film = film_with()
    start_g = film.mass_g
    film.step(600.0, DARK)
    first_g = film.mass_g
    film.step(600.0, DARK)
    flux = stefan_flux_g_m2_s(SOLVENTS["toluene"], KELVIN + 25, 5.0)
    assert start_g - first_g == pytest.approx(600 * flux * 1e-4, rel=1e-6)
    assert first_g - film.mass_g == pytest.approx(600 * flux * 1e-4, rel=1e-6)
    film.step(3600.0, DARK)
    assert film.mass_g == pytest.approx(1.30e-3, rel=0.01)
