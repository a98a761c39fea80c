"""Many spectra in one event, for what happens within seconds."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from ophyd import Component as Cpt
from ophyd import Device

from instruments.errors import LimitError
from instruments.signals import InstrumentSignal
from instruments.tasks import Status

SPECTRA_LIMITS = (1, 2000)

Counts = NDArray[np.float64]


class _Taker(Protocol):
    """What a burst needs of the spectrometer that it belongs to."""

    name: str

    def start_burst(self, number: int, finish: Any) -> Status: ...

    def stop(self, *, success: bool = False) -> None: ...


class Burst(Device):
    """Takes spectra one after the other, as fast as the spectrometer can, on one trigger.

    Part of a spectrometer, and read apart from it: ``yield from mv(spectrometer.burst.spectra,
    100)``, then ``yield from trigger_and_read([spectrometer.burst])`` makes one event with all of
    them. Integration time and wavelength axis are those of the spectrometer; nothing is averaged,
    smoothed or subtracted.
    """

    counts = Cpt(
        InstrumentSignal,
        getter="_get_counts",
        kind="normal",
        units="counts",
        precision=0,
        doc="Raw counts, one row a spectrum",
    )
    time_s = Cpt(
        InstrumentSignal,
        getter="_get_times",
        kind="normal",
        units="s",
        precision=4,
        doc="When each spectrum was complete, seconds since 1970",
    )
    spectra = Cpt(
        InstrumentSignal,
        getter="_get_spectra",
        setter="_set_spectra",
        kind="config",
        precision=0,
        doc="Spectra in a burst",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._number = 10
        self._taken: tuple[Counts, Counts] | None = None
        super().__init__(*args, **kwargs)

    @property
    def _spectrometer(self) -> _Taker:
        taker: _Taker = self.parent
        return taker

    def trigger(self) -> Status:  # type: ignore[override]
        """Take a burst; :meth:`read` gives it when the status is done."""
        self._taken = None
        return self._spectrometer.start_burst(self._number, self._keep)

    def stop(self, *, success: bool = False) -> None:
        """Take no further spectrum.

        Args:
            success: Has no meaning here.
        """
        self._spectrometer.stop(success=success)

    def _keep(self, counts: Counts, times_s: Counts) -> None:
        self._taken = (counts, times_s)

    def _get_counts(self) -> Counts:
        return np.full((self._number, 1), np.nan) if self._taken is None else self._taken[0]

    def _get_times(self) -> Counts:
        return np.full(self._number, np.nan) if self._taken is None else self._taken[1]

    def _get_spectra(self) -> int:
        return self._number

    def _set_spectra(self, number: float) -> None:
        low, high = SPECTRA_LIMITS
        if number != int(number) or not low <= number <= high:
            raise LimitError(
                self.name,
                f"a burst has {low} to {high} spectra, asked for {number!r}",
                value=number,
                limits=SPECTRA_LIMITS,
            )
        self._number = int(number)
        self._taken = None
