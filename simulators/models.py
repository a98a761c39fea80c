"""The simulators by the model that a bench file names."""

from collections.abc import Callable, Mapping
from typing import Any

from simulators import (
    alicat_mc,
    coolled_pe,
    harvard_ultra,
    ika_plate,
    mt_sics,
    newera_ne1000,
    newport_esp301,
    numato_relay,
    ocean_hdx,
    ocean_ooi,
    ocean_qepro,
    omnicure_s2000,
    sartorius_sbi,
    thorlabs_dc2100,
    thorlabs_dc2200,
    thorlabs_dc4100,
    thorlabs_fw102c,
    thorlabs_pm100,
    thorlabs_sc10,
    zaber_chain,
)
from simulators.instrument import Instrument, World

Builder = Callable[[Mapping[str, Any], World], Instrument]

MODELS: Mapping[str, Builder] = {
    "ocean-hdx": ocean_hdx.from_table,
    "ocean-usb2000plus": ocean_ooi.from_usb2000plus_table,
    "ocean-flame": ocean_ooi.from_flame_table,
    "ocean-qepro": ocean_qepro.from_table,
    "thorlabs-dc4100": thorlabs_dc4100.from_table,
    "thorlabs-dc2100": thorlabs_dc2100.from_table,
    "thorlabs-dc2200": thorlabs_dc2200.from_table,
    "coolled-pe300": coolled_pe.pe300_from_table,
    "coolled-pe4000": coolled_pe.pe4000_from_table,
    "omnicure-s2000": omnicure_s2000.from_table,
    "newera-ne1000": newera_ne1000.from_table,
    "harvard-ultra": harvard_ultra.from_table,
    "zaber-ascii": zaber_chain.from_table,
    "newport-esp301": newport_esp301.from_table,
    "thorlabs-pm100d": thorlabs_pm100.from_table,
    "thorlabs-pm100d2": thorlabs_pm100.pm100d2_from_table,
    "ika-plate": ika_plate.from_table,
    "mt-sics": mt_sics.from_table,
    "sartorius-sbi": sartorius_sbi.from_table,
    "thorlabs-sc10": thorlabs_sc10.from_table,
    "thorlabs-fw102c": thorlabs_fw102c.from_table,
    "alicat-mc": alicat_mc.from_table,
    "numato-relay": numato_relay.from_table,
}
"""Builders of the simulators by the model that the bench file names."""
