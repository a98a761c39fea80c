"""The plans end to end: assembly, reciprocity, photostability, knobs, dose, quantum yield."""

import math
from pathlib import Path

import numpy as np
from bench_runs import FULL, bench_with, run_plan
from table import Row

BLANK = "C6"
SHORT_DROP = ("max_time_min=120", "interval_s=10")


def yes(id_: str, quantity: str, holds: bool) -> Row:
    """Return a row that passes when something holds."""
    return Row(id=id_, quantity=quantity, value=float(holds), target=1.0, tolerance=0.0)


# -- evaporation_assembly


def assembly_rows(folder: str) -> list[Row]:
    """T2 to T7: the drop of the film bench, under both hypotheses."""
    mixed, _ = run_plan(folder, "evaporation_assembly", "max_time_min=240", sample="drop")
    coupled, _ = run_plan(folder, "evaporation_assembly", *SHORT_DROP, sample="coupling")
    return [
        Row(id="T2", quantity="film, peak at the end, nm", value=mixed["peak_end_nm"],
            target=535.0, tolerance=1.0),
        Row(id="T3", quantity="film, shift, meV", value=mixed["shift_mev"],
            target=90.0, tolerance=6.0),
        Row(id="T5", quantity="film, mixed: area ratio", value=mixed["area_ratio"],
            target=0.21, tolerance=0.05),
        yes("T5", "film, coupling: area ratio at least 0.9", coupled["area_ratio"] >= 0.9),
        Row(id="T5", quantity="film, coupling: peak at the end, nm", value=coupled["peak_end_nm"],
            target=535.0, tolerance=1.0),
        yes("T5", "film, told apart", str(mixed["explanation"]).startswith("mixed")
            and str(coupled["explanation"]).startswith("coupling")),
        Row(id="T6", quantity="film, largest width, nm", value=mixed["fwhm_max_nm"],
            target=29.5, tolerance=2.5),
        yes("T7", "film, narrower at the end", mixed["fwhm_end_nm"] < mixed["fwhm_start_nm"]),
    ]  # fmt: skip


def budget_rows(folder: str) -> list[Row]:
    """T4: the parts of the shift as the plan finds them, looking through the drop and the film."""
    found = []
    for name in ("drop", "coupling"):
        with bench_with(folder, {"B2": name}) as bench:
            summary, _ = run_plan(
                folder, "evaporation_assembly", "position=B2", "blank_position=empty",
                "lamp_irradiance_mw_cm2=0.02", "lamp_integration_time_s=0.1", *SHORT_DROP,
                bench=bench,
            )  # fmt: skip
        found.append(summary)
    mixed, coupled = found
    targets = {"coupling": 11.0, "bulk_like": 30.0, "reabsorption": 51.0}
    return [
        *(
            Row(id="T4", quantity=f"film, as the plan finds it: {part}, meV",
                value=mixed[f"shift_{part}_mev"], target=target, tolerance=5.0)
            for part, target in targets.items()
        ),
        Row(id="T4", quantity="film, rival: coupling as the plan finds it, meV",
            value=coupled["shift_coupling_mev"], target=90.0, tolerance=6.0),
    ]  # fmt: skip


def knob_rows(folder: str) -> list[Row]:
    """T16: more nanocrystals, heat, ligand."""
    found = {
        name: run_plan(folder, "evaporation_assembly", *SHORT_DROP, "hold_min=1", sample=name)[0]
        for name in ("drop", "concentrated drop", "warm drop")
    }
    reference = found["drop"]
    poor, rich = (
        run_plan(folder, "light_regrowth", "max_time_min=60", "plateau=no", "dark_tail_min=0",
                 "interval_s=60", sample=sample)[0]
        for sample in ("ligand-poor", "ligand-rich")
    )  # fmt: skip
    dry = {name: float(each["dry_s"]) for name, each in found.items()}
    earlier = float(found["concentrated drop"]["onset_s"]) < float(reference["onset_s"])
    return [
        yes("T16", "more nanocrystals: onset earlier", earlier),
        yes("T16", "warmer: dry sooner", dry["warm drop"] < 0.7 * dry["drop"]),
        yes("T16", "more ligand: slower regrowth", rich["shift_nm"] < poor["shift_nm"]),
    ]


# -- light


def regrowth_rows(folder: str) -> list[Row]:
    """T12: the dose that the plan counts against the sample's own."""
    summary, result = run_plan(folder, "light_regrowth", "max_time_min=30", "dark_tail_min=5")
    return [
        Row(id="T12", quantity="light_regrowth, dose, % of truth",
            value=100 * float(summary["dose_j_cm2"]) / float(result["true_dose_j_cm2"]),
            target=100.0, tolerance=0.5),
    ]  # fmt: skip


