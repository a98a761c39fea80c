"""A drop is dry when its mass, or the area of its PL, stands after it has fallen."""

import numpy as np
import pytest

from plans.analysis.dryness import DryRule


def first_met(rule, quantity, *, until_s=10_000, step_s=10.0):
    for time_s in np.arange(0.0, until_s, step_s):
        if rule.update(float(time_s), float(quantity(time_s))).met:
            return time_s
    return None


def drying(time_s):
    return 0.05 + max(0.0, 1.0 - time_s / 1800.0)


def test_it_is_met_the_hold_time_after_the_end():
    rule = DryRule(hold_s=600.0)
    met = first_met(rule, drying)
    assert met == pytest.approx(1800 + 300 + 600, abs=60)
    assert rule.since_s == pytest.approx(met - 600, abs=20)


def test_what_has_not_changed_is_not_dry():
    rule = DryRule(hold_s=0.0)
    assert first_met(rule, lambda time_s: 1.0) is None
    assert rule.update(1e5, 1.0).text == "nothing has changed yet"


def test_a_missing_value_is_passed_over():
    rule = DryRule(hold_s=0.0)
    assert not rule.update(0.0, float("nan")).met
    assert first_met(rule, drying) is not None


def test_a_rise_after_a_rest_begins_the_hold_anew():
    rule = DryRule(hold_s=600.0)
    assert first_met(rule, lambda t: drying(t) + (0.3 if t > 2300 else 0.0)) > 2800
