"""Sartorius balances in a bench file."""

from instruments.balances.balance import Balance
from instruments.balances.bench_table import make_balance
from instruments.balances.sartorius_sbi.driver import SartoriusSbi
from instruments.bench_file import Table
from instruments.links import Link
from instruments.model import Model


def _build(name: str, link: Link, table: Table) -> Balance:
    return make_balance(name, SartoriusSbi(link), table)


MODEL = Model(
    kind=Balance,
    build=_build,
    baud_rate=9600,
    parity="odd",
    read_termination="\r\n",
    write_termination="\r\n",
)
