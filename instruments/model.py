"""A model that a bench file may name."""

from collections.abc import Callable
from dataclasses import dataclass

from instruments.bench_file import Table
from instruments.device import BenchDevice
from instruments.links import Link


@dataclass(frozen=True, kw_only=True)
class Model:
    """What the bench must know of an instrument to make a device of its table.

    Attributes:
        kind: The kind of device it is.
        build: Makes the device from its name, its link and its table.
        baud_rate: Speed of its serial line unless the bench file says otherwise.
        read_termination: What ends its answers.
        write_termination: What ends its commands.
    """

    kind: type[BenchDevice]
    build: Callable[[str, Link, Table], BenchDevice]
    baud_rate: int = 9600
    read_termination: str = ""
    write_termination: str = ""
