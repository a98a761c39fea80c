import pytest

from simulators.sample import SampleConfigurationError, library_names, load_sample, read_sample

PLAIN = {
    "name": "mine",
    "nanocrystals": {"peak_nm": 514.0, "concentration_nm": 10.0, "ligand_mm": 2.0},
}


def changed(table, **changes):
    return {**PLAIN, table: {**PLAIN.get(table, {}), **changes}}


VIALS = ("as-synthesised", "blank", "concentrated", "degraded", "fused", "ligand-poor")
FILMS = ("drop-5um-toluene", "superlattice-film")
DYES = ("standard-dye",)


def test_the_library_holds_vials_films_and_a_standard():
    assert library_names() == tuple(sorted(VIALS + FILMS + DYES))


@pytest.mark.parametrize("name", VIALS)
def test_every_vial_of_the_library_is_what_its_name_says(name):
    preparation = load_sample(name)
    assert preparation.name == name
    assert sum(preparation.populations[:4]) == pytest.approx(1.0, abs=1e-12)
    assert 1000 <= preparation.vial.volume_ul <= 3000


def test_the_default_sample_is_20_nm_and_1_mm_in_a_10_mm_cuvette_of_toluene():
    preparation = load_sample("as-synthesised")
    assert preparation.vial.liquid.concentration_nm == 20.0
    assert preparation.vial.liquid.ligand_mm == 1.0
    assert preparation.setting.path_cm == 1.0
    assert preparation.setting.solvent == "toluene"
    assert preparation.setting.air == 1.0
    assert preparation.temperature_degc == 25.0


def test_the_samples_differ_as_they_should(sample_with, light, seen):
    from simulators.sample import Sample, Throughput

    clear = Throughput(stray=0.0, wire_scatter=0.0)
    good, poor, old = (
        Sample(load_sample(name), clear) for name in ("as-synthesised", "ligand-poor", "degraded")
    )
    areas = [seen(each).area for each in (good, poor, old)]
    assert areas[0] > areas[1] > 2 * areas[2]
    for each in (good, poor):
        each.step(1800.0, light(20.0))
    assert poor.populations.fused > good.populations.fused


def test_a_file_of_ones_own_is_read(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\n[nanocrystals]\nedge_length_nm = 10.0\nconcentration_nm = 5\n'
        "ligand_mm = 0.5\n[kinetics]\nactivation_yield = 3e-7\n",
        encoding="utf-8",
    )
    for asked, folder in ((path, None), ("mine.toml", tmp_path)):
        preparation = load_sample(asked, folder)
        assert preparation.setting.size_nm == 10.0
        assert preparation.kinetics.activation_yield == 3e-7
        assert preparation.kinetics.sticking == 5e-6


def test_a_vial_smaller_than_the_last_drops_is_allowed():
    vial = read_sample(changed("vial", volume_ul=20.0), "mine.toml").vial
    assert vial.unreachable_ul <= vial.volume_ul


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (changed("nanocrystals", peek_nm=1), "unknown key 'peek_nm'; allowed are activated"),
        (changed("vial", solvent="water"), "solvent = 'water', but one of toluene, hexane, octane"),
        (changed("vial", volume_ul="3 mL"), "volume_ul = '3 mL', but a number"),
        (changed("vial", volume_ul=True), "volume_ul = True, but a number"),
        (changed("vial", volume_ul=-1), "volume_ul = -1, but a number from 1"),
        (changed("vial", capacity_ul=100), "capacity_ul = 100"),
        (changed("nanocrystals", peak_nm=530), "peak_nm = 530, but a number from 453 to 523"),
        (changed("nanocrystals", edge_length_nm=9), "either edge_length_nm or peak_nm"),
        (changed("nanocrystals", degraded=0.7, activated=0.5), "activated = 0.5"),
        (changed("kinetics", stickiness=1), "unknown key 'stickiness'"),
        (changed("kinetics", sticking=float("nan")), "sticking = nan"),
        ({**PLAIN, "colour": "green"}, "mine.toml: unknown key 'colour'"),
        ({"name": "mine"}, "mine.toml.nanocrystals: the key 'peak_nm' is missing"),
        ({**PLAIN, "vial": 3}, "mine.toml.vial: a table is expected here, found 3"),
        ({"nanocrystals": {}}, "the key 'name' is missing"),
    ],
)
def test_a_wrong_file_is_refused_in_words(values, message):
    with pytest.raises(SampleConfigurationError) as caught:
        read_sample(values, "mine.toml")
    assert message in str(caught.value)


def test_a_sample_that_does_not_exist_is_refused_with_the_names_that_do():
    with pytest.raises(SampleConfigurationError, match=r"no sample 'as-sythesised'.*blank"):
        load_sample("as-sythesised")


def test_a_file_that_is_not_toml_is_refused(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("name = ", encoding="utf-8")
    with pytest.raises(SampleConfigurationError, match="not a TOML file"):
        load_sample(path)
