"""What a plan refuses before anything is switched, readable without running it."""

import pytest

from plans.catalogue import check_plan, estimate_s, find_plan, make_experiment
from plans.parameters import ParameterError, describe_plan
from plans.preflight import format_checks
from tests.system.quick_plans import PLATE

ALL = ("spectrometer", "light", "stage", "pump", "meter")
REFUSALS = [
    ("light_regrowth", {"irradiance_mw_cm2": 500.0}, "must be 0.1 to 200 mW/cm²"),
    ("light_regrowth", {"irradiance_mw_cm2": 150.0}, "light gives 0.0572 to 57.2 mW/cm²"),
    ("light_regrowth", {"temperature_degc": 55.0, "solvent": "hexane"}, "hexane allows 48.7 °C"),
    ("light_regrowth", {"temperature_degc": 45.0}, "45 °C needs a thermostat"),
    ("light_regrowth", {"stir_rpm": 300.0}, "there is no stirrer"),
    ("light_regrowth", {"ligand_volume_ul": 9000.0}, "9000 µL asked, 8000 µL in the syringe"),
    ("light_regrowth", {"ligand_volume_ul": 5.0, "ligand_rate_ul_min": 20000.0}, "pump:"),
    ("light_regrowth", {"no_such": 1}, "has no parameter 'no_such'"),
    ("evaporation_assembly", {"volume_ul": 1000.0, "capacity_ul": 500.0}, "it would spill"),
    ("ligand_titration", {"max_steps": 100}, "it would spill"),
    ("ife_check", {"dilutions": 6}, "it would spill"),
    ("dose_reciprocity", {}, "5 irradiances need as many fresh samples, 1 positions"),
    ("uv_photostability", {"control_position": "sample"}, "control and sample at once"),
    ("uv_photostability", {"positions": ("A1",)}, "no position A1"),
    ("power_series", {"lowest_mw_cm2": 50.0, "highest_mw_cm2": 10.0}, "from 50 to 10"),
    ("plqy_relative", {"reference_positions": ("sample",)}, "without a white lamp each one"),
    ("condition_matrix", {"axes": "colour=red"}, "no parameter 'colour'"),
    ("condition_matrix", {"axes": "irradiance_mw_cm2=10,150",
                          "positions": ("sample", "meter")}, "light gives 0.0572"),
    ("condition_matrix", {}, "1 positions for 2 cells"),
    ("condition_matrix", {"exchange_ul": 500.0}, "no pump to move it with"),
    ("lifetime_series", {"folder": "/no/such/folder"}, "is no folder"),
    ("lifetime_series", {"response_file": "/no/such/file"}, "/no/such/file"),
    ("calibrate_irradiance", {"wavelengths_nm": (600.0,)}, "light has 365, 405, 450, 530 nm"),
    ("calibrate_spectral_response", {}, "give the file of the lamp's certificate"),
    ("calibrate_spectral_response", {}, "no dark: give lamp"),
    ("light_regrowth", {"end_product": "/no/such/file"}, "/no/such/file"),
]  # fmt: skip


def devices_for(lab, name):
    wanted = {device.name for device in describe_plan(find_plan(name)).devices}
    return {key: lab.bench[key] for key in ALL if key in wanted}


def test_what_cannot_be_done_is_refused_with_the_reason(lab):
    for name, values, reason in REFUSALS:
        checks = check_plan(name, devices_for(lab, name), values)
        refused = [check.detail for check in checks if check.verdict == "refused"]
        assert any(reason in detail for detail in refused), (name, values, refused)
    assert not lab.documents
    assert lab.lamp_is_off()


@pytest.mark.parametrize("lab", [{"extra": PLATE}], indirect=True)
def test_a_hotplate_s_own_limit_counts_too(lab):
    devices = {**devices_for(lab, "evaporation_assembly"), "thermostat": lab.bench["plate"]}
    values = {"temperature_degc": 89.0, "solvent": "octane"}
    assert all(c.verdict != "refused" for c in check_plan("evaporation_assembly", devices, values))
    lab.bench["plate"].heating = type(lab.bench["plate"].heating)(limit_degc=60.0)
    checks = check_plan("evaporation_assembly", devices, values)
    assert "60" in next(check.detail for check in checks if check.verdict == "refused")


def test_notes_can_be_accepted_and_the_table_is_text(lab, tmp_path):
    devices = devices_for(lab, "light_regrowth")
    checks = check_plan(
        "light_regrowth", devices, {"probe_irradiance_mw_cm2": 10.0}, runs_folder=tmp_path
    )
    verdicts = {check.name: check.verdict for check in checks}
    assert verdicts["probe share of the dose"] == "note"
    assert verdicts["disk"] == "ok"
    assert "note     probe share of the dose" in format_checks(checks)


def test_the_longest_time_is_known_before(lab):
    devices = devices_for(lab, "light_regrowth")
    assert estimate_s("light_regrowth", devices, {"max_time_min": 60.0}) == 100 + 3600 + 3600
    assert estimate_s("light_regrowth", {}, {}) is None


def test_a_device_that_is_missing_is_named(lab):
    assert "cannot do without spectrometer" in check_plan("light_regrowth", {}, {})[0].detail
    with pytest.raises(ParameterError, match="there is no plan 'nothing'"):
        make_experiment("nothing", {}, {})


def test_a_script_that_asks_too_much_is_refused_too(lab):
    plan = find_plan("light_regrowth")
    outcome = lab.engine.run(plan(**lab.devices("spectrometer", "light"), max_time_min=1e6))
    assert outcome.exit_status == "fail"
    assert "max_time_min must be 1 to 1440 min" in outcome.reason
    assert not lab.documents
