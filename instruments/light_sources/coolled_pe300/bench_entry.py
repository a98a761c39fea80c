"""CoolLED pE-300 in a bench file."""

from instruments.bench_file import Table
from instruments.light_sources.bench_table import read_channels
from instruments.light_sources.coolled_pe300.driver import CHANNELS, CoolledPe300
from instruments.light_sources.light_source import LightSource
from instruments.links import Link
from instruments.model import Model


def _build(name: str, link: Link, table: Table) -> LightSource:
    driver = CoolledPe300(link)
    channels = read_channels(table, numbers=CHANNELS, full_level=driver.full_level, unit="%")
    return LightSource(name=name, driver=driver, channels=channels)


MODEL = Model(
    kind=LightSource,
    build=_build,
    baud_rate=57_600,
    read_termination="\r\n",
    write_termination="\r",
)
