"""Zaber ASCII stages in a bench file."""

from instruments.bench_file import Table
from instruments.links import Link
from instruments.model import Model
from instruments.stages.bench_table import axis_tables, read_places
from instruments.stages.stage import Stage, make_stage
from instruments.stages.zaber_ascii.driver import ZaberStage


def _build(name: str, link: Link, table: Table) -> Stage:
    device_number = table.integer("device_number", 1, minimum=1, maximum=99)
    driver = ZaberStage(link, device_number=device_number)
    axes = {}
    for axis_name, limits_mm, part in axis_tables(table):
        axes[axis_name] = driver.add_axis(
            part.integer("number", minimum=1, maximum=9),
            device=part.integer("device_number", device_number, minimum=1, maximum=99),
            name=axis_name,
            microstep_um=part.number("microstep_um", minimum=1e-6, maximum=1e3),
            limits_mm=limits_mm,
        )
    places = read_places(table, axes)
    return make_stage(name=name, driver=driver, axes=axes, places=places)


MODEL = Model(
    kind=Stage,
    build=_build,
    baud_rate=115_200,
    read_termination="\n",
    write_termination="\n",
    told_apart_by=("device_number",),
)
