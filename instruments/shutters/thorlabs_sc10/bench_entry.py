"""Thorlabs SC10 in a bench file."""

from instruments.bench_file import Table
from instruments.links import Link
from instruments.model import Model
from instruments.shutters.shutter import Shutter
from instruments.shutters.thorlabs_sc10.driver import ThorlabsSc10


def _build(name: str, link: Link, table: Table) -> Shutter:
    return Shutter(name=name, driver=ThorlabsSc10(link))


MODEL = Model(
    kind=Shutter,
    build=_build,
    baud_rate=9600,
    read_termination="> ",
    write_termination="\r",
)