def photostability_rows(folder: str) -> list[Row]:
    """T20: fused against as-synthesised, both too dilute to shade themselves."""
    wells = {"A2": "lone crystals", "A3": "lone wires"}
    with bench_with(folder, wells) as bench:
        summary, _ = run_plan(
            folder, "uv_photostability", "positions=A2,A3", "irradiance_mw_cm2=30",
            "max_exposure_min=1440", bench=bench,
        )  # fmt: skip
    return [
        Row(id="T20", quantity="T50, fused over as-synthesised",
            value=float(summary["t50_last_over_first"]), target=10.0, tolerance=1.0),
    ]  # fmt: skip


def reciprocity_rows(folder: str) -> list[Row]:
    """T13: 72 J/cm² at five irradiances, in the limit and with 1 mM of ligand."""
    found = []
    wells = ("A2", "A3", "A4", "A5", "A6")
    # In the limit all that light has begun must have come to its end before it is looked at.
    series = (("limit", "free of ligand", 10), ("1 mM ligand", "as-synthesised", 0))
    for what, sample, rest_min in series:
        with bench_with(folder, dict.fromkeys(wells, sample)) as bench:
            summary, _ = run_plan(
                folder, "dose_reciprocity", f"positions={','.join(wells)}",
                f"rest_min={rest_min}", bench=bench,
            )  # fmt: skip
        found.append((what, 100 * float(summary["spread"])))
    (limit, in_limit), (ligand, with_ligand) = found
    return [
        Row(id="T13", quantity=f"reciprocity, {limit}: spread, %", value=in_limit,
            target=2.5, tolerance=2.5),
        Row(id="T13", quantity=f"reciprocity, {ligand}: spread, %", value=with_ligand,
            target=47.5, tolerance=7.5),
    ]  # fmt: skip


def power_rows(folder: str) -> list[Row]:
    """The slope of PL against power, and no damage on the way."""
    summary, _ = run_plan(folder, "power_series")
    return [
        Row(id="P8", quantity="power_series, exponent", value=float(summary["exponent"]),
            target=1.0, tolerance=0.01),
        Row(id="P8", quantity="power_series, deviation on return, %",
            value=100 * float(summary["return_deviation"]), target=0.0, tolerance=5.0),
    ]  # fmt: skip


# -- absorbance


def inner_filter_rows(folder: str) -> list[Row]:
    """Dilute back from 200 nmol/L: what is optics goes away, and is corrected."""
    summary, _ = run_plan(
        folder, "ife_check", "position=C4", f"blank_position={BLANK}", "dilutions=5", "mix_s=5",
        "lamp_irradiance_mw_cm2=0.02", "lamp_integration_time_s=0.1", "thermostat=hotplate",
        bench=FULL,
    )  # fmt: skip
    return [
        Row(id="P5", quantity="ife_check, raw peak at 200 nmol/L, nm",
            value=float(summary["peak_first_nm"]), target=522.0, tolerance=0.6),
        Row(id="P5", quantity="ife_check, corrected peak, diluted, nm",
            value=float(summary["corrected_last_nm"]), target=514.81, tolerance=0.1),
        Row(id="P5", quantity="ife_check, spread of corrected peaks, nm",
            value=float(summary["corrected_spread_nm"]), target=0.0, tolerance=0.15),
    ]  # fmt: skip


def quantum_yield_rows(folder: str) -> list[Row]:
    """T26: four dilutions of dye and sample, A from 0.02 to 0.1."""
    shares = (0.25, 0.5, 0.75, 1.0)
    wells = {f"A{2 + n}": f"crystals {share}" for n, share in enumerate(shares)}
    wells |= {f"B{2 + n}": f"dye {share}" for n, share in enumerate(shares)}
    with bench_with(folder, wells) as bench:
        summary, _ = run_plan(
            folder, "plqy_relative", "sample_positions=A2,A3,A4,A5",
            "reference_positions=B2,B3,B4,B5", f"blank_position={BLANK}",
            "reference=coumarin 153 in ethanol", "lamp_irradiance_mw_cm2=0.02",
            "lamp_integration_time_s=0.1", bench=bench,
        )  # fmt: skip
    return [
        Row(id="T26", quantity="plqy_relative, % of truth (0.70)",
            value=100 * float(summary["quantum_yield"]) / 0.698, target=100.0, tolerance=2.0),
    ]  # fmt: skip


def titration_rows(folder: str) -> list[Row]:
    """Ligand and antisolvent, each to its end."""
    ligand, _ = run_plan(
        folder, "ligand_titration", "position=A2", f"blank_position={BLANK}", "max_steps=5",
        "step_ul=80", "mix_s=5", "settle_s=10", "lamp_irradiance_mw_cm2=0.02",
        "lamp_integration_time_s=0.1", "pump=pump", bench=FULL,
    )  # fmt: skip
    poor, _ = run_plan(
        folder, "antisolvent_titration", "position=C4", f"blank_position={BLANK}", "step_ul=200",
        "max_steps=9", "start_volume_ul=1500", "mix_s=5", "settle_s=300",
        "lamp_irradiance_mw_cm2=0.02", "lamp_integration_time_s=0.1", "pump=antisolvent_pump",
        bench=FULL,
    )  # fmt: skip
    expected = (3000 * 1.0 + 400 * 10.0) / 3400
    return [
        Row(id="P7", quantity="ligand_titration, ligand at the end, mmol/L",
            value=float(ligand["ligand_mm"]), target=expected, tolerance=0.001),
        yes("P7", "antisolvent_titration, stopped by turbidity",
            str(poor["ended_by"]).startswith("turbidity")),
    ]  # fmt: skip


