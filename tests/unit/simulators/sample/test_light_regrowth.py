"""The course of light-induced regrowth, against independent integration and known figures."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from simulators.sample import DARK

HOUR_S = 3600.0
HC_EV_NM = 1239.841984


def fused_after(sample, light, duration_s):
    sample.step(duration_s, light)
    return sample.populations.fused


def minutes_to_half_fused(sample, light, step_s=30.0, limit_s=24 * HOUR_S):
    before, elapsed_s = 0.0, 0.0
    while elapsed_s < limit_s:
        sample.step(step_s, light)
        elapsed_s += step_s
        fused = sample.populations.fused
        if fused >= 0.5:
            return (elapsed_s - step_s * (fused - 0.5) / (fused - before)) / 60.0
        before = fused
    return math.nan


@pytest.fixture(scope="module")
def course(sample_with, light, seen):
    """The reference run: 405 nm, 20 mW/cm2, 1 mM ligand, air, 4 h, a look every 3 min."""
    sample = sample_with()
    looks, truths = [seen(sample)], [sample.truth()]
    for _ in range(80):
        sample.step(180.0, light(20.0))
        looks.append(seen(sample))
        truths.append(sample.truth())
    return looks, truths


def test_the_reference_run_moves_the_peak_from_515_7_to_519_7_nm(course):
    looks, _ = course
    assert looks[0].peak_nm == pytest.approx(515.72, abs=0.05)
    assert looks[-1].peak_nm == pytest.approx(519.69, abs=0.05)


def test_the_reference_run_narrows_the_line(course):
    looks, _ = course
    assert looks[0].fwhm_nm == pytest.approx(19.1, abs=0.1)
    assert looks[-1].fwhm_nm == pytest.approx(17.7, abs=0.1)


def test_the_reference_run_brightens_before_it_fades(course):
    looks, _ = course
    area = np.array([each.area for each in looks]) / looks[0].area
    assert area.max() == pytest.approx(1.19, abs=0.02)
    assert 10 <= area.argmax() * 3 <= 20
    assert area[-1] == pytest.approx(0.91, abs=0.02)


def test_the_reference_run_ends_in_wires_and_degraded_material(course):
    _, truths = course
    end = truths[-1]
    assert end["m3"] == pytest.approx(0.602, abs=0.005)
    assert end["m4"] == pytest.approx(0.385, abs=0.005)
    assert end["mean_wire_length_nm"] == pytest.approx(91, abs=1)
    assert end["dose_j_cm2"] == pytest.approx(288.0, rel=1e-9)
    assert end["lit_s"] == pytest.approx(4 * HOUR_S)


def test_the_true_peaks_are_those_that_one_sees(course):
    looks, truths = course
    assert truths[0]["peak_dilute_nm"] == pytest.approx(515.0, abs=0.02)
    for look, truth in zip(looks, truths, strict=True):
        assert truth["peak_raw_nm"] == pytest.approx(look.peak_nm, abs=0.15)


def test_the_lifetime_grows_a_hundredfold_or_thirtyfold_depending_on_the_mean(course):
    _, truths = course
    assert truths[0]["lifetime_amplitude_ns"] == pytest.approx(4.5, abs=0.05)
    assert truths[0]["lifetime_intensity_ns"] == pytest.approx(4.5, abs=0.05)
    assert truths[-1]["lifetime_amplitude_ns"] == pytest.approx(167, rel=0.02)
    assert truths[-1]["lifetime_intensity_ns"] == pytest.approx(441, rel=0.01)


def test_in_inert_gas_nearly_everything_fuses(sample_with, light, seen):
    sample = sample_with(air=0.0)
    sample.step(4 * HOUR_S, light(20.0))
    assert sample.populations.fused == pytest.approx(0.915, abs=0.002)
    assert sample.populations.degraded == pytest.approx(0.045, abs=0.002)
    assert seen(sample).peak_nm == pytest.approx(519.97, abs=0.05)


def test_without_light_nothing_happens(sample_with, seen):
    sample = sample_with()
    before = seen(sample)
    sample.step(4 * HOUR_S, DARK)
    assert sample.populations.fused == 0.0
    assert seen(sample) == before


def independent_rates(sample, irradiance_mw_cm2, concentration_nm, ligand_mm, sticking):
    """The rate equations once more, from their definition, for one channel of 405 nm in air."""
    law, size_nm = sample.preparation.setting.material, sample.preparation.setting.size_nm
    energy_ev = HC_EV_NM / 405.0

    def shape(edge_ev):
        def band(e):
            rise = 1 + 2.33 * max((e - edge_ev) / (3.0996 - edge_ev), 0) ** 1.3
            sigmoid = 0.30 / (1 + math.exp(-(e - edge_ev - 0.03) / 0.03))
            return sigmoid * rise + 0.1 * math.exp(-0.5 * ((e - edge_ev) / 0.035) ** 2)

        return band(energy_ev) / band(3.0996)

    crystal_shape = shape(law.emission_ev(size_nm, 298.15) + 0.022 - 0.00175 * (size_nm - 12))
    full = 0.0242e6 * size_nm**3 * concentration_nm * 1e-9
    flux = irradiance_mw_cm2 * 1e-3 / (energy_ev * 1.602176634e-19)
    cross_section = 0.0242e6 * size_nm**3 * crystal_shape * math.log(10) * 1e3 / 6.02214076e23
    meet = sticking * 8 * 8.314462618 * 298.15 / (3 * 0.553e-3) * 1e3 * concentration_nm * 1e-9

    def rates(_, y):
        m1, ma, m3, _m4, n3, trap = y
        length = m3 / n3 if n3 > 1e-15 else 2.0
        diameter_nm = size_nm * (1 + 0.25 * math.log10(max(length, 1)))
        wire_shape = shape(law.emission_ev(diameter_nm, 298.15, 2) + 0.015)
        scatter = 0.06 * m3 * concentration_nm / 20 * (500 / 405) ** 3
        absorbance = full * ((m1 + ma) * crystal_shape + m3 * wire_shape) + scatter
        taken = (1 - 10**-absorbance) / (absorbance * math.log(10)) if absorbance > 1e-9 else 1.0
        g = flux * cross_section * taken
        activate, heal, lose = 1.5e-7 * g * m1, 2e-4 * ligand_mm * ma, 3e-8 * g
        return [
            heal - activate - lose * m1,
            activate - heal - 2 * meet * ma**2 - 2 * meet * ma * n3 - lose * ma,
            2 * meet * ma**2 + 2 * meet * ma * n3 - 0.1 * lose * m3,
            lose * (m1 + ma) + 0.1 * lose * m3,
            meet * ma**2 - 0.5 * meet * n3**2 - 0.1 * lose * n3,
            -1e-6 * g * (trap - 0.35),
        ]

    return rates


@pytest.mark.parametrize(
    ("irradiance_mw_cm2", "concentration_nm", "ligand_mm", "sticking"),
    [(20, 20, 1, 5e-6), (80, 20, 5, 5e-6), (2.5, 200, 0, 5e-6), (20, 5000, 1, 1e-3)],
)
def test_the_course_is_that_of_an_independent_stiff_integrator(
    sample_with, light, irradiance_mw_cm2, concentration_nm, ligand_mm, sticking
):
    sample = sample_with(concentration_nm=concentration_nm, ligand_mm=ligand_mm, sticking=sticking)
    rates = independent_rates(sample, irradiance_mw_cm2, concentration_nm, ligand_mm, sticking)
    sample.step(HOUR_S, light(irradiance_mw_cm2))
    reference = solve_ivp(
        rates, (0, HOUR_S), [1, 0, 0, 0, 0, 1], method="LSODA", rtol=1e-9, atol=1e-13
    )
    assert sample.populations[:6] == pytest.approx(reference.y[:, -1], rel=1e-5, abs=1e-9)


def fused_at_equal_dose(sample_with, light, dose_j_cm2=72.0, **changes):
    irradiances = (2.5, 5, 10, 20, 40, 80)
    fused = [
        fused_after(sample_with(**changes), light(each), dose_j_cm2 / (each * 1e-3))
        for each in irradiances
    ]
    best = irradiances[int(np.argmax(fused))]
    return (max(fused) - min(fused)) / max(fused), best


def test_reciprocity_holds_when_nothing_heals_and_fusion_is_fast(sample_with, light):
    spread, _ = fused_at_equal_dose(
        sample_with, light, ligand_mm=0.0, passivation_per_s_mm=0.0, sticking=1e-3
    )
    assert spread == pytest.approx(0.024, abs=0.003)


@pytest.mark.parametrize(("ligand_mm", "spread", "best"), [(1.0, 0.49, 5), (5.0, 0.43, 20)])
def test_reciprocity_breaks_when_ligand_heals(sample_with, light, ligand_mm, spread, best):
    found = fused_at_equal_dose(sample_with, light, ligand_mm=ligand_mm)
    assert found == (pytest.approx(spread, abs=0.01), best)


@pytest.mark.parametrize(
    ("ligand_mm", "minutes"), [(0, 48.6), (0.5, 52.1), (1, 56.0), (2, 64.8), (5, 100.7)]
)
def test_ligand_slows_the_regrowth(sample_with, light, ligand_mm, minutes):
    sample = sample_with(ligand_mm=ligand_mm, air=0.0)
    assert minutes_to_half_fused(sample, light(20.0)) == pytest.approx(minutes, abs=0.6)


@pytest.mark.parametrize(
    ("irradiance_mw_cm2", "minutes"), [(5, 197.3), (10, 101.2), (20, 56.0), (40, 33.2)]
)
def test_light_speeds_the_regrowth(sample_with, light, irradiance_mw_cm2, minutes):
    sample = sample_with(air=0.0)
    found = minutes_to_half_fused(sample, light(irradiance_mw_cm2))
    assert found == pytest.approx(minutes, abs=0.6)


def test_the_action_spectrum_follows_the_absorption(sample_with, light):
    fused = {
        nm: fused_after(sample_with(air=0.0), light(20.0, nm), 2400.0)
        for nm in (365, 405, 450, 530, 600)
    }
    assert fused[365] == pytest.approx(0.348, abs=0.002)
    assert fused[405] == pytest.approx(0.348, abs=0.002)
    assert fused[450] == pytest.approx(0.311, abs=0.002)
    assert 1e-4 < fused[530] < 2e-3
    assert fused[600] < 1e-9


def test_fusion_goes_on_in_the_dark_and_then_stops(sample_with, light):
    sample = sample_with()
    fused = [fused_after(sample, light(20.0), HOUR_S)]
    fused += [fused_after(sample, DARK, HOUR_S) for _ in range(3)]
    assert fused[0] == pytest.approx(0.442, abs=0.002)
    assert fused[1] == pytest.approx(0.532, abs=0.002)
    assert fused[2:] == pytest.approx([0.540, 0.540], abs=0.002)
    assert sample.ledger.dose_j_cm2 == pytest.approx(72.0)


def test_heat_heals_faster_and_shifts_the_line(sample_with, light, seen):
    cold, warm = sample_with(), sample_with(temperature_degc=60.0)
    assert seen(warm).peak_nm < seen(cold).peak_nm
    assert fused_after(warm, light(20.0), HOUR_S) < fused_after(cold, light(20.0), HOUR_S)


def test_two_lights_at_once_do_what_each_would_add(sample_with, light):
    both, double = sample_with(), sample_with()
    half = light(10.0).beams
    together = light(10.0)
    both.step(HOUR_S, type(together)(beams=half + half))
    double.step(HOUR_S, light(20.0))
    assert both.populations == pytest.approx(double.populations, rel=1e-6)
    assert both.ledger.dose_j_cm2 == pytest.approx(72.0)
