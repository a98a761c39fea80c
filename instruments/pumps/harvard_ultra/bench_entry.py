"""Harvard PHD Ultra, Pump 11 Elite and KDS Legato in a bench file."""

from instruments.bench_file import Table
from instruments.links import Link
from instruments.model import Model
from instruments.pumps.bench_table import read_account_file, read_syringe
from instruments.pumps.harvard_ultra.driver import HarvardUltra
from instruments.pumps.syringe_pump import SyringePump


def _build(name: str, link: Link, table: Table) -> SyringePump:
    force_percent = None
    if "force_percent" in table:
        force_percent = table.integer("force_percent", minimum=1, maximum=100)
    driver = HarvardUltra(
        link,
        pump_address=table.integer("pump_address", 0, minimum=0, maximum=99),
        force_percent=force_percent,
    )
    return SyringePump(
        name=name,
        driver=driver,
        syringe=read_syringe(table),
        account_file=read_account_file(table),
    )


MODEL = Model(
    kind=SyringePump,
    build=_build,
    baud_rate=115_200,
    read_termination="\x11",
    write_termination="\r\n",
    told_apart_by=("pump_address",),
)