# -- the others


def lifetime_rows(folder: str) -> list[Row]:
    """T8: nanocrystals and wires, counted by the simulated TCSPC system."""
    ratios = []
    for sample in ("as-synthesised", "only wires"):
        own = Path(folder) / sample
        own.mkdir()
        summary, _ = run_plan(own, "lifetime_series", "decays=2", sample=sample, counter=True)
        ratios.append(float(summary["last_intensity_average_ns"]))
    return [
        Row(id="T8", quantity="lifetime_series, wires over crystals", value=ratios[1] / ratios[0],
            target=100.0, tolerance=10.0),
    ]  # fmt: skip


def matrix_rows(folder: str) -> list[Row]:
    """Four cells of a regrowth: twice the light, twice the dose."""
    summary, result = run_plan(
        folder, "condition_matrix", "axes=irradiance_mw_cm2=10,20; max_time_min=5,10",
        "fixed=plateau=no; dark_tail_min=0; baseline_frames=3; interval_s=20",
        "positions=A2,A3,A4,A5", bench=FULL,
    )  # fmt: skip
    doses = np.array([row["dose_j_cm2"] for row in result["rows"]], dtype=float)
    return [
        yes("P4", "condition_matrix, all four cells", int(summary["measured"]) == 4),
        Row(id="P4", quantity="condition_matrix, dose of cell 3 over cell 0",
            value=float(doses[3] / doses[0]), target=4.0, tolerance=0.05),
    ]  # fmt: skip


def white_lamp() -> str:
    """Return the certificate of the simulated white lamp: photons per nm, from its bands.

    Each band holds its share of the power at the wavelength of its centre.
    """
    bands = ((405.0, 30.0, 0.25), (470.0, 60.0, 0.25), (580.0, 160.0, 0.50))
    lines = ["nm,photons"]
    for nm in range(350, 851, 2):
        photons = sum(
            share * at / width * math.exp(-4 * math.log(2) * ((nm - at) / width) ** 2)
            for at, width, share in bands
        )
        lines.append(f"{nm},{photons:.8g}")
    return "\n".join(lines)


def calibration_rows(folder: str) -> list[Row]:
    """The calibrations against what the simulators were given."""
    wavelength, _ = run_plan(
        folder, "calibrate_wavelength", "lamp_position=hg_ar", "dark_position=empty", bench=FULL
    )
    irradiance, _ = run_plan(folder, "calibrate_irradiance", bench=FULL)
    dark, _ = run_plan(folder, "calibrate_dark", bench=FULL)
    linear, _ = run_plan(folder, "calibrate_nonlinearity", "position=A2", bench=FULL)
    certificate = Path(folder) / "lamp.csv"
    certificate.write_text(white_lamp(), encoding="utf-8")
    _, result = run_plan(
        folder, "calibrate_spectral_response", f"certificate={certificate}", "lamp=light",
        "lamp_position=empty", "lamp_irradiance_mw_cm2=0.02", bench=FULL,
    )  # fmt: skip
    # This detector sees all colours alike: what is left is that pixels are not equally wide in nm.
    response = result["record"].table("response")
    axis, factor = (response[f"response_{name}"][0] for name in ("wavelength_nm", "factor"))
    per_photon = (factor * np.gradient(axis))[(axis >= 450) & (axis <= 650)]
    left = per_photon / np.mean(per_photon) - 1.0
    return [
        Row(id="P11", quantity="calibrate_wavelength, offset, nm",
            value=float(wavelength["offset_nm"]), target=0.0, tolerance=0.02),
        Row(id="P11", quantity="calibrate_irradiance, deviation, %",
            value=100 * float(irradiance["largest_deviation"]), target=0.0, tolerance=0.5),
        Row(id="P11", quantity="calibrate_dark, offset, counts",
            value=float(dark["offset_counts"]), target=1500.0, tolerance=2.0),
        Row(id="P11", quantity="calibrate_nonlinearity, deviation, %",
            value=100 * float(linear["largest_deviation"]), target=0.0, tolerance=1.0),
        Row(id="P11", quantity="calibrate_spectral_response, error of a pixel, %",
            value=100 * float(np.std(left)), target=0.0, tolerance=1.0),
    ]  # fmt: skip


PARTS = (
    assembly_rows,
    budget_rows,
    knob_rows,
    regrowth_rows,
    photostability_rows,
    reciprocity_rows,
    inner_filter_rows,
    quantum_yield_rows,
    titration_rows,
    power_rows,
    lifetime_rows,
    matrix_rows,
    calibration_rows,
)
