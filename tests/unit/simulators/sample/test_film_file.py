import pytest

from simulators.sample import DARK, Film, Sample, SampleConfigurationError, World, read_film
from simulators.sample.sample_file import load_tables
from simulators.sample.world_file import read_simulation


def changed(table, **changes):
    values, _ = load_tables("drop-5um-toluene")
    values[table] = {**values.get(table, {}), **changes}
    return values


def test_the_drop_of_the_library_is_50_ul_of_5_um_in_toluene():
    values, where = load_tables("drop-5um-toluene")
    preparation = read_film(values, where)
    assert preparation.name == "drop-5um-toluene"
    assert preparation.support.solvent == "toluene"
    assert preparation.support.crystals_nmol == pytest.approx(0.25)
    assert preparation.state.solvent_ul == preparation.support.deposited_ul == 50.0
    assert preparation.state.dispersed == 1.0
    assert preparation.ligand_mm == 1.0
    assert preparation.shift_model == "mixed"


def test_the_film_of_the_library_is_what_the_drop_becomes(film_with, seen):
    film, drop = film_with("superlattice-film"), film_with()
    drop.step(3600.0, DARK)
    assert film.truth()["sample"] == "superlattice-film"
    assert film.truth()["is_dry"]
    assert film.mass_g == pytest.approx(drop.mass_g)
    assert seen(film).peak_nm == pytest.approx(seen(drop).peak_nm, abs=0.05)


@pytest.mark.parametrize(
    ("table", "changes", "message"),
    [
        ("film", {"volume": 50}, "unknown key 'volume'"),
        ("film", {"solvent": "water"}, "one of toluene, hexane, octane"),
        ("film", {"vapour_saturation": 1.1}, "from 0 to 1"),
        ("film", {"shift_model": "magic"}, "one of mixed, coupling"),
        ("film", {"capacity_ul": 10}, "from 50"),
        ("nanocrystals", {"edge_length_nm": 10.0}, "either edge_length_nm or peak_nm"),
        ("nanocrystals", {"trap": 1.0}, "unknown key 'trap'"),
        ("nanocrystals", {"fused": 0.6, "assembled": 0.5}, "from 0 to 0.4"),
        ("assembly", {"threshold": 0.0}, "threshold"),
        ("assembly", {"speed": 1.0}, "unknown key 'speed'"),
        ("optics", {"guided_fraction": 1.5}, "from 0 to 1"),
        ("optics", {"superlattice_decay": 1.0}, "unknown key"),
        ("vial", {"volume_ul": 3000}, "unknown key 'vial'"),
    ],
)
def test_a_file_that_describes_no_film_is_refused(table, changes, message):
    with pytest.raises(SampleConfigurationError, match=message):
        read_film(changed(table, **changes), "mine.toml")


def test_constants_of_ones_own_take_the_place_of_the_defaults():
    values = changed("assembly", fusion_per_s=1e-5)
    values["optics"] = {"propagation_um": 20.0}
    preparation = read_film(values, "mine.toml")
    assert preparation.assembly.fusion_per_s == 1e-5
    assert preparation.optics.propagation_um == 20.0
    assert preparation.optics.guided_fraction == 0.93


def test_the_rival_hypothesis_keeps_its_constants():
    preparation = read_film(changed("film", shift_model="coupling"), "mine.toml")
    assert preparation.optics.guided_fraction == preparation.optics.bulk_like_fraction == 0.0


def test_a_world_holds_a_film_where_the_table_names_one():
    spots = [
        {"x_mm": 0, "radius_mm": 1, "holds": "sample"},
        {"x_mm": 9, "radius_mm": 1, "holds": "superlattice-film"},
        {"x_mm": 18, "radius_mm": 1, "holds": "as-synthesised"},
    ]
    simulation = read_simulation({"sample": "drop-5um-toluene", "spot": spots})
    assert [type(each) for each in simulation.specimens.values()] == [Film, Film, Sample]
    truth = World(simulation).truth(0.0)
    assert truth["sample"] == "drop-5um-toluene"
    assert truth["vials"]["superlattice-film at 9, 0 mm"]["is_dry"]
