"""Builds each simulator in the state that a transcript starts from."""

import tomllib
from pathlib import Path

from simulators.alicat_mc import AlicatMC
from simulators.coolled_pe import CoolLedPE
from simulators.harvard_ultra import HarvardUltra
from simulators.ika_plate import IkaPlate
from simulators.models import MODELS as SIMULATED
from simulators.mt_sics import MettlerBalance
from simulators.newera_ne1000 import NewEraNE1000
from simulators.newera_plunger import Syringe
from simulators.newport_axis import AxisTable as NewportAxisTable
from simulators.newport_esp301 import NewportESP301
from simulators.numato_relay import NumatoRelay
from simulators.ocean_hdx import OceanHDX
from simulators.ocean_ooi import FLAME_S, OceanOoi
from simulators.ocean_qepro import OceanQePro
from simulators.omnicure_s2000 import OmniCureS2000
from simulators.sartorius_sbi import SartoriusBalance
from simulators.thorlabs_dc2100 import ThorlabsDC2100
from simulators.thorlabs_dc2200 import ThorlabsDC2200
from simulators.thorlabs_dc4100 import LedHead, ThorlabsDC4100
from simulators.thorlabs_fw102c import ThorlabsFW102C
from simulators.thorlabs_pm100 import PM100D2, ThorlabsPM100D
from simulators.thorlabs_sc10 import ThorlabsSC10
from simulators.zaber_ascii import ZaberStage
from simulators.zaber_axis import AxisTable
from tests.unit.simulators.fake_world import FakeWorld

TRANSCRIPTS = Path(__file__).parents[2] / "transcripts"
MODELS = tuple(SIMULATED)


def transcript(model):
    with (TRANSCRIPTS / f"{model}.toml").open("rb") as file:
        return tomllib.load(file)


def simulator(model, world=None, initial=None):
    """Return a simulator that has just been switched on at 1000 s."""
    initial = dict(transcript(model)["initial"] if initial is None else initial)
    world = world or FakeWorld(
        power_w=initial.pop("power_w", 0.0), pan_g=initial.pop("mass_g", 0.0)
    )
    instrument = _BUILDERS[model](world, initial)
    instrument.power_cycle(1000.0)
    return instrument


def _hdx(world, initial):
    initial.pop("hardware_revision", None)
    initial.pop("nonlinearity_coefficients", None)
    return OceanHDX(world, **initial)


def _dc4100(world, initial):
    heads = [LedHead(**head) for head in initial.pop("head")]
    return ThorlabsDC4100(world, heads=heads, **initial)


def _zaber(world, initial):
    axes = [AxisTable(**axis) for axis in initial.pop("axis")]
    return ZaberStage(world, axes=axes, **initial)


def _esp301(world, initial):
    axes = [NewportAxisTable(**axis) for axis in initial.pop("axis")]
    return NewportESP301(world, axes=axes, **initial)


def _ne1000(world, initial):
    return NewEraNE1000(world, syringe=Syringe(), **initial)


_BUILDERS = {
    "ocean-hdx": _hdx,
    "ocean-usb2000plus": lambda world, initial: OceanOoi(world, **initial),
    "ocean-flame": lambda world, initial: OceanOoi(world, model=FLAME_S, **initial),
    "ocean-qepro": lambda world, initial: OceanQePro(world, **initial),
    "thorlabs-dc4100": _dc4100,
    "thorlabs-dc2100": lambda world, initial: ThorlabsDC2100(world, **initial),
    "thorlabs-dc2200": lambda world, initial: ThorlabsDC2200(world, **initial),
    "coolled-pe300": lambda world, initial: CoolLedPE(world, **initial),
    "coolled-pe4000": lambda world, initial: CoolLedPE(world, **initial),
    "omnicure-s2000": lambda world, initial: OmniCureS2000(world, **initial),
    "alicat-mc": lambda world, initial: AlicatMC(world, **initial),
    "newera-ne1000": _ne1000,
    "harvard-ultra": lambda world, initial: HarvardUltra(world, **initial),
    "zaber-ascii": _zaber,
    "newport-esp301": _esp301,
    "thorlabs-pm100d": lambda world, initial: ThorlabsPM100D(world, **initial),
    "thorlabs-pm100d2": lambda world, initial: ThorlabsPM100D(world, dialect=PM100D2, **initial),
    "ika-plate": lambda world, initial: IkaPlate(world, **initial),
    "mt-sics": lambda world, initial: MettlerBalance(world, **initial),
    "sartorius-sbi": lambda world, initial: SartoriusBalance(world, **initial),
    "numato-relay": lambda world, initial: NumatoRelay(world, **initial),
    "thorlabs-sc10": lambda world, initial: ThorlabsSC10(world, **initial),
    "thorlabs-fw102c": lambda world, initial: ThorlabsFW102C(world, **initial),
}
