"""Thorlabs FW102C in a bench file."""

from instruments.bench_file import Table
from instruments.links import Link
from instruments.model import Model
from instruments.shutters.filter_wheel import FilterWheel
from instruments.shutters.thorlabs_fw102c.driver import ThorlabsFw102c


def _build(name: str, link: Link, table: Table) -> FilterWheel:
    numbers = table.table("filters").numbers(minimum=1, maximum=12)
    filters = {key: round(number) for key, number in numbers.items()}
    if filters != numbers:
        raise table.error(f"the positions of filters are whole numbers: {numbers}")
    if len(set(filters.values())) != len(filters):
        raise table.error(f"two filters have the same position: {filters}")
    return FilterWheel(
        name=name,
        driver=ThorlabsFw102c(link),
        filters=filters,
        settle_s=table.number("settle_s", 0.5, minimum=0, maximum=60),
    )


MODEL = Model(
    kind=FilterWheel,
    build=_build,
    baud_rate=115_200,
    read_termination="> ",
    write_termination="\r",
)
