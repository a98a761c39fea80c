"""The fault campaign, bounded: each fault hits one exchange of each order of each driver.

``make driver-campaign`` hits every exchange.
"""

import pytest

from instruments.bench_models import MODELS
from tests.driver_campaign.campaign import exchanges_to_hit, run_model
from tests.driver_campaign.reference import Failure, Reference, between
from tests.driver_campaign.rig import BENCHES
from tests.driver_campaign.scenarios import scenarios_of


def entries():
    for model in MODELS:
        for scenario in scenarios_of(MODELS[model].kind):
            yield pytest.param(
                model, scenario.name, id=f"{model}-{scenario.name.replace(' ', '-')}"
            )


@pytest.mark.parametrize(("model", "order"), list(entries()))
def test_every_fault_ends_in_an_error_or_in_a_correct_value(model, order):
    results = list(run_model(model, most=1, only=lambda name: name == order))
    assert results
    failed = [
        f"{result.fault} at {result.exchange}: {result.outcome} {result.detail}"
        for result in results
        if not result.passed
    ]
    assert not failed, failed


def test_the_campaign_takes_every_model_of_a_bench_file():
    assert {path.stem for path in BENCHES.glob("*.toml")} >= set(MODELS)


def test_a_fault_hits_the_first_and_the_last_exchange():
    assert exchanges_to_hit(3, 5) == [0, 1, 2]
    assert exchanges_to_hit(9, 2) == [0, 8]
    assert exchanges_to_hit(9, 3) == [0, 4, 8]
    assert exchanges_to_hit(0, 3) == []
    assert exchanges_to_hit(4, 1, nth=6) == [2]


def test_the_campaign_sees_a_wrong_value():
    reference = Reference(
        before={"x": 0.0, "name": "a", "x_fault": ""},
        after={"x": 10.0, "name": "b", "x_fault": ""},
        rest={"x": 0.0, "name": "c", "x_fault": ""},
        volatile=frozenset(),
        exchanges=1,
        settles_s=0.0,
    )
    reference.check({"x": 5.0, "name": "c", "x_fault": "any words"})
    for wrong in ({"x": 11.0}, {"x": float("nan")}, {"name": "d"}):
        with pytest.raises(Failure, match="WRONG VALUE"):
            reference.check(wrong)
    with pytest.raises(Failure, match="WRONG VALUE"):
        reference.check_done({"x": 5.0})
    assert between(2, 1, 3)
    assert not between("2", "1", "3")
