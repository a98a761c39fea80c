"""Newport ESP301 in a bench file."""

from instruments.bench_file import Table
from instruments.links import Link
from instruments.model import Model
from instruments.stages.bench_table import axis_tables, read_places
from instruments.stages.newport_esp301.driver import Esp301
from instruments.stages.stage import Stage, make_stage


def _build(name: str, link: Link, table: Table) -> Stage:
    driver = Esp301(link)
    axes = {}
    for axis_name, limits_mm, part in axis_tables(table):
        axes[axis_name] = driver.add_axis(
            part.integer("number", minimum=1, maximum=3),
            name=axis_name,
            limits_mm=limits_mm,
            in_position_mm=part.number("in_position_um", 1.0, minimum=0.01, maximum=1e3) * 1e-3,
            home_mode=part.integer("home_mode", 1, minimum=0, maximum=6),
        )
    places = read_places(table, axes)
    return make_stage(name=name, driver=driver, axes=axes, places=places)


MODEL = Model(
    kind=Stage,
    build=_build,
    baud_rate=19_200,
    flow_control="rts-cts",
    read_termination="\r\n",
    write_termination="\r",
)
