"""Watches the interlock rules of a bench, in threads of its own."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from instruments.device import BenchDevice
from instruments.errors import InstrumentError
from instruments.interlocks.rule import InterlockRule, signal_of
from instruments.links import Link
from instruments.poller import Poller, make_pollers
from instruments.signals import InstrumentSignal

_LOGGER = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.25
_FIRST_READ_TIMEOUT_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Trip:
    """A rule that has tripped.

    Attributes:
        rule: The rule.
        cause: Why, in words.
        value: What was read last; None if nothing was.
        time_s: When it was found out, s since 1970.
    """

    rule: InterlockRule
    cause: str
    value: Any
    time_s: float

    def __str__(self) -> str:
        """Return the trip in words."""
        return f"interlock {self.rule.name!r}: {self.cause}"


class InterlockWatch:
    """Reads what the rules name and tells when a rule trips and when all is well again.

    Each port is read by a thread of its own, so that a silent instrument does not keep the others
    from being watched: its own value then grows old, and that trips its rule.

    Args:
        devices: Devices by name.
        rules: The rules.
        on_trip: Called with each trip, once, on the thread of the watch.
        on_clear: Called with the rule when it no longer trips.
    """

    def __init__(
        self,
        devices: Mapping[str, BenchDevice],
        rules: Sequence[InterlockRule],
        *,
        on_trip: Callable[[Trip], None],
        on_clear: Callable[[InterlockRule], None] | None = None,
    ) -> None:
        self._rules = tuple(rules)
        self._signals: dict[str, InstrumentSignal] = {}
        self._gates: dict[str, InstrumentSignal] = {}
        for rule in self._rules:
            self._signals[rule.name] = _signal(devices, rule, rule.signal)
            if rule.only_while is not None:
                self._gates[rule.name] = _signal(devices, rule, rule.only_while)
        self._links: dict[str, Link] = {rule.device: devices[rule.device].link for rule in rules}
        self._on_trip = on_trip
        self._on_clear = on_clear or (lambda rule: None)
        self._tripped: dict[str, Trip] = {}
        self._bad_since_s: dict[str, float] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._pollers: list[Poller] = []

    @property
    def tripped(self) -> list[Trip]:
        """The rules that trip at present."""
        with self._lock:
            return list(self._tripped.values())

    def check(self) -> list[Trip]:
        """Read everything that is watched and return what trips; calls nobody."""
        for rule in self._rules:
            try:
                with self._links[rule.device].exchange(timeout_s=_FIRST_READ_TIMEOUT_S):
                    for signal in self._read_for(rule):
                        signal.get()
            except InstrumentError as error:
                _LOGGER.warning("interlock %r: %s", rule.name, error)
        return [trip for rule in self._rules if (trip := self._judge(rule)) is not None]

    def start(self) -> None:
        """Begin to watch; harmless when it watches already, or when there is no rule."""
        if self._thread is not None or not self._rules:
            return
        self._stopping.clear()
        watched: dict[str, dict[str, InstrumentSignal]] = {}
        for rule in self._rules:
            for signal in self._read_for(rule):
                watched.setdefault(rule.device, {})[signal.name] = signal
        self._pollers = make_pollers(
            [(self._links[name], list(signals.values())) for name, signals in watched.items()],
            interval_s=min(rule.every_s for rule in self._rules),
        )
        for poller in self._pollers:
            poller.start()
        self._thread = threading.Thread(target=self._run, name="interlocks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching and wait until the threads have ended."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(5.0)
        for poller in self._pollers:
            poller.stop()
        self._pollers = []

    def _run(self) -> None:
        while not self._stopping.wait(_LOOK_EVERY_S):
            for rule in self._rules:
                self._look(rule)

    def _look(self, rule: InterlockRule) -> None:
        try:
            trip = self._after_a_while(rule, self._judge(rule))
        except Exception as error:  # noqa: BLE001 - a rule that cannot be judged counts as tripped
            trip = self._trip(rule, f"it cannot be judged: {error!r}")
        with self._lock:
            before = self._tripped.get(rule.name)
            if trip is None:
                self._tripped.pop(rule.name, None)
            elif before is None:
                self._tripped[rule.name] = trip
        try:
            if trip is not None and before is None:
                _LOGGER.warning("%s", trip)
                self._on_trip(trip)
            elif trip is None and before is not None:
                self._on_clear(rule)
        except Exception:
            _LOGGER.exception("interlock %r: the reaction failed", rule.name)

    def _read_for(self, rule: InterlockRule) -> list[InstrumentSignal]:
        gate = self._gates.get(rule.name)
        return [*([] if gate is None else [gate]), self._signals[rule.name]]

    def _after_a_while(self, rule: InterlockRule, trip: Trip | None) -> Trip | None:
        """Let a trip pass that has not lasted for as long as its rule allows."""
        if trip is None:
            self._bad_since_s.pop(rule.name, None)
            return None
        now_s = time.monotonic()
        lasts_s = now_s - self._bad_since_s.setdefault(rule.name, now_s)
        return trip if lasts_s >= rule.for_s else None

    def _judge(self, rule: InterlockRule) -> Trip | None:
        signal, gate = self._signals[rule.name], self._gates.get(rule.name)
        if gate is not None and not rule.holds(gate.cached, gate.age_s):
            return None
        cause = rule.judge(signal.cached, signal.age_s)
        return self._trip(rule, cause) if cause else None

    def _trip(self, rule: InterlockRule, cause: str) -> Trip:
        value = self._signals[rule.name].cached
        return Trip(rule=rule, cause=cause, value=value, time_s=time.time())


def _signal(devices: Mapping[str, BenchDevice], rule: InterlockRule, name: str) -> InstrumentSignal:
    signal = signal_of(devices[rule.device], name)
    assert signal is not None, rule
    return signal
