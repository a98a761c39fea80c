"""One interlock rule: what is watched, what is allowed, what happens else."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from instruments.bench_file import Table
from instruments.device import BenchDevice
from instruments.signals import InstrumentSignal

Reaction = Literal["refuse", "pause", "make_safe"]

_NO_LIMIT = 1e30  # larger than any value of an instrument


@dataclass(frozen=True, kw_only=True)
class InterlockRule:
    """A rule of the bench file's ``[[interlock]]`` tables.

    It trips when its value is where it must not be, and, to be on the safe side, when the value is
    not known: never read, read too long ago, or no number where one is due.

    Attributes:
        name: What the person knows it by.
        device: Device that is asked.
        signal: Which of its signals.
        above: The value must not be above this.
        below: The value must not be below this.
        equals: The value, as text, must not be this.
        contains: The value, as text, must not contain this.
        reaction: "refuse" (no run is started), "pause" (and refuse) or "make_safe" (and refuse).
        stale_s: Age above which a value counts as not known, s.
        every_s: How often the value is read, s.
        must_be_known: Whether a value that was never read, or is not a number yet, trips the rule;
            False is for values that only a measurement gives.
        only_while: Signal of the same device; the rule holds while it is not 0, and while it is not
            known. A flow, say, is lost only while it is told to flow.
        for_s: How long the value may be bad before the rule trips during a run, s.
        resumes: Whether a run that the rule has paused goes on by itself when all is well again.
    """

    name: str
    device: str
    signal: str
    above: float | None = None
    below: float | None = None
    equals: str | None = None
    contains: str | None = None
    reaction: Reaction = "make_safe"
    stale_s: float = 10.0
    every_s: float = 1.0
    must_be_known: bool = True
    resumes: bool = False
    only_while: str | None = None
    for_s: float = 0.0

    def holds(self, gate: Any, age_s: float) -> bool:
        """Tell whether the rule holds at present.

        Args:
            gate: What was read last of ``only_while``, None if nothing was.
            age_s: How long ago, s.
        """
        return self.only_while is None or not age_s <= self.stale_s or _number(gate) != 0.0

    def judge(self, value: Any, age_s: float) -> str:
        """Return why the rule trips, "" when it does not.

        Args:
            value: What was read last, None if nothing was.
            age_s: How long ago, s.
        """
        where = f"{self.device}.{self.signal}"
        if value is None:
            return f"{where} was never read" if self.must_be_known else ""
        if not age_s <= self.stale_s:
            return f"{where} was last read {age_s:.0f} s ago, at most {self.stale_s:g} s is allowed"
        number = _number(value)
        if number is None and not (self.above is None and self.below is None):
            if _is_not_measured(value) and not self.must_be_known:
                return ""
            return f"{where} reads {value!r}, which is no number"
        if number is not None and self.above is not None and number > self.above:
            return f"{where} is {number:g}, above {self.above:g}"
        if number is not None and self.below is not None and number < self.below:
            return f"{where} is {number:g}, below {self.below:g}"
        if self.equals is not None and str(value) == self.equals:
            return f"{where} is {value!r}"
        if self.contains is not None and self.contains.lower() in str(value).lower():
            return f"{where} says {value!r}"
        return ""


def read_rules(top: Table, devices: Mapping[str, BenchDevice]) -> tuple[InterlockRule, ...]:
    """Return the rules of a bench file.

    Args:
        top: Its outermost table.
        devices: The devices of the bench.

    Raises:
        ConfigurationError: A rule names what is not there, or makes no sense.
    """
    tables = top.tables("interlock") if "interlock" in top else []
    rules = tuple(_rule(table, devices) for table in tables)
    names = [rule.name for rule in rules]
    for table, name in zip(tables, names, strict=True):
        if names.count(name) > 1:
            raise table.error(f"two interlocks have the name {name!r}")
    return rules


def signal_of(device: BenchDevice, name: str) -> InstrumentSignal | None:
    """Return a signal of a device by its name, such as ``temperature_degc`` or ``x.position_mm``.

    Args:
        device: The device.
        name: Name of the signal; dots lead into parts of the device.
    """
    place: Any = device
    for part in name.split("."):
        if part not in getattr(place, "component_names", ()):
            return None
        place = getattr(place, part)
    return place if isinstance(place, InstrumentSignal) else None


def _rule(table: Table, devices: Mapping[str, BenchDevice]) -> InterlockRule:
    device, _, signal = table.text("watch").partition(".")
    if device not in devices:
        raise table.error(f"watch: there is no device {device!r}; there are {', '.join(devices)}")
    if signal_of(devices[device], signal) is None:
        known = ", ".join(_signals(devices[device]))
        raise table.error(f"watch: {device} has no signal {signal!r}; it has {known}")
    reactions: tuple[Reaction, ...] = get_args(Reaction)
    reaction = table.choice("reaction", "make_safe", choices=reactions)
    rule = InterlockRule(
        name=table.text("name"),
        device=device,
        signal=signal,
        above=_limit(table, "above"),
        below=_limit(table, "below"),
        equals=_text(table, "equals"),
        contains=_text(table, "contains"),
        reaction=reaction,
        every_s=table.number("every_s", 1.0, minimum=0.1, maximum=3600),
        stale_s=table.number("stale_s", 10.0, minimum=0.5, maximum=86_400),
        must_be_known=table.flag("must_be_known", default=True),
        resumes=table.flag("resumes", default=False),
        only_while=_text(table, "only_while"),
        for_s=table.number("for_s", 0.0, minimum=0.0, maximum=3600),
    )
    table.finish()
    if rule.only_while is not None:
        _check_gate(table, rule, devices[device])
    if all(limit is None for limit in (rule.above, rule.below, rule.equals, rule.contains)):
        raise table.error("give what must not be: above, below, equals or contains")
    if rule.stale_s < 2 * rule.every_s:
        raise table.error(f"stale_s must be at least twice every_s, got {rule.stale_s:g}")
    return rule


def _check_gate(table: Table, rule: InterlockRule, device: BenchDevice) -> None:
    assert rule.only_while is not None
    if signal_of(device, rule.only_while) is None:
        known = ", ".join(_signals(device))
        raise table.error(
            f"only_while: {rule.device} has no signal {rule.only_while!r}; it has {known}"
        )
    if rule.resumes:
        raise table.error(
            "resumes and only_while cannot go together: in a pause a device is at rest, where all "
            "would look well"
        )


def _limit(table: Table, key: str) -> float | None:
    limit = table.number(key, _NO_LIMIT, minimum=-_NO_LIMIT, maximum=_NO_LIMIT)
    return limit if key in table else None


def _text(table: Table, key: str) -> str | None:
    return table.text(key, "") or None


def _signals(device: BenchDevice) -> list[str]:
    return [name for name in device.component_names if signal_of(device, name) is not None]


def _is_not_measured(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
