"""Ocean USB2000+ and Flame-S in a bench file."""

from instruments.bench_file import Table
from instruments.links import Link
from instruments.model import Model
from instruments.spectrometers.bench_table import discards, settings
from instruments.spectrometers.ocean_usb.driver import OceanUsb
from instruments.spectrometers.spectrometer import Spectrometer


def _build(name: str, link: Link, table: Table) -> Spectrometer:
    driver = OceanUsb(link, discard_after_change=discards(table))
    return Spectrometer(name=name, driver=driver, **settings(table, driver.integration_limits_s))


MODEL = Model(kind=Spectrometer, build=_build)
