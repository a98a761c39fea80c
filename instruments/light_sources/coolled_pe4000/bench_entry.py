"""CoolLED pE-4000 in a bench file."""

from instruments.bench_file import Table
from instruments.light_sources.bench_table import read_channels
from instruments.light_sources.coolled_pe4000.driver import CHANNELS, CoolledPe4000
from instruments.light_sources.light_source import LightSource
from instruments.links import Link
from instruments.model import Model


def _build(name: str, link: Link, table: Table) -> LightSource:
    channels = read_channels(table, numbers=CHANNELS, full_level=CoolledPe4000.full_level, unit="%")
    driver = CoolledPe4000(link, wavelengths_nm={c.number: c.wavelength_nm for c in channels})
    return LightSource(name=name, driver=driver, channels=channels)


MODEL = Model(
    kind=LightSource,
    build=_build,
    baud_rate=57_600,
    read_termination="\r\n",
    write_termination="\r",
)
