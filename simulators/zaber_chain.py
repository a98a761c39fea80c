"""Several simulated Zaber devices on one line that carry one stage."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simulators.instrument import JSON, World, unknown_fault
from simulators.zaber_ascii import ZaberStage
from simulators.zaber_axis import AxisTable


class _Carriage:
    """Where the stage is, from what each device says of its own axes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._places: dict[int, tuple[float, float] | None] = {}

    def teller(self, device: int) -> Callable[[float, float | None, float | None], None]:
        """Return what a device calls when it sets off or comes to rest."""
        self._places[device] = (0.0, 0.0)

        def tell(now_s: float, x_mm: float | None, y_mm: float | None = 0.0) -> None:
            self._places[device] = None if x_mm is None else (x_mm, y_mm or 0.0)
            rest = [place for place in self._places.values() if place is not None]
            if len(rest) < len(self._places):
                self._world.set_stage(now_s, None)
            else:  # an axis that a device has not is 0 to it
                self._world.set_stage(now_s, sum(x for x, _ in rest), sum(y for _, y in rest))

        return tell


class ZaberChain:
    """The devices; each hears everything and answers what is meant for it.

    Args:
        world: Hears when the stage sets off and where it comes to rest.
        axes: The axes of each device by its number.
    """

    fault_kinds = ZaberStage.fault_kinds

    def __init__(self, world: World, axes: Mapping[int, Sequence[AxisTable]]) -> None:
        carriage = _Carriage(world)
        self._devices = {
            number: ZaberStage(
                world, axes=tables, device_number=number, tell=carriage.teller(number)
            )
            for number, tables in axes.items()
        }

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return the replies."""
        return b"".join(device.feed(data, now_s) for device in self._devices.values())

    def poll(self, now_s: float) -> bytes:
        """Let axes come to rest."""
        return b"".join(device.poll(now_s) for device in self._devices.values())

    def next_event_s(self) -> float | None:
        """Return when the next axis comes to rest."""
        ends_s = (device.next_event_s() for device in self._devices.values())
        return min((end_s for end_s in ends_s if end_s is not None), default=None)

    def line_closed(self, now_s: float) -> None:
        """Forget half a command."""
        for device in self._devices.values():
            device.line_closed(now_s)

    def power_cycle(self, now_s: float) -> None:
        """Switch all devices off and on."""
        for device in self._devices.values():
            device.power_cycle(now_s)

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Give a fault to the device with this number, 0 is all."""
        if kind not in self.fault_kinds:
            raise unknown_fault("Zaber chain", kind, self.fault_kinds)
        for number, device in self._devices.items():
            if channel in {0, number}:
                device.set_fault(kind, on=on, now_s=now_s)

    def state(self) -> dict[str, JSON]:
        """Return what moves and where the rest stands."""
        states = [device.state() for device in self._devices.values()]
        moving = any(bool(state["moving"]) for state in states)
        axes: dict[str, JSON] = {}
        log: list[JSON] = []
        for state in states:
            if isinstance(state["axes"], dict):
                axes |= state["axes"]
            log.append(state["log"])
        return {"safe": not moving, "moving": moving, "axes": axes, "log": log}


def from_table(table: Mapping[str, Any], world: World) -> ZaberStage | ZaberChain:
    """Make the stage of a ``[device.*]`` table of a bench file."""
    number = int(table.get("device_number", 1))
    axes: dict[int, list[AxisTable]] = {}
    for axis in table.get("axis", ()):
        axes.setdefault(int(axis.get("device_number", number)), []).append(
            AxisTable(
                number=int(axis["number"]),
                name=str(axis.get("name", "x")),
                microstep_um=float(axis.get("microstep_um", 0.49609375)),
                minimum_mm=float(axis.get("minimum_mm", 0.0)),
                maximum_mm=float(axis.get("maximum_mm", 100.0)),
            )
        )
    if set(axes) == {number}:
        return ZaberStage(world, axes=axes[number], device_number=number)
    axes.setdefault(number, [])
    return ZaberChain(world, axes)
