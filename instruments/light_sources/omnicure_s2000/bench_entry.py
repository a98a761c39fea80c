"""OmniCure S2000 in a bench file."""

from instruments.bench_file import Table
from instruments.light_sources.bench_table import read_channels
from instruments.light_sources.light_source import LightSource
from instruments.light_sources.omnicure_s2000.driver import CHANNELS, OmnicureS2000
from instruments.links import Link
from instruments.model import Model


def _build(name: str, link: Link, table: Table) -> LightSource:
    driver = OmnicureS2000(link)
    channels = read_channels(table, numbers=CHANNELS, full_level=driver.full_level, unit="%")
    return LightSource(name=name, driver=driver, channels=channels)


MODEL = Model(
    kind=LightSource,
    build=_build,
    baud_rate=19_200,
    read_termination="\r",
    write_termination="\r",
)
