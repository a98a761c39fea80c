"""The account of a syringe and the library of syringes."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.bench_file import Table
from instruments.errors import ConfigurationError
from instruments.pumps import Syringe, syringe_library
from instruments.pumps.account import SyringeAccount
from instruments.pumps.bench_table import read_account_file, read_syringe

SYRINGE = Syringe(
    name="BD plastic 10 mL",
    diameter_mm=14.43,
    capacity_ul=10_000,
    loaded_ul=8_000,
    contents="toluene",
)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "account.json"


def test_an_account_survives_a_restart(file):
    account = SyringeAccount("pump", SYRINGE, file)
    account.begin("infuse", 500)
    account.book("infuse", 499.5)
    account.begin("withdraw", 100)
    account.book("withdraw", 100)
    again = SyringeAccount("pump", SYRINGE, file)
    assert again.remaining_ul == pytest.approx(7600.5)
    assert (again.infused_ul, again.withdrawn_ul) == (499.5, 100)


def test_a_dispense_that_the_program_did_not_survive_counts_as_delivered(file, caplog):
    SyringeAccount("pump", SYRINGE, file).begin("infuse", 500)
    again = SyringeAccount("pump", SYRINGE, file)
    assert again.remaining_ul == 7500
    assert "taken as delivered" in caplog.text
    assert SyringeAccount("pump", SYRINGE, file).remaining_ul == 7500


@pytest.mark.parametrize("change", [{"name": "other"}, {"loaded_ul": 9_000}])
def test_another_syringe_or_loaded_volume_begins_anew(file, change):
    SyringeAccount("pump", SYRINGE, file).book("infuse", 500)
    filled = Syringe(**(vars(SYRINGE) | change))
    assert SyringeAccount("pump", filled, file).remaining_ul == filled.loaded_ul


def test_a_refill_is_kept(file):
    account = SyringeAccount("pump", SYRINGE, file)
    account.book("infuse", 7_000)
    account.fill(10_000)
    assert SyringeAccount("pump", SYRINGE, file).remaining_ul == 10_000


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"syringe": "x"}'])
def test_an_account_that_cannot_be_read_is_no_guess(file, text):
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="look how much is in the syringe"):
        SyringeAccount("pump", SYRINGE, file)


def test_an_account_that_cannot_be_written_stops_no_dispense(tmp_path, caplog):
    account = SyringeAccount("pump", SYRINGE, tmp_path / "no such folder" / "account.json")
    account.book("infuse", 100)
    assert account.remaining_ul == 7_900
    assert "cannot be written" in caplog.text


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["infuse", "withdraw"]),
            st.floats(0.001, 1000),
            st.floats(0, 1),
        ),
        max_size=20,
    )
)
def test_what_was_loaded_is_what_is_left_and_what_has_gone(doses):
    account = SyringeAccount("pump", SYRINGE)
    for direction, volume_ul, part in doses:
        account.begin(direction, volume_ul)
        account.book(direction, volume_ul * part)
    signs = {"infuse": 1, "withdraw": -1}
    gone_ul = sum(signs[direction] * volume * part for direction, volume, part in doses)
    assert account.remaining_ul + gone_ul == pytest.approx(SYRINGE.loaded_ul, abs=1e-6)


# -- the library


def test_every_syringe_has_a_barrel_of_a_length_that_is_made():
    for model in syringe_library().values():
        length_mm = model.capacity_ul / (math.pi / 4 * model.diameter_mm**2)
        assert 35 < length_mm < 125, model


@pytest.mark.parametrize("family", ["Hamilton 1700", "Hamilton 1000", "SGE gas-tight"])
def test_gas_tight_syringes_have_a_scale_of_60_mm(family):
    for model in syringe_library().values():
        if model.name.startswith(family) and model.capacity_ul < 100_000:
            length_mm = model.capacity_ul / (math.pi / 4 * model.diameter_mm**2)
            assert length_mm == pytest.approx(60, rel=0.01), model


def test_makers_and_sources_are_named():
    library = syringe_library()
    assert library["BD plastic 10 mL"].diameter_mm == 14.43
    assert library["Hamilton 1700 100 uL"].capacity_ul == 100
    assert len(library) > 40
    assert all(model.maker and model.source and model.material for model in library.values())


def table(tmp_path, **keys):
    return Table(str(tmp_path / "bench.toml"), "device.pump", keys)


def test_a_syringe_is_looked_up_by_its_name(tmp_path):
    about = table(tmp_path, syringe="Terumo 5 mL", loaded_volume_ul=4000, refill_below_ul=500)
    syringe = read_syringe(about)
    assert (syringe.diameter_mm, syringe.capacity_ul) == (13.0, 5000)
    assert syringe.refill_below_ul == 500
    assert read_account_file(about) is None
    about.finish()


def test_a_diameter_that_is_not_that_of_the_syringe_is_refused(tmp_path):
    keys = {"syringe": "BD plastic 10 mL", "loaded_volume_ul": 0}
    assert read_syringe(table(tmp_path, **keys, syringe_diameter_mm=14.5)).diameter_mm == 14.5
    with pytest.raises(ConfigurationError, match=r"is 15.9, but BD plastic 10 mL has 14.43 mm"):
        read_syringe(table(tmp_path, **keys, syringe_diameter_mm=15.9))


def test_an_unknown_syringe_needs_diameter_and_volume(tmp_path):
    keys = {"syringe": "BD plastik 10 mL", "loaded_volume_ul": 0}
    with pytest.raises(ConfigurationError, match=r"did you mean 'BD plastic 10 mL'"):
        read_syringe(table(tmp_path, **keys))
    own = read_syringe(table(tmp_path, **keys, syringe_diameter_mm=15.0, syringe_volume_ul=12_000))
    assert own.capacity_ul == 12_000


def test_the_account_is_kept_beside_the_bench_file(tmp_path):
    assert read_account_file(table(tmp_path, account_file="pump.json")) == tmp_path / "pump.json"


def test_the_file_is_whole_at_any_time(file):
    account = SyringeAccount("pump", SYRINGE, file)
    account.begin("infuse", 500)
    data = json.loads(file.read_text(encoding="utf-8"))
    assert data["pending"] == {"direction": "infuse", "volume_ul": 500}
    assert not list(file.parent.glob("*.new"))
