"""What the bench file says about any stage: its axes, positions, plates and grids."""

from collections.abc import Iterator, Mapping

from instruments.bench_file import Table
from instruments.stages.axis import AxisDriver
from instruments.stages.grid import Grid
from instruments.stages.places import Places
from instruments.stages.stage import Stage

LONG_MM = 10_000.0
_MOST_ROWS = 702  # A to ZZ


def axis_tables(table: Table) -> Iterator[tuple[str, tuple[float, float], Table]]:
    """Yield name, limits in mm and the rest of the table of each axis.

    Args:
        table: The device's table.

    Raises:
        ConfigurationError: A name that is none or taken, or limits that make no sense.
    """
    taken: set[str] = set()
    for part in table.tables("axis"):
        name = part.text("name")
        low_mm = part.number("minimum_mm", minimum=-LONG_MM, maximum=LONG_MM)
        high_mm = part.number("maximum_mm", minimum=low_mm, maximum=LONG_MM)
        # The names of the axes become attributes of the stage.
        if not name.isidentifier() or hasattr(Stage, name) or name in taken:
            raise part.error(f"name {name!r} is taken or is no name; x, y and z are good ones")
        taken.add(name)
        yield name, (low_mm, high_mm), part
        part.finish()


def read_places(table: Table, axes: Mapping[str, AxisDriver]) -> Places:
    """Return named positions, the wells of a plate and the points of grids.

    Args:
        table: The device's table.
        axes: The axes by name.

    Raises:
        ConfigurationError: An unknown axis, a place out of reach, or a name used twice.
    """
    positions: dict[str, dict[str, float]] = {}
    grids: dict[str, tuple[str, ...]] = {}
    for name, coordinates in table.table("positions").items():
        positions[name] = coordinates.numbers(minimum=-LONG_MM, maximum=LONG_MM)
    found = []
    if "plate" in table:
        plate = table.table("plate")
        found.append((plate, "plate", _grid(plate, first_key="a1").wells()))
    for name, part in table.table("grid").items():
        found.append((part, name, _grid(part, first_key="first").points(name)))
    for part, name, places in found:
        for place in places:
            if place in positions:
                raise part.error(f"position {place!r} is already taken; name it otherwise")
        if name in grids:
            raise part.error("a grid may not be called 'plate' beside a plate")
        positions |= places
        grids[name] = tuple(places)
        _check(part, places, axes)
    _check(table, positions, axes)
    return Places(positions=positions, grids=grids)


def _grid(table: Table, *, first_key: str) -> Grid:
    # The pitches of ANSI/SLAS 4 are 9 mm for 96 wells, 4.5 mm for 384, 2.25 mm for 1536.
    pitch_mm = table.number("pitch_mm", 9.0, minimum=0.001, maximum=LONG_MM)
    pitches_mm = {
        key: table.number(key, pitch_mm, minimum=-LONG_MM, maximum=LONG_MM)
        for key in ("column_pitch_mm", "row_pitch_mm")
    }
    for key, value_mm in pitches_mm.items():
        if value_mm == 0:
            raise table.error(f"{key} must not be 0")
    along = (table.text("columns_along", "x"), table.text("rows_along", "y"))
    first = table.table(first_key, required=True)
    first_mm = first.numbers(minimum=-LONG_MM, maximum=LONG_MM)
    if set(first_mm) != set(along):
        raise table.error(f"{first_key} must give {along[0]} and {along[1]}, in mm")
    grid = Grid(
        rows=table.integer("rows", minimum=1, maximum=_MOST_ROWS),
        columns=table.integer("columns", minimum=1, maximum=1000),
        first_mm=(first_mm[along[0]], first_mm[along[1]]),
        axes=along,
        **pitches_mm,
    )
    table.finish()
    return grid


def _check(
    table: Table,
    positions: Mapping[str, Mapping[str, float]],
    axes: Mapping[str, AxisDriver],
) -> None:
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
