"""When a temperature has settled."""

import math


class Settling:
    """Tells when a temperature has stayed within a band, which its first crossing does not.

    Args:
        setpoint_degc: Middle of the band.
        band_k: Half its width.
        hold_s: How long the temperature has to stay there.
        gap_s: Longest time between two readings of which can be said that it stayed.
    """

    def __init__(self, setpoint_degc: float, *, band_k: float, hold_s: float, gap_s: float) -> None:
        self._setpoint_degc = setpoint_degc
        self._band_k = band_k
        self._hold_s = hold_s
        self._gap_s = gap_s
        self._entered_s: float | None = None
        self._last_s = -math.inf

    def update(self, at_s: float, temperature_degc: float) -> bool:
        """Take a reading.

        Args:
            at_s: When it was taken, never earlier than the one before.
            temperature_degc: What it was.

        Returns:
            Whether the temperature has stayed within the band for the time asked for.
        """
        if at_s - self._last_s > self._gap_s:
            self._entered_s = None
        self._last_s = at_s
        if not abs(temperature_degc - self._setpoint_degc) <= self._band_k:  # NaN is outside
            self._entered_s = None
            return False
        if self._entered_s is None:
            self._entered_s = at_s
        return at_s - self._entered_s >= self._hold_s
