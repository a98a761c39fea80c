"""What a simulated instrument is, and what it looks at.

A simulator is sans-I/O: bytes and the time go in, bytes come out. It opens no socket, starts no
thread and reads no clock, so that the same object serves a TCP port, a test and a virtual clock.
"""

import collections
from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | dict[str, JSON] | None"
"""Plain data, as ``json`` writes it."""

SWITCH_LOG_LENGTH = 1000
_LINE_LIMIT = 4096  # no command of these instruments is longer than some tens of bytes


class Instrument(Protocol):
    """One simulated instrument. Times are of one clock, in s, and never run backwards."""

    @property
    def fault_kinds(self) -> tuple[str, ...]:
        """What ``set_fault`` knows."""
        ...

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes from the wire and return what the instrument answers at once."""
        ...

    def poll(self, now_s: float) -> bytes:
        """Do what is due and return what the instrument sends because of it."""
        ...

    def next_event_s(self) -> float | None:
        """Return when ``poll`` has something to do, None for never."""
        ...

    def line_closed(self, now_s: float) -> None:
        """Forget half a request and an answer that nobody waits for any more."""
        ...

    def state(self) -> dict[str, JSON]:
        """Return the ledger: is it safe, is it emitting, pumping or moving, its switch log."""
        ...

    def power_cycle(self, now_s: float) -> None:
        """Switch the power off and on again; also the first switching on."""
        ...

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Switch a fault of the instrument itself on or off.

        Raises:
            ValueError: If this instrument has no such fault.
        """
        ...


@runtime_checkable
class Greeter(Protocol):
    """An instrument that speaks first when somebody opens the line."""

    def greeting(self) -> bytes:
        """Return what it says."""
        ...


@runtime_checkable
class TriggerInput(Protocol):
    """An instrument that something else can trigger."""

    def pulse(self, now_s: float) -> None:
        """Take a pulse at the trigger input."""
        ...


class World(Protocol):
    """The sample and the optics between the instruments; all calls carry the time in s."""

    def advance(self, now_s: float) -> None:
        """Let the time pass."""
        ...

    def set_light(self, now_s: float, channel: int, current_ma: float) -> None:
        """Drive an LED with a current; 0 is dark."""
        ...

    def set_flow(self, now_s: float, rate_ul_min: float) -> None:
        """Let liquid flow out of the syringe (above 0) or into it (below 0)."""
        ...

    def set_stage(self, now_s: float, x_mm: float | None, y_mm: float | None = 0.0) -> None:
        """Put the stage somewhere; None is on its way, with nothing in the beam."""
        ...

    @property
    def detector(self) -> "Detector":
        """The detector of the spectrometer that looks at the sample."""
        ...

    def exposure_rng(self, exposure: int) -> np.random.Generator:
        """Return the noise of the exposure with this handle."""
        ...

    def open_exposure(self, now_s: float, wavelength_nm: NDArray[np.float64]) -> int:
        """Begin to collect light and return a handle."""
        ...

    def close_exposure(self, now_s: float, handle: int) -> NDArray[np.float64]:
        """End it and return the expected photons in each pixel."""
        ...

    def meter_power_w(self, now_s: float, aperture_area_cm2: float) -> float:
        """Return the power in W that falls through the aperture of the power meter."""
        ...

    def set_temperature(self, now_s: float, temperature_degc: float) -> None:
        """Bring what the sample stands in to a temperature."""
        ...

    def set_gas(self, now_s: float, flow_sccm: float) -> None:
        """Let gas flow through a flow controller into the cell above the samples."""
        ...

    def set_sonication(self, now_s: float, share: float) -> None:
        """Let ultrasound act on the samples in a bath, 0 (off) to 1."""
        ...

    def mass_g(self, now_s: float) -> float:
        """Return the mass in g of what stands on the pan of the balance."""
        ...

    def set_shutter(self, now_s: float, open: bool) -> None:
        """Open or close the shutter in front of the light."""
        ...

    def set_filter(self, now_s: float, position: int) -> None:
        """Turn the filter wheel in front of the light to a position."""
        ...

    def truth(self, now_s: float) -> dict[str, Any]:
        """Return the sample's own ledger."""
        ...


class Detector(Protocol):
    """Photons to counts."""

    @property
    def nonlinearity(self) -> tuple[float, ...]:
        """Coefficients of the polynomial that makes counts linear, lowest order first."""
        ...

    def counts(
        self,
        photons: NDArray[np.float64],
        integration_time_s: float,
        rng: np.random.Generator,
    ) -> NDArray[np.uint16]:
        """Return what the converter reads in each pixel."""
        ...


class SwitchLog:
    """The last transitions of an output, so that a test can ask what really happened."""

    def __init__(self) -> None:
        self._entries: collections.deque[tuple[float, str]] = collections.deque(
            maxlen=SWITCH_LOG_LENGTH
        )

    def add(self, now_s: float, what: str) -> None:
        """Write down that something was switched."""
        self._entries.append((now_s, what))

    def entries(self) -> list[JSON]:
        """Return the transitions as pairs of time in s and words, oldest first."""
        return [[now_s, what] for now_s, what in self._entries]


class LineBuffer:
    """Cuts a byte stream into lines.

    Args:
        terminators: Each of these bytes ends a line; empty lines are kept.
        limit: A line longer than this many bytes is thrown away, as a small buffer would.
    """

    def __init__(self, terminators: bytes, *, limit: int = _LINE_LIMIT) -> None:
        self._terminators = frozenset(terminators)
        self._limit = limit
        self._line = bytearray()
        self._overrun = False

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes and return the lines that they complete, without terminators."""
        lines: list[bytes] = []
        for byte in data:
            if byte in self._terminators:
                if not self._overrun:
                    lines.append(bytes(self._line))
                self.clear()
            elif len(self._line) < self._limit:
                self._line.append(byte)
            else:
                self._overrun = True
        return lines

    def clear(self) -> None:
        """Forget a line that has only begun."""
        self._line.clear()
        self._overrun = False


def unknown_fault(instrument: str, kind: str, known: tuple[str, ...]) -> ValueError:
    """Return the error for a fault that an instrument does not have."""
    return ValueError(f"simulated {instrument}: no fault {kind!r}; it has {', '.join(known)}")
