"""The drivers send what the manuals say and understand what is answered."""

import dataclasses
import itertools
import tomllib
from pathlib import Path

import numpy as np
import pytest

from instruments import errors
from instruments.balances.mt_sics import MtSics
from instruments.balances.sartorius_sbi import SartoriusSbi
from instruments.bench_models import MODELS
from instruments.gas.alicat import AlicatMc
from instruments.light_sources.coolled_pe300 import CoolledPe300
from instruments.light_sources.coolled_pe4000 import CoolledPe4000
from instruments.light_sources.omnicure_s2000 import OmnicureS2000
from instruments.light_sources.thorlabs_dc2100 import ThorlabsDc2100
from instruments.light_sources.thorlabs_dc2200 import ThorlabsDc2200
from instruments.light_sources.thorlabs_dc4100 import ThorlabsDc4100
from instruments.links import ScriptedLink
from instruments.power_meters.thorlabs_pm100 import ThorlabsPm100
from instruments.pumps.harvard_ultra import HarvardUltra
from instruments.pumps.ne1000 import Ne1000
from instruments.shutters.thorlabs_fw102c import ThorlabsFw102c
from instruments.shutters.thorlabs_sc10 import ThorlabsSc10
from instruments.spectrometers.ocean_hdx import OceanHdx
from instruments.spectrometers.ocean_qepro import OceanQePro
from instruments.spectrometers.ocean_usb import OceanUsb
from instruments.stages.newport_esp301 import Esp301
from instruments.stages.zaber_ascii import ZaberStage
from instruments.switches.numato_relay import NumatoRelay
from instruments.thermal.ika_plate import IkaPlate

TRANSCRIPTS = Path(__file__).parent.parent / "transcripts"
OBP_FOOTER = bytes.fromhex("c5c4c3c2")


class StageAndAxis:
    """Both objects of a stage driver under one name."""

    def __getattr__(self, name):
        return getattr(self.axis if hasattr(self.axis, name) else self.stage, name)


class EspAndAxis(StageAndAxis):
    def __init__(self, link):
        self.stage = Esp301(link)
        self.axis = self.stage.add_axis(1, name="x", limits_mm=(0.0, 100.0))


class ZaberAndAxis(StageAndAxis):
    """With the message ids of the session."""

    def __init__(self, link):
        self.stage = ZaberStage(link)
        self.axis = self.stage.add_axis(
            1, name="x", microstep_um=0.49609375, limits_mm=(0.0, 100.0)
        )

    def begin(self, first_bytes):
        self.stage._message_id = int(first_bytes.split()[2].split(b":")[0])


DRIVERS = {
    "alicat-mc": AlicatMc,
    "coolled-pe300": CoolledPe300,
    "coolled-pe4000": CoolledPe4000,
    "ika-plate": IkaPlate,
    "mt-sics": MtSics,
    "harvard-ultra": HarvardUltra,
    "newera-ne1000": Ne1000,
    "newport-esp301": EspAndAxis,
    "ocean-flame": OceanUsb,
    "ocean-hdx": OceanHdx,
    "omnicure-s2000": OmnicureS2000,
    "ocean-qepro": OceanQePro,
    "ocean-usb2000plus": OceanUsb,
    "numato-relay": NumatoRelay,
    "sartorius-sbi": SartoriusSbi,
    "thorlabs-dc2100": ThorlabsDc2100,
    "thorlabs-dc2200": ThorlabsDc2200,
    "thorlabs-dc4100": ThorlabsDc4100,
    "thorlabs-fw102c": ThorlabsFw102c,
    "thorlabs-pm100d": ThorlabsPm100,
    "thorlabs-pm100d2": ThorlabsPm100,
    "thorlabs-sc10": ThorlabsSc10,
    "zaber-ascii": ZaberAndAxis,
}


def session(model):
    with (TRANSCRIPTS / f"{model}.toml").open("rb") as file:
        return tomllib.load(file)["exchange"]


def calls(model):
    """Return the exchanges of each driver call."""
    groups = []
    for exchange in session(model):
        if "driver" in exchange:
            groups.append([exchange])
        elif exchange.get("continued"):
            groups[-1].append(exchange)
    return groups


def sent(exchange):
    if "send_hex" in exchange:
        return bytes.fromhex(exchange["send_hex"])
    return exchange["send"].encode("latin-1")


def replied(exchange):
    if "reply_hex" in exchange:
        return bytes.fromhex(exchange["reply_hex"])
    if "reply_length" in exchange:  # a spectrum, of which only the header is quoted
        start = bytes.fromhex(exchange["reply_starts_hex"])
        end = bytes.fromhex(exchange.get("reply_ends_hex", OBP_FOOTER.hex()))
        return start.ljust(exchange["reply_length"] - len(end), b"\0") + end
    return exchange["reply"].encode("latin-1")


def scripted(model, exchanges):
    about = MODELS[model]
    return ScriptedLink(
        [(sent(exchange), replied(exchange)) for exchange in exchanges],
        name=model,
        read_termination=about.read_termination,
        write_termination=about.write_termination,
        timeout_s=0.2,
    )


def plain(value):
    if dataclasses.is_dataclass(value):
        value = list(vars(value).values())
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value


def cases():
    for model in DRIVERS:
        for number, exchanges in enumerate(calls(model)):
            call = exchanges[0]["driver"]["call"].lstrip("_")
            yield pytest.param(model, exchanges, id=f"{model}-{number}-{call}")


@pytest.mark.parametrize("model", DRIVERS)
def test_every_model_has_a_transcript_that_its_driver_follows(model):
    assert model in MODELS
    assert len(calls(model)) >= 6


def test_every_model_of_a_bench_file_is_held_against_a_manual():
    assert set(MODELS) == set(DRIVERS)


@pytest.mark.parametrize(("model", "exchanges"), list(cases()))
def test_the_driver_sends_and_understands_what_the_manual_says(model, exchanges):
    link = scripted(model, exchanges)
    driver = DRIVERS[model](link)
    if hasattr(driver, "begin"):
        driver.begin(sent(exchanges[0]))
    if hasattr(driver, "_diameter_mm"):  # the syringe of the session
        driver._diameter_mm = 14.43
    if hasattr(driver, "_count"):  # the wheel of the session
        driver._count = None if b"pcount" in sent(exchanges[0]) else 6
    wanted = exchanges[0]["driver"]
    if model.startswith("thorlabs-pm100") and wanted["call"] == "set_wavelength_nm":
        driver._wavelength_limits_nm = (200.0, 1100.0)  # asked for earlier in the session
    method = getattr(driver, wanted["call"])
    if "raises" in wanted:
        with pytest.raises(getattr(errors, wanted["raises"])):
            method(*wanted.get("args", []))
    else:
        value = plain(method(*wanted.get("args", [])))
        if "value" in wanted:
            assert value == wanted["value"]
    link.assert_finished()


@pytest.mark.parametrize("model", DRIVERS)
def test_the_order_of_the_exchanges_of_one_call_is_unbroken(model):
    for before, exchange in itertools.pairwise(session(model)):
        if exchange.get("continued"):
            assert "driver" in before or before.get("continued")
