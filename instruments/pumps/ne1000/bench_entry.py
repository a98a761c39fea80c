"""New Era NE-1000 in a bench file."""

from instruments.bench_file import Table
from instruments.links import Link
from instruments.model import Model
from instruments.pumps.bench_table import read_account_file, read_syringe
from instruments.pumps.ne1000.driver import SPEEDS_CM_MIN, Ne1000
from instruments.pumps.syringe_pump import SyringePump

_DEAD_MAN_S = 30  # a dispense asks the pump every 2 s and waits 10 s for a line that is away


def _build(name: str, link: Link, table: Table) -> SyringePump:
    slowest_cm_min, fastest_cm_min = SPEEDS_CM_MIN
    driver = Ne1000(
        link,
        pump_address=table.integer("pump_address", 0, minimum=0, maximum=99),
        speeds_cm_min=(
            table.number("slowest_cm_h", slowest_cm_min * 60, minimum=1e-6, maximum=10) / 60,
            table.number("fastest_cm_min", fastest_cm_min, minimum=0.1, maximum=100),
        ),
        dead_man_s=table.integer("dead_man_s", _DEAD_MAN_S, minimum=0, maximum=255),
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
    baud_rate=19_200,
    read_termination="\x03",
    write_termination="\r",
    told_apart_by=("pump_address",),
)
