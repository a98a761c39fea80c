"""Zaber ASCII stages in a bench file."""

from instruments.bench_file import Table
from instruments.links import Link
from instruments.model import Model
from instruments.stages.stage import Stage, make_stage
from instruments.stages.zaber_ascii.driver import ZaberStage

_LONG_MM = 10_000.0


def _build(name: str, link: Link, table: Table) -> Stage:
    driver = ZaberStage(
        link, device_number=table.integer("device_number", 1, minimum=1, maximum=99)
    )
    axes = {}
    for part in table.tables("axis"):
        axis_name = part.text("name")
        low_mm = part.number("minimum_mm", minimum=-_LONG_MM, maximum=_LONG_MM)
        # The names of the axes become attributes of the stage.
        if not axis_name.isidentifier() or hasattr(Stage, axis_name) or axis_name in axes:
            raise part.error(f"name {axis_name!r} is taken or is no name; x, y and z are good ones")
        axes[axis_name] = driver.add_axis(
            part.integer("number", minimum=1, maximum=9),
            name=axis_name,
            microstep_um=part.number("microstep_um", minimum=1e-6, maximum=1e3),
            limits_mm=(low_mm, part.number("maximum_mm", minimum=low_mm, maximum=_LONG_MM)),
        )
        part.finish()
    positions = {
        position: coordinates.numbers(minimum=-_LONG_MM, maximum=_LONG_MM)
        for position, coordinates in table.table("positions").items()
    }
    for position, coordinates in positions.items():
        for axis_name, position_mm in coordinates.items():
            if axis_name not in axes:
                raise table.error(
                    f"position {position!r} names axis {axis_name!r}; there is no such"
                )
            low_mm, high_mm = axes[axis_name].limits_mm
            if not low_mm <= position_mm <= high_mm:
                raise table.error(
                    f"position {position!r} is at {axis_name} = {position_mm:g} mm, outside "
                    f"{low_mm:g} to {high_mm:g} mm"
                )
    return make_stage(name=name, driver=driver, axes=axes, positions=positions)


MODEL = Model(
    kind=Stage,
    build=_build,
    baud_rate=115_200,
    read_termination="\n",
    write_termination="\n",
    told_apart_by=("device_number",),
)
