import inspect
from pathlib import Path
from typing import Annotated

import pytest
from bluesky.utils import Msg

from instruments.bench import load_bench
from instruments.light_sources import LightSource
from instruments.stages import Stage
from instruments.thermal import Thermostat
from plans.catalogue import PLANS
from plans.parameters import Quantity
from plans.queueing.described import plans_for_queue

DEMO = Path(__file__).parents[4] / "simulators" / "benches" / "demo.toml"


@pytest.fixture
def bench():
    return load_bench(DEMO)


def shine(
    light: LightSource,
    *,
    dose_j_cm2: Annotated[float, Quantity(help="dose", unit="J/cm²", minimum=1, maximum=50)] = 5.0,
    solvent: Annotated[str, Quantity(help="solvent", choices=("toluene", "hexane"))] = "toluene",
    target_nm: Annotated[float | None, Quantity(help="peak", unit="nm", minimum=450)] = None,
    wavelength_nm: Annotated[float, Quantity(help="light", choices=(365.0, 405.0))] = 405.0,
    stage: Stage | None = None,
    plate: Thermostat | None = None,
    md: dict | None = None,
):
    """Shine for a while."""
    yield Msg("null", light, dose_j_cm2, stage, plate, md)


def heat(plate: Thermostat):
    """Heat."""
    yield Msg("null", plate)


def annotation(plan, name):
    return plan._custom_parameter_annotation_["parameters"][name]


def test_ranges_choices_and_units_are_in_the_servers_words(bench):
    plan = plans_for_queue({"shine": shine}, bench)["shine"]
    assert annotation(plan, "dose_j_cm2") == {
        "description": "dose, J/cm²",
        "annotation": "float",
        "min": 1,
        "max": 50,
    }
    assert annotation(plan, "solvent")["enums"] == {"Choice_solvent": ["toluene", "hexane"]}
    assert annotation(plan, "target_nm")["annotation"] == "typing.Optional[float]"
    assert annotation(plan, "wavelength_nm")["max"] == 405.0
    assert plan._custom_parameter_annotation_["description"] == "Shine for a while."


def test_a_device_that_is_there_once_is_the_default(bench):
    plan = plans_for_queue({"shine": shine}, bench)["shine"]
    assert annotation(plan, "light")["devices"] == {"LightSources": ["light"]}
    assert annotation(plan, "stage")["default"] == "stage"
    assert annotation(plan, "plate")["annotation"] == "typing.Optional[str]"
    (message,) = plan()
    assert message.obj is bench["light"]
    assert message.args == (5.0, bench["stage"], None, None)


def test_devices_may_be_given_by_name(bench):
    plan = plans_for_queue({"shine": shine}, bench)["shine"]
    (message,) = plan(light="light", stage="stage", dose_j_cm2=2.0)
    assert message.obj is bench["light"]
    assert message.args[:2] == (2.0, bench["stage"])


def test_a_plan_without_its_device_is_not_offered(bench):
    assert plans_for_queue({"heat": heat, "shine": shine}, bench).keys() == {"shine"}


def test_what_is_offered_is_a_generator_function_that_needs_no_device(bench):
    for plan in plans_for_queue(PLANS, bench).values():
        assert inspect.isgeneratorfunction(plan)
        for parameter in inspect.signature(plan).parameters.values():
            assert parameter.default is not inspect.Parameter.empty
