"""The dose ledger: how long which light was on.

The ledger books what is known about the light, not what was asked for. Switching on counts from the
middle between the command and its confirmation, switching off likewise, so that the errors of the
two instants cancel on average. Between the two it counts on, also while the link is lost: a light
is on until it is known to be off, so that a dose is rather over- than underestimated.
"""

import math
import threading
from dataclasses import dataclass

from instruments.light_sources.emission import Purpose

MJ_PER_J = 1000.0


@dataclass(frozen=True, kw_only=True)
class Booking:
    """Light of one wavelength and purpose over one uninterrupted time.

    Attributes:
        wavelength_nm: Nominal wavelength.
        irradiance_mw_cm2: Irradiance at the sample, from the read-back current.
        purpose: Account of the dose.
        since_s: Begin, monotonic seconds.
    """

    wavelength_nm: float
    irradiance_mw_cm2: float
    purpose: Purpose
    since_s: float


class DoseLedger:
    """Accounts of dose and on-time per wavelength and purpose, for any thread.

    Instants are seconds of one monotonic clock that the caller reads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._dose_j_cm2: dict[tuple[float, Purpose], float] = {}
        self._on_time_s = 0.0
        self._booking: Booking | None = None
        self._known_until_s: float | None = None

    @property
    def current(self) -> Booking | None:
        """The light that is on as far as is known, ``None`` when dark."""
        with self._lock:
            return self._booking

    @property
    def known_until_s(self) -> float | None:
        """Instant of the last confirmation by the instrument, ``None`` before the first."""
        with self._lock:
            return self._known_until_s

    def light_on(
        self,
        *,
        wavelength_nm: float,
        irradiance_mw_cm2: float,
        purpose: Purpose,
        at_s: float,
        confirmed: bool = True,
    ) -> None:
        """Book light from an instant on; light that was on before is booked up to it.

        Args:
            wavelength_nm: Nominal wavelength.
            irradiance_mw_cm2: Irradiance at the sample, from the read-back current.
            purpose: Account of the dose.
            at_s: When it went on.
            confirmed: ``False`` when a command to switch on was sent and never answered: the light
                must be assumed to be on.
        """
        with self._lock:
            at_s = self._close(at_s)
            self._booking = Booking(
                wavelength_nm=wavelength_nm,
                irradiance_mw_cm2=irradiance_mw_cm2,
                purpose=purpose,
                since_s=at_s,
            )
            if confirmed:
                self._known_until_s = at_s

    def light_off(self, *, at_s: float) -> None:
        """Book what was on up to the instant at which it was confirmed to be off.

        Args:
            at_s: When it went off.
        """
        with self._lock:
            self._known_until_s = self._close(at_s)

    def confirm(self, *, at_s: float) -> None:
        """Note that the instrument has just confirmed what is booked.

        Args:
            at_s: When it did.
        """
        with self._lock:
            self._known_until_s = max(at_s, self._known_until_s or at_s)

    def observe(
        self, *, wavelength_nm: float, irradiance_mw_cm2: float, purpose: Purpose, at_s: float
    ) -> None:
        """Hold the ledger against what the instrument says, and correct it from that instant on.

        Args:
            wavelength_nm: What it emits, 0.0 when dark.
            irradiance_mw_cm2: How strongly, 0.0 when dark.
            purpose: Account for light that is not booked yet.
            at_s: When it said so.
        """
        booking = self.current
        if irradiance_mw_cm2 == 0:
            if booking is not None:
                self.light_off(at_s=at_s)  # it is not known since when: surely not after now
        elif (
            booking is None
            or booking.wavelength_nm != wavelength_nm
            or not math.isclose(booking.irradiance_mw_cm2, irradiance_mw_cm2)
        ):
            self.light_on(
                wavelength_nm=wavelength_nm,
                irradiance_mw_cm2=irradiance_mw_cm2,
                purpose=purpose if booking is None else booking.purpose,
                at_s=at_s,
            )
        self.confirm(at_s=at_s)

    def dose_j_cm2(
        self, now_s: float, *, purpose: Purpose | None = None, wavelength_nm: float | None = None
    ) -> float:
        """Return the dose up to an instant, light that is still on included.

        Args:
            now_s: The instant.
            purpose: Only this account; ``None`` for all.
            wavelength_nm: Only this wavelength; ``None`` for all.
        """
        with self._lock:
            accounts = dict(self._dose_j_cm2)
            if self._booking is not None:
                key = (self._booking.wavelength_nm, self._booking.purpose)
                accounts[key] = accounts.get(key, 0.0) + self._open_dose_j_cm2(now_s)
        return math.fsum(
            dose
            for (account_nm, account_purpose), dose in accounts.items()
            if purpose in (None, account_purpose) and wavelength_nm in (None, account_nm)
        )

    def on_time_s(self, now_s: float) -> float:
        """Return how long there was light, light that is still on included.

        Args:
            now_s: The instant.
        """
        with self._lock:
            if self._booking is None:
                return self._on_time_s
            return self._on_time_s + max(0.0, now_s - self._booking.since_s)

    def reset(self, *, at_s: float) -> None:
        """Begin new accounts, for a new sample; light that is on is booked from now.

        Args:
            at_s: The instant.
        """
        with self._lock:
            booking = self._booking
            self._close(at_s)
            self._dose_j_cm2.clear()
            self._on_time_s = 0.0
            if booking is not None:
                self._booking = Booking(
                    wavelength_nm=booking.wavelength_nm,
                    irradiance_mw_cm2=booking.irradiance_mw_cm2,
                    purpose=booking.purpose,
                    since_s=at_s,
                )

    def _open_dose_j_cm2(self, now_s: float) -> float:
        if self._booking is None:
            return 0.0
        seconds = max(0.0, now_s - self._booking.since_s)
        return self._booking.irradiance_mw_cm2 * seconds / MJ_PER_J

    def _close(self, at_s: float) -> float:
        """Book the open light up to an instant; return it, never before the booking began."""
        if self._booking is None:
            return at_s
        at_s = max(at_s, self._booking.since_s)
        key = (self._booking.wavelength_nm, self._booking.purpose)
        self._dose_j_cm2[key] = self._dose_j_cm2.get(key, 0.0) + self._open_dose_j_cm2(at_s)
        self._on_time_s += at_s - self._booking.since_s
        self._booking = None
        return at_s
