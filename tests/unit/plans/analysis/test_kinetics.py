"""Laws of change, lifetimes of a signal and activation energies with known answers."""

import numpy as np
import pytest

from plans.analysis.kinetics import arrhenius, fit_kinetics, photostability

MINUTES = np.linspace(0.0, 240.0, 240)
COURSES = {
    "first order": (1 - np.exp(-MINUTES / 50), np.log(2) * 50),
    "stretched exponential": (
        1 - np.exp(-((MINUTES / 50) ** 0.6)),
        50 * np.log(2) ** (1 / 0.6),
    ),
    "Avrami": (1 - np.exp(-((MINUTES / 100) ** 2)), 100 * np.sqrt(np.log(2))),
    "second order": (MINUTES / 30 / (1 + MINUTES / 30), 30.0),
}


def course(law, noise_nm=0.05, seed=0):
    return 515.7 + 4.0 * COURSES[law][0] + noise_nm * np.random.default_rng(seed).normal(size=240)


@pytest.mark.parametrize("law", COURSES)
def test_the_law_that_made_the_course_describes_it(law):
    result = fit_kinetics(MINUTES, course(law), signal_se=np.full(240, 0.05))
    fit = next(fit for fit in result.fits if fit.law == law)
    assert fit.aicc - result.best.aicc < 4.0
    assert fit.half == pytest.approx(COURSES[law][1], abs=4 * fit.half_se)
    assert fit.half_se < 0.1 * fit.half
    assert fit.chi2_red == pytest.approx(1.0, abs=0.3)
    assert fit.start == pytest.approx(515.7, abs=4 * fit.start_se)
    assert fit.change == pytest.approx(4.0, abs=4 * fit.change_se)
    assert fit.rate_se > 0.0


@pytest.mark.parametrize("law", ["stretched exponential", "Avrami", "second order"])
def test_laws_of_another_shape_are_told_apart(law):
    result = fit_kinetics(MINUTES, course(law))
    assert result.best.law == law
    assert result.flags == ()
    assert all(fit.bic - result.best.bic > 6 for fit in result.fits[1:])
    assert result.best.chi2_red is None


def test_the_exponents_are_recovered():
    stretched = fit_kinetics(MINUTES, course("stretched exponential")).best
    avrami = fit_kinetics(MINUTES, course("Avrami")).best
    assert stretched.exponent == pytest.approx(0.6, abs=4 * stretched.exponent_se)
    assert avrami.exponent == pytest.approx(2.0, abs=4 * avrami.exponent_se)
    assert avrami.exponent_se < 0.05


def test_first_order_and_its_generalisations_are_called_ambiguous_when_they_are():
    result = fit_kinetics(MINUTES, course("first order"))
    assert result.fits[0].aicc - result.fits[1].aicc > -2.0
    assert "ambiguous" in result.flags


def test_the_stated_error_of_the_half_dose_is_the_scatter_of_repeated_runs():
    dose = MINUTES * 1.2
    fits = [
        fit_kinetics(dose, course("first order", seed=seed), laws=["first order"]).best
        for seed in range(60)
    ]
    spread = np.std([fit.half for fit in fits])
    assert spread == pytest.approx(np.mean([fit.half_se for fit in fits]), rel=0.3)
    assert np.mean([fit.half for fit in fits]) == pytest.approx(1.2 * np.log(2) * 50, rel=0.01)


def test_a_course_that_was_stopped_early_says_that_its_end_was_not_seen():
    early = MINUTES < 40
    result = fit_kinetics(MINUTES[early], course("first order")[early], laws=["first order"])
    assert result.flags == ("end not seen",)
    assert result.best.half_se > 0.5


def test_noise_has_no_kinetics():
    rng = np.random.default_rng(3)
    found = [fit_kinetics(MINUTES, 515 + 0.05 * rng.normal(size=240)) for _ in range(20)]
    assert sum(result.best is not None for result in found) <= 1
    assert "no change" in found[0].reason


def test_a_falling_signal_has_a_negative_change():
    fit = fit_kinetics(MINUTES, -course("first order")).best
    assert fit.change == pytest.approx(-4.0, abs=0.1)


@pytest.mark.parametrize(
    ("x", "signal"),
    [
        ([], []),
        ([1, 2, 3], [1, 2, 3]),
        (MINUTES, MINUTES[:-1]),
        (MINUTES, np.full(240, np.nan)),
        (MINUTES, np.zeros(240)),
        (np.zeros(240), MINUTES),
        (-MINUTES, MINUTES),
        ("x", "y"),
    ],
)
def test_no_course_gives_a_reason_and_no_exception(x, signal):
    result = fit_kinetics(x, signal)
    assert result.best is None
    assert result.reason


