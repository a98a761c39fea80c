"""Thorlabs DC2200 in a bench file."""

from instruments.bench_file import Table
from instruments.light_sources.bench_table import read_channels
from instruments.light_sources.light_source import LightSource
from instruments.light_sources.thorlabs_dc2200.driver import CHANNELS, ThorlabsDc2200
from instruments.links import Link
from instruments.model import Model


def _build(name: str, link: Link, table: Table) -> LightSource:
    driver = ThorlabsDc2200(link)
    channels = read_channels(table, numbers=CHANNELS, full_level=driver.full_level)
    return LightSource(name=name, driver=driver, channels=channels)


MODEL = Model(
    kind=LightSource,
    build=_build,
    baud_rate=115_200,
    read_termination="\n",
    write_termination="\n",
)
