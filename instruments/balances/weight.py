"""What a balance says."""

from dataclasses import dataclass

_G_PER_UNIT = {"g": 1.0, "mg": 1e-3, "kg": 1e3}


@dataclass(frozen=True, kw_only=True)
class Weight:
    """One reading.

    Attributes:
        mass_g: Net mass, NaN when the balance gives no number that can be understood.
        is_stable: Whether the balance calls it stable.
    """

    mass_g: float
    is_stable: bool


def in_grams(value: str, unit: str) -> float:
    """Return a weight in grams.

    Args:
        value: The number, as the balance writes it.
        unit: ``g``, ``mg`` or ``kg``.

    Raises:
        ValueError: No number, or another unit: set the balance to grams.
    """
    if unit not in _G_PER_UNIT:
        raise ValueError(f"unit {unit!r} is not understood; set the balance to g, mg or kg")
    return float(value) * _G_PER_UNIT[unit]
