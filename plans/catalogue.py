"""The plans that come with the project, by name."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from instruments.errors import InstrumentError
from plans.checks import check_disk
from plans.experiments.action_spectrum import ActionSpectrum
from plans.experiments.base import Experiment, describe, plan_of
from plans.experiments.calibrate_detector import CalibrateDark, CalibrateNonlinearity
from plans.experiments.calibrate_irradiance import CalibrateIrradiance
from plans.experiments.calibrate_spectrum import CalibrateSpectralResponse, CalibrateWavelength
from plans.experiments.co_assembly import CoAssembly
from plans.experiments.condition_matrix import ConditionMatrix
from plans.experiments.dose_reciprocity import DoseReciprocity
from plans.experiments.evaporation_assembly import EvaporationAssembly
from plans.experiments.ife_check import IfeCheck
from plans.experiments.interface_nanoplates import InterfaceNanoplates
from plans.experiments.led_lifetime import LedLifetime
from plans.experiments.lifetime_series import LifetimeSeries
from plans.experiments.light_regrowth import LightRegrowth
from plans.experiments.map_scan import MapScan
from plans.experiments.optimise import Optimise
from plans.experiments.plqy_relative import PlqyRelative
from plans.experiments.power_series import PowerSeries
from plans.experiments.thermal_regrowth import ThermalRegrowth
from plans.experiments.titration import AntisolventTitration, LigandTitration
from plans.experiments.ultrasonication_assembly import UltrasonicationAssembly
from plans.experiments.uv_photostability import UvPhotostability
from plans.experiments.water_stability import WaterStability
from plans.parameters import ParameterError, check_values
from plans.preflight import Check

_ALL: tuple[type[Experiment[Any]], ...] = (
    LightRegrowth,
    EvaporationAssembly,
    ThermalRegrowth,
    UltrasonicationAssembly,
    CoAssembly,
    InterfaceNanoplates,
    UvPhotostability,
    WaterStability,
    MapScan,
    ConditionMatrix,
    Optimise,
    IfeCheck,
    DoseReciprocity,
    ActionSpectrum,
    LigandTitration,
    AntisolventTitration,
    PowerSeries,
    LifetimeSeries,
    LedLifetime,
    PlqyRelative,
    CalibrateDark,
    CalibrateWavelength,
    CalibrateIrradiance,
    CalibrateNonlinearity,
    CalibrateSpectralResponse,
)
EXPERIMENTS = {experiment.plan_name(): experiment for experiment in _ALL}
PLANS: dict[str, Callable[..., Any]] = {
    name: plan_of(experiment) for name, experiment in EXPERIMENTS.items()
}


def find_plan(name: str) -> Callable[..., Any]:
    """Return a plan by name.

    Raises:
        ParameterError: If there is none; the message lists what there is.
    """
    if name not in PLANS:
        raise ParameterError(f"there is no plan {name!r}; there are {', '.join(sorted(PLANS))}")
    return PLANS[name]


def make_experiment(
    name: str, devices: Mapping[str, Any], values: Mapping[str, Any]
) -> Experiment[Any]:
    """Return an experiment with its parameters, nothing checked but their names.

    Args:
        name: Name of the plan.
        devices: Devices by parameter; None where there is none.
        values: The other parameters by name.

    Raises:
        ParameterError: An unknown plan or parameter, or a device that it cannot do without.
    """
    find_plan(name)
    description = describe(EXPERIMENTS[name])
    for given in (*devices, *values):
        description.parameter(given)
    missing = [d.name for d in description.devices if d.required and devices.get(d.name) is None]
    if missing:
        raise ParameterError(f"{name}: cannot do without {', '.join(missing)}")
    return EXPERIMENTS[name](**devices, **values)


def check_plan(
    name: str,
    devices: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    runs_folder: Path | None = None,
) -> list[Check]:
    """Return the preflight table of a plan without running anything.

    It reads instruments (what is left in a syringe, whether a stage is homed) and sets nothing.

    Args:
        name: Name of the plan.
        devices: Devices by parameter; None where there is none.
        values: The other parameters by name.
        runs_folder: Where the run will be written, to see whether the disk has room for it.

    Returns:
        One line a check; also what cannot be read or is no parameter is a line, a refusal.
    """
    try:
        experiment = make_experiment(name, devices, values)
        check_values(describe(type(experiment)), values)
        checks = experiment.preflight()
    except (ParameterError, InstrumentError) as error:
        return [Check(name="parameters", verdict="refused", detail=str(error))]
    if runs_folder is not None:
        checks.append(check_disk(runs_folder, experiment.disk_bytes()))
    return checks


def estimate_s(name: str, devices: Mapping[str, Any], values: Mapping[str, Any]) -> float | None:
    """Return the longest time that a plan can take, s; None when it cannot be made.

    Args:
        name: Name of the plan.
        devices: Devices by parameter.
        values: The other parameters by name.
    """
    try:
        return make_experiment(name, devices, values).duration_s()
    except ParameterError:
        return None
