"""What an order does without a fault, and what it may therefore leave under one."""

import math
import time
from dataclasses import dataclass

import numpy as np

from tests.driver_campaign.rig import rig
from tests.driver_campaign.scenarios import Scenario

RECOVERY_S = 10.0
UNCHECKED = ("fault", "warning", "error", "alarm", "start_s")  # free words, and points in time


class Failure(Exception):  # noqa: N818 - what is wrong, not an error
    """A case that ended as it must not.

    Args:
        outcome: In capitals.
        detail: Words.
    """

    def __init__(self, outcome: str, detail: str = "") -> None:
        super().__init__(outcome, detail)
        self.outcome, self.detail = outcome, detail


def give(scenario: Scenario, device) -> None:
    """Give an order and wait until it is carried out."""
    status = scenario.order(device)
    if hasattr(status, "wait"):
        status.wait(timeout=100_000)


def reading(device) -> dict:
    """Return the plain values of a device."""
    return {key: each["value"] for key, each in device.read().items()}


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What a scenario does without a fault.

    Attributes:
        before: Reading before the order.
        after: Reading after it.
        rest: Reading when the device is made safe: where an order that fails may leave it.
        volatile: Keys that change by themselves.
        exchanges: How many exchanges the order takes.
        settles_s: How long the order takes.
    """

    before: dict
    after: dict
    rest: dict
    volatile: frozenset[str]
    exchanges: int
    settles_s: float

    @classmethod
    def of(cls, model: str, scenario: Scenario) -> "Reference":
        """Carry out the scenario without a fault."""
        with rig(model) as each:
            before, drifted = {}, {}
            if not scenario.connects:
                each.device.connect()
                scenario.before(each.device)
                before = reading(each.device)
                time.sleep(RECOVERY_S)
                drifted = reading(each.device)
            each.faults.late(0.0, exchanges=None)
            counted, started_s = each.faults.spoilt, time.monotonic()
            give(scenario, each.device)
            exchanges, settles_s = each.faults.spoilt - counted, time.monotonic() - started_s
            each.faults.clear()
            after = reading(each.device)
            time.sleep(RECOVERY_S)
            later = reading(each.device)
            each.device.make_safe(30.0)
            time.sleep(RECOVERY_S)
            rest = reading(each.device)
        changes = {k for k in drifted if not same(before[k], drifted[k])}
        changes |= {k for k in later if not same(after[k], later[k])}
        return cls(
            before=before or after,
            after=after,
            rest=rest,
            volatile=frozenset(changes),
            exchanges=exchanges,
            settles_s=settles_s,
        )

    def check(self, values: dict) -> None:
        """Refuse a reading that lies neither before nor after the order, nor between, nor at rest.

        Raises:
            Failure: There is one.
        """
        for key, value in values.items():
            if key in self.volatile or key.endswith(UNCHECKED):
                continue
            if not (
                between(value, self.before[key], self.after[key]) or same(value, self.rest[key])
            ):
                raise Failure(
                    "WRONG VALUE",
                    f"{key} = {value!r}, not {self.before[key]!r} or {self.after[key]!r}",
                )

    def check_done(self, values: dict) -> None:
        """Refuse a reading that is not the one after the order.

        Raises:
            Failure: It is another.
        """
        for key, value in values.items():
            if key in self.volatile or key.endswith(UNCHECKED):
                continue
            if not between(value, self.after[key], self.after[key]):
                raise Failure("WRONG VALUE", f"{key} = {value!r}, not {self.after[key]!r}")


def same(one, other) -> bool:
    """Return whether two values are the same."""
    if isinstance(one, np.ndarray):
        return np.shape(one) == np.shape(other) and bool(np.allclose(one, other, rtol=1e-3))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9) or (math.isnan(one) and math.isnan(other))
    return bool(one == other)


def between(value, one, other) -> bool:
    """Return whether a value is one of two, or between two numbers."""
    if same(value, one) or same(value, other):
        return True
    if any(isinstance(each, str | bool | np.ndarray) for each in (value, one, other)):
        return False
    ends = [end for end in (one, other) if not math.isnan(end)]
    if math.isnan(value) or not ends:
        return False
    low, high = min(ends), max(ends)
    # A pump counts in steps of its own, and so does a converter.
    margin = 1e-3 * max(abs(low), abs(high), 1e-3)
    return low - margin <= value <= high + margin
