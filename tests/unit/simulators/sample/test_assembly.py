import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.sample import DARK, PURE, Flow, Inputs, Liquid, together


def onset(film):
    """Return time and remaining solvent when 5 % of the material has left the dispersion."""
    time_s = 0.0
    while film.state.dispersed > 0.95:
        film.step(5.0, DARK)
        time_s += 5.0
    return time_s, film.state.solvent_ul / film.preparation.support.deposited_ul


def test_assembly_begins_at_87_percent_of_the_drying_time(film_with):
    assert onset(film_with())[0] / 1817 == pytest.approx(0.87, abs=0.01)


def test_more_nanocrystals_assemble_earlier(film_with):
    times_s = [onset(film_with(concentration_nm=c))[0] for c in (1e3, 5e3, 10e3, 20e3)]
    assert np.all(np.diff(times_s) < 0)


def test_a_poorer_solvent_and_more_ligand_let_them_assemble_in_more_solvent(film_with):
    left = [onset(film_with(solvent=name))[1] for name in ("toluene", "octane", "hexane")]
    assert np.all(np.diff(left) > 0)
    left = [onset(film_with(ligand_mm=ligand_mm))[1] for ligand_mm in (0.0, 1.0, 5.0)]
    assert np.all(np.diff(left) > 0)


def fused_after(film, inputs=DARK, time_s=86_400.0):
    film.step(time_s, inputs)
    return film.state.fused


def test_more_ligand_slows_regrowth(film_with):
    fused = [fused_after(film_with("superlattice-film", ligand_mm=mm)) for mm in (0, 1, 5)]
    assert np.all(np.diff(fused) < 0)
    assert fused[0] / fused[1] == pytest.approx(2, rel=0.1)


def test_heat_speeds_regrowth_that_takes_days_in_the_cold(film_with):
    fused = [
        fused_after(film_with("superlattice-film"), Inputs(temperature_degc=degc))
        for degc in (25, 50, 80)
    ]
    assert np.all(np.diff(fused) > 0)
    assert fused[0] == pytest.approx(0.063, abs=0.005)
    assert fused[2] > 0.99


def test_light_speeds_regrowth(film_with, light):
    fused = [
        fused_after(film_with("superlattice-film"), light(power), 7200.0) for power in (0, 5, 50)
    ]
    assert np.all(np.diff(fused) > 0)


def test_slower_drying_orders_better(film_with):
    orders = []
    for saturation in (0.0, 0.5, 0.9):
        film = film_with(vapour_saturation=saturation)
        film.step(86_400.0, DARK)
        orders.append(film.truth()["order"])
    assert np.all(np.diff(orders) > 0)
    assert orders[0] == pytest.approx(0.80, abs=0.01)


def test_solvent_on_a_film_dissolves_what_has_not_fused(film_with):
    film = film_with("superlattice-film", vapour_saturation=1.0)
    film.step(60.0, Inputs(flow=Flow(infuse_ul_min=60.0)))
    assert film.state.solvent_ul == pytest.approx(60.0)
    film.step(20_000.0, DARK)
    assert film.state.dispersed > 0.95


def test_what_does_not_fit_runs_off(film_with):
    film = film_with(capacity_ul=60.0, vapour_saturation=1.0)
    film.step(3600.0, Inputs(flow=Flow(infuse_ul_min=1.0, liquid=Liquid(ligand_mm=10.0))))
    truth = film.truth()
    assert truth["volume_ul"] == pytest.approx(60.0)
    assert truth["infused_ul"] == pytest.approx(60.0)
    assert truth["spilled_ul"] == pytest.approx(50 + truth["volume_ul"] - truth["solvent_ul"])
    assert truth["ligand_mm"] == pytest.approx(1 + 10 * (60 - truth["spilled_ul"]) / 50)


def test_a_needle_takes_nothing_out_of_a_film(film_with):
    film, alone = film_with(), film_with()
    film.step(60.0, Inputs(flow=Flow(withdraw_ul_min=20.0)))
    alone.step(60.0, DARK)
    assert film.state == alone.state


def test_time_does_not_run_backwards(film_with):
    with pytest.raises(ValueError, match="asked to step by -1"):
        film_with().step(-1.0, DARK)


@pytest.mark.parametrize("dt_s", [7200 / 7, 60.0, 1.3])
def test_how_time_is_divided_does_not_matter(film_with, light, dt_s):
    whole, parts = film_with(), film_with()
    inputs = light(1.0, temperature_degc=27.0)
    whole.step(1850.0, inputs)
    count = int(1850 / dt_s)
    for _ in range(count):
        parts.step(dt_s, inputs)
    parts.step(1850.0 - count * dt_s, inputs)
    assert parts.state == pytest.approx(tuple(whole.state), rel=1e-4, abs=1e-7)


def test_a_copy_goes_its_own_way(film_with):
    film = film_with()
    film.step(1000.0, DARK)
    twin = film.copy()
    assert twin.to_dict() == film.to_dict()
    twin.step(1000.0, DARK)
    assert twin.state.solvent_ul < film.state.solvent_ul
    film.step(1000.0, DARK)
    assert twin.to_dict() == film.to_dict()


PIECE = st.tuples(
    st.floats(0, 2000),
    st.floats(5, 90),
    st.sampled_from([0.0, 0.0, 0.5, 3.0, 30.0]),
    st.sampled_from([0.0, 10.0]),
)


@settings(max_examples=40, deadline=None)
@given(
    pieces=st.lists(PIECE, min_size=1, max_size=5),
    solvent=st.sampled_from(["toluene", "hexane", "octane"]),
    concentration_nm=st.sampled_from([100.0, 5000.0, 50_000.0]),
)
def test_nothing_is_made_or_lost(film_with, light, pieces, solvent, concentration_nm):
    film = film_with(solvent=solvent, concentration_nm=concentration_nm)
    for dt_s, temperature_degc, rate_ul_min, irradiance in pieces:
        before_g, before = film.mass_g, film.truth()
        inputs = light(
            irradiance, temperature_degc=temperature_degc, flow=together([(rate_ul_min, PURE)])
        )
        film.step(dt_s, inputs)
        state, after = film.state, film.truth()
        assert state.dispersed + state.assembled + state.fused == pytest.approx(1.0, abs=1e-9)
        assert min(state) >= 0.0
        assert state.ordered <= state.assembled + 1e-9
        came_ul = after["infused_ul"] - after["spilled_ul"]
        assert state.solvent_ul + state.evaporated_ul == pytest.approx(50 + came_ul, rel=1e-9)
        assert after["volume_ul"] <= 100.0 * (1 + 1e-6)
        gone_ul = after["evaporated_ul"] - before["evaporated_ul"] + after["spilled_ul"]
        net_ul = after["infused_ul"] - before["infused_ul"] - gone_ul + before["spilled_ul"]
        density = {"toluene": 0.8623, "hexane": 0.655, "octane": 0.6987}[solvent]
        assert film.mass_g - before_g == pytest.approx(net_ul * density * 1e-3, abs=1e-10)
