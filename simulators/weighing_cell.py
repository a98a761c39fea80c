"""The weighing cell of a simulated balance.

It weighs only when it is asked, so that a balance at rest costs nothing. Whether the weight stands
still is judged from one sample to the next; the noise of the reading is a fixed sequence.
"""

import math

from simulators.instrument import World

SAMPLE_S = 0.2
"""Time in s between two samples."""

SETTLED_S = 1.0
"""Time in s for which the weight must have stood still before it counts as stable."""

FAULT_KINDS = ("overload", "underload", "unstable")

_DRIFT_DIGITS_PER_S = 1.0
_NOISE_DIGITS = 0.4  # less than half a digit: a weight that stands still does not flicker
_DRAUGHT_DIGITS = 40.0
_ZERO_RANGE = 0.02  # of the capacity
_OVERLOAD_DIGITS = 9.0


class WeighingCell:
    """Weight, zero and tare of a balance. At switching on the pan is taken to have been empty.

    Args:
        world: Gives the mass on the pan.
        capacity_g: Above it the balance is overloaded.
        readability_g: The last digit.
    """

    def __init__(self, world: World, *, capacity_g: float, readability_g: float) -> None:
        if not 0.0 < readability_g < capacity_g:
            raise ValueError(f"readability_g is {readability_g} and capacity_g is {capacity_g}")
        self.capacity_g = capacity_g
        self.decimals = max(0, math.ceil(-math.log10(readability_g) - 1e-9))
        self.faults: set[str] = set()
        self._world = world
        self._digit_g = readability_g
        self.reset()

    def reset(self) -> None:
        """Forget zero and tare."""
        self.zero_g = 0.0
        self.tare_g = 0.0
        self._mass_g = 0.0
        self._sampled_s = 0.0
        self._steady_since_s: float | None = None
        self._samples = 0

    def begin(self, now_s: float) -> None:
        """Take a first sample, to which the next ones are compared."""
        self._mass_g = self._world.mass_g(now_s)
        self._sampled_s = self._steady_since_s = now_s

    def sample(self, now_s: float) -> None:
        """Take a sample."""
        mass_g = self._world.mass_g(now_s)
        drift_g = _DRIFT_DIGITS_PER_S * self._digit_g * (now_s - self._sampled_s)
        moves = "unstable" in self.faults or abs(mass_g - self._mass_g) > drift_g
        if moves:
            self._steady_since_s = None
        elif self._steady_since_s is None:
            self._steady_since_s = self._sampled_s
        self._mass_g = mass_g
        self._sampled_s = now_s
        self._samples += 1

    @property
    def is_steady(self) -> bool:
        """Whether the weight stood still between the last two samples."""
        return self._steady_since_s is not None

    @property
    def is_settled(self) -> bool:
        """Whether it has stood still for long enough."""
        since_s = self._steady_since_s
        return since_s is not None and self._sampled_s - since_s >= SETTLED_S - 1e-9

    @property
    def out_of_range(self) -> str:
        """Return "+" for too much on the pan, "-" for a pan that is missing, "" otherwise."""
        limit_g = self.capacity_g + _OVERLOAD_DIGITS * self._digit_g
        if "overload" in self.faults or self._mass_g - self.zero_g > limit_g:
            return "+"
        return "-" if "underload" in self.faults else ""

    @property
    def gross_g(self) -> float:
        """What was on the pan at the last sample, as the balance reads it."""
        digits = _DRAUGHT_DIGITS if "unstable" in self.faults else _NOISE_DIGITS
        noise_g = digits * self._digit_g * math.sin(2.4 * self._samples)
        return self._round(self._mass_g - self.zero_g + noise_g)

    @property
    def net_g(self) -> float:
        """The same without the tare."""
        return self._round(self.gross_g - self.tare_g)

    def set_zero(self) -> str:
        """Take what is on the pan as zero; return "+" or "-" when that is too much or too little.

        The tare is forgotten with it.
        """
        from_start_g = self.gross_g + self.zero_g
        if abs(from_start_g) > _ZERO_RANGE * self.capacity_g:
            return "+" if from_start_g > 0 else "-"
        self.zero_g = self._round(from_start_g)
        self.tare_g = 0.0
        return ""

    def set_tare(self) -> str:
        """Take what is on the pan as the tare; return "-" when it is less than nothing."""
        if self.gross_g < 0:
            return "-"
        self.tare_g = self.gross_g
        return ""

    def _round(self, weight_g: float) -> float:
        rounded_g = round(weight_g / self._digit_g) * self._digit_g
        return round(rounded_g, self.decimals) + 0.0  # no -0.0
