"""Numato Lab USB relay module in a bench file."""

from instruments.bench_file import Table
from instruments.links import Link
from instruments.model import Model
from instruments.switches.numato_relay.driver import NumatoRelay
from instruments.switches.switch import Switch


def _build(name: str, link: Link, table: Table) -> Switch:
    relay = table.integer("relay", 0, minimum=0, maximum=31)
    return Switch(name=name, driver=NumatoRelay(link, relay=relay))


MODEL = Model(
    kind=Switch,
    build=_build,
    baud_rate=19200,
    read_termination=">",
    write_termination="\r",
    told_apart_by=("relay",),
)
