"""A model that a bench file may name."""

from collections.abc import Callable
from dataclasses import dataclass

from instruments.bench_file import Table
from instruments.device import BenchDevice
from instruments.links import FlowControl, Link, Parity, SerialSettings


@dataclass(frozen=True, kw_only=True)
class Model:
    """What the bench must know of an instrument to make a device of its table.

    Attributes:
        kind: The kind of device it is.
        build: Makes the device from its name, its link and its table.
        baud_rate: Speed of its serial line unless the bench file says otherwise, as for the four
            that follow.
        data_bits: Data bits of a frame.
        parity: Parity bit.
        stop_bits: Stop bits.
        flow_control: Which side may tell the other to wait, and how.
        read_termination: What ends its answers.
        write_termination: What ends its commands.
        told_apart_by: Keys of the bench file that tell several of this model on one port apart,
            such as the address of a pump on a chain; empty when a port has room for one only.
    """

    kind: type[BenchDevice]
    build: Callable[[str, Link, Table], BenchDevice]
    baud_rate: int = 9600
    data_bits: int = 8
    parity: Parity = "none"
    stop_bits: float = 1.0
    flow_control: FlowControl = "none"
    read_termination: str = ""
    write_termination: str = ""
    told_apart_by: tuple[str, ...] = ()

    @property
    def serial(self) -> SerialSettings:
        """Settings of its serial line unless the bench file says otherwise."""
        return SerialSettings(
            baud_rate=self.baud_rate,
            data_bits=self.data_bits,
            parity=self.parity,
            stop_bits=self.stop_bits,
            flow_control=self.flow_control,
        )