def test_strange_courses_do_not_stop_the_run():
    for signal in (MINUTES, MINUTES**3, np.eye(240)[7], 1e20 * MINUTES, np.exp(-MINUTES)):
        result = fit_kinetics(MINUTES, signal)
        assert (result.best is None) == bool(result.reason)
    assert "uncertainty" in fit_kinetics(MINUTES, MINUTES, signal_se=0 * MINUTES).reason
    assert "no law" in fit_kinetics(MINUTES, MINUTES, laws=[]).reason


def test_t90_t80_and_t50_of_a_decay():
    signal = np.exp(-MINUTES / 100)
    t90, t80, t50 = photostability(MINUTES, signal)
    for found, level in ((t90, 0.9), (t80, 0.8), (t50, 0.5)):
        assert found.at == pytest.approx(-100 * np.log(level), abs=0.01)
        assert found.after < found.at < found.before
        assert found.before - found.after == pytest.approx(240 / 239)
        assert found.reason == ""


def test_what_was_not_reached_is_censored():
    t90, _, t50 = photostability(MINUTES, np.exp(-MINUTES / 1000))
    assert t90.at == pytest.approx(105.4, abs=0.1)
    assert t50.at is None
    assert t50.before is None
    assert t50.after == 240.0
    assert "not reached" in t50.reason


def test_the_ratio_of_two_stabilities_is_recovered():
    rng = np.random.default_rng(0)
    noisy = [np.exp(-MINUTES / life) + 0.01 * rng.normal(size=240) for life in (20.0, 200.0)]
    single, fused = (
        photostability(MINUTES, signal, levels=[0.5], initial=1.0, signal_se=0.01)[0]
        for signal in noisy
    )
    assert fused.at / single.at == pytest.approx(10.0, rel=0.1)
    assert fused.at_se > 0.0


def test_one_dark_frame_ends_nothing():
    signal = np.ones(20)
    signal[7] = 0.0
    assert photostability(np.arange(20), signal)[2].at is None
    last = photostability(np.arange(8), signal[:8])[2]
    assert last.at is None
    assert last.after == 6.0
    assert "only the last point" in last.reason


def test_what_starts_below_the_level_never_falls_below_it():
    found = photostability([0, 1, 2], [0.4, 0.3, 0.2], levels=[0.5], initial=1.0)[0]
    assert found.at is None
    assert "from the first on" in found.reason


def test_brightening_is_measured_from_the_start_unless_told():
    signal = np.concatenate([np.linspace(1, 1.2, 10), np.linspace(1.2, 0.6, 31)[1:]])
    x = np.arange(signal.size)
    from_start = photostability(x, signal, levels=[0.9])[0]
    from_top = photostability(x, signal, levels=[0.9], initial=1.2)[0]
    assert from_start.at == pytest.approx(24.0)
    assert from_top.at == pytest.approx(15.0)


@pytest.mark.parametrize(
    ("x", "signal"),
    [([], []), ([0], [1]), ([0, 1], [0, 0]), ([0, 1, 2], [-1, 2, 3]), ("a", "b"), ([0, 1], [1])],
)
def test_no_signal_has_no_stability(x, signal):
    for found in photostability(x, signal):
        assert found.at is None
        assert found.reason


def test_the_activation_energy_of_40_kj_mol_is_recovered():
    temperature_degc = np.array([10.0, 25.0, 40.0, 60.0])
    rate = 1e5 * np.exp(-40e3 / 8.314462618 / (temperature_degc + 273.15))
    noisy = rate * np.exp(0.03 * np.random.default_rng(0).normal(size=4))
    result = arrhenius(temperature_degc, noisy, rate_se=0.03 * rate)
    assert result.activation_kj_mol == pytest.approx(40.0, abs=3 * result.activation_kj_mol_se)
    assert result.activation_kj_mol_se == pytest.approx(0.65, abs=0.1)
    exact = arrhenius(temperature_degc, rate)
    assert exact.activation_kj_mol == pytest.approx(40.0)
    assert exact.log_prefactor == pytest.approx(np.log(1e5))
    assert exact.r2 == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("temperature", "rate"),
    [([], []), ([20, 30], [1, 2]), ([20, 20, 20], [1, 2, 3]), ([1, 2, 3], [1, -1, 0]), ("a", [1])],
)
def test_two_temperatures_have_no_activation_energy(temperature, rate):
    result = arrhenius(temperature, rate)
    assert result.activation_kj_mol is None
    assert result.reason


def test_rates_without_an_uncertainty_above_zero_are_refused():
    assert "uncertainty" in arrhenius([10, 20, 30], [1, 2, 3], rate_se=[0, 0, 0]).reason
