"""The dose ledger: how long which light was on.

The ledger books what is known about the light, not what was asked for. Switching on counts from the
middle between the command and its confirmation, switching off likewise, so that the errors of the
two instants cancel on average. Between the two it counts on, also while the link is lost: a light
is on until it is known to be off, so that a dose is rather over- than underestimated.
"""

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace

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

    Several wavelengths may be on together: each has its own booking. Instants are seconds of one
    monotonic clock that the caller reads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._dose_j_cm2: dict[tuple[float, Purpose], float] = {}
        self._on_time_s = 0.0
        self._bookings: dict[float, Booking] = {}
        self._lit_since_s = 0.0
        self._known_until_s: float | None = None

    @property
    def bookings(self) -> Mapping[float, Booking]:
        """The light that is on as far as is known, by wavelength."""
        with self._lock:
            return dict(self._bookings)

    @property
    def current(self) -> Booking | None:
        """The strongest light that is on as far as is known, ``None`` when dark."""
        bookings = self.bookings.values()
        return max(bookings, key=lambda booking: booking.irradiance_mw_cm2, default=None)

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
        """Book light from an instant on; what this wavelength gave before is booked up to it.

        Args:
            wavelength_nm: Nominal wavelength.
            irradiance_mw_cm2: Irradiance at the sample, from the read-back level.
            purpose: Account of the dose.
            at_s: When it went on.
            confirmed: ``False`` when a command to switch on was sent and never answered: the light
                must be assumed to be on.
        """
        with self._lock:
            if not self._bookings:
                self._lit_since_s = at_s
            at_s = self._close(wavelength_nm, at_s)
            self._bookings[wavelength_nm] = Booking(
                wavelength_nm=wavelength_nm,
                irradiance_mw_cm2=irradiance_mw_cm2,
                purpose=purpose,
                since_s=at_s,
            )
            if confirmed:
                self._known_until_s = at_s

    def light_off(self, *, at_s: float, wavelength_nm: float | None = None) -> None:
        """Book what was on up to the instant at which it was confirmed to be off.

        Args:
            at_s: When it went off.
            wavelength_nm: What went off; ``None`` for all.
        """
        with self._lock:
            gone = list(self._bookings) if wavelength_nm is None else [wavelength_nm]
            was_lit = bool(self._bookings)
            until_s = max((self._close(each, at_s) for each in gone), default=at_s)
            if was_lit and not self._bookings:
                self._on_time_s += max(0.0, until_s - self._lit_since_s)
            self._known_until_s = until_s

    def confirm(self, *, at_s: float) -> None:
        """Note that the instrument has just confirmed what is booked.

        Args:
            at_s: When it did.
        """
        with self._lock:
            self._known_until_s = max(at_s, self._known_until_s or at_s)

    def observe(self, lit: Mapping[float, float], *, purpose: Purpose, at_s: float) -> None:
        """Hold the ledger against what the instrument says, and correct it from that instant on.

        Args:
            lit: Irradiance of every wavelength that is on, empty when dark.
            purpose: Account for light that is not booked yet.
            at_s: When it said so.
        """
        bookings = self.bookings
        for wavelength_nm in bookings.keys() - lit.keys():
            # It is not known since when it is off: surely not after now.
            self.light_off(at_s=at_s, wavelength_nm=wavelength_nm)
        for wavelength_nm, irradiance_mw_cm2 in lit.items():
            booking = bookings.get(wavelength_nm)
            if booking is None or not math.isclose(booking.irradiance_mw_cm2, irradiance_mw_cm2):
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
            for booking in self._bookings.values():
                key = (booking.wavelength_nm, booking.purpose)
                accounts[key] = accounts.get(key, 0.0) + _dose_j_cm2(booking, now_s)
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
            if not self._bookings:
                return self._on_time_s
            return self._on_time_s + max(0.0, now_s - self._lit_since_s)

    def reset(self, *, at_s: float) -> None:
        """Begin new accounts, for a new sample; light that is on is booked from now.

        Args:
            at_s: The instant.
        """
        with self._lock:
            self._dose_j_cm2.clear()
            self._on_time_s = 0.0
            self._lit_since_s = at_s
            self._bookings = {
                wavelength_nm: replace(booking, since_s=at_s)
                for wavelength_nm, booking in self._bookings.items()
            }

    def _close(self, wavelength_nm: float, at_s: float) -> float:
        """Book the open light up to an instant; return it, never before the booking began."""
        booking = self._bookings.pop(wavelength_nm, None)
        if booking is None:
            return at_s
        at_s = max(at_s, booking.since_s)
        key = (booking.wavelength_nm, booking.purpose)
        self._dose_j_cm2[key] = self._dose_j_cm2.get(key, 0.0) + _dose_j_cm2(booking, at_s)
        return at_s


def _dose_j_cm2(booking: Booking, until_s: float) -> float:
    return booking.irradiance_mw_cm2 * max(0.0, until_s - booking.since_s) / MJ_PER_J
