"""Keeps every device connected and known: one keeper a device."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from gui.host.actions import Action, actions_of
from gui.host.limits import calibrations_of, limits_of
from gui.host.pace import Pace
from gui.messages import Calibration, DeviceCondition, DeviceInfo, DeviceState, Reading
from instruments.bench import Bench
from instruments.device import BenchDevice
from instruments.errors import InstrumentError
from instruments.light_sources import LightSource
from instruments.poller import Poller
from instruments.power_meters import PowerMeter
from instruments.pumps import SyringePump
from instruments.signals import InstrumentSignal
from instruments.spectrometers import Spectrometer
from instruments.stages import Stage
from instruments.thermal import Thermostat

_LOGGER = logging.getLogger(__name__)

POLL_S = 0.5
"""Seconds of the person's time between two readings of a value."""
RETRY_S = (2.0, 5.0, 10.0, 30.0)
"""Pauses between attempts to connect, in the person's time."""
_NOT_POLLED = frozenset({"spectrum_counts", "peak_counts", "exposure_start_s"})


class DeviceKeeper:
    """Connects a device, connects it again when it was lost, and knows its state.

    Args:
        device: The device.
        pace: How bench time runs.
        changed: Called when something has happened that the window should see at once.
    """

    def __init__(self, device: BenchDevice, pace: Pace, changed: Callable[[], None]) -> None:
        self.device = device
        self.actions: dict[str, Action] = {}
        self._pace = pace
        self._changed = changed
        self._condition: DeviceCondition = "off"
        self._words = ""
        self._wanted = True
        self._ended = False
        self._attempts = 0
        self._retry_at_s: float | None = None
        self._wake = threading.Event()
        self._poller: Poller | None = None
        self._signals = _polled(device)
        self._shown = _shown(device)
        self._seen: dict[str, tuple[float, float]] = {}
        self._calibrations: tuple[Calibration, ...] = ()

    def want(self, *, connected: bool) -> None:
        """Say whether the device is to be connected."""
        self._wanted, self._attempts, self._retry_at_s = connected, 0, None
        self._wake.set()

    def end(self) -> None:
        """End the keeper; the device stays as it is."""
        self._ended = True
        self._wake.set()

    def repace(self) -> None:
        """Poll at the pace of the person again after the speed of bench time was changed."""
        if self._poller is not None:
            self._restart_polling()
        self._wake.set()

    def run(self) -> None:
        """Body of the keeper's thread, in bench time."""
        while not self._ended:
            self._wake.clear()
            pause_s = self._look()
            self._wake.wait(pause_s * self._pace.speed)
        self._stop_polling()

    def _look(self) -> float:
        """Do what is due; return for how long nothing is."""
        if not self._wanted:
            if self._condition != "off":
                self._disconnect()
            return RETRY_S[-1]
        if self._condition in ("off", "connecting", "lost") and not self.device.connected:
            return self._connect()
        problem = "" if self._poller is None else self._poller.problem
        if problem and not self.device.connected:
            self._say("lost", problem)
        elif problem:
            self._say("fault", problem)
        else:
            fault = _fault(self.device)
            self._say("fault" if fault else "ok", fault)
        return POLL_S

    def _connect(self) -> float:
        self._say("connecting" if self._attempts == 0 else "lost", self._words)
        try:
            self.device.connect()
        except InstrumentError as error:
            pause_s = RETRY_S[min(self._attempts, len(RETRY_S) - 1)]
            self._attempts += 1
            self._retry_at_s = self._pace.now_s() + pause_s * self._pace.speed
            self._say("lost", f"{error.message}. Check power and cable")
            return pause_s
        self._attempts, self._retry_at_s = 0, None
        self.actions = {action.info.name: action for action in actions_of(self.device)}
        self._calibrations = calibrations_of(self.device)
        self._restart_polling()
        self._say("ok", "")
        return POLL_S

    def _disconnect(self) -> None:
        self._stop_polling()
        try:
            self.device.make_safe()
        except InstrumentError as error:
            _LOGGER.error("%s: before it was disconnected: %s", self.device.name, error)
        self.device.disconnect()
        self._say("off", "")

    def _restart_polling(self) -> None:
        self._stop_polling()
        if self._signals:
            interval_s = POLL_S * max(1.0, self._pace.speed)
            self._poller = Poller(self.device.link, self._signals, interval_s=interval_s)
            self._poller.start()

    def _stop_polling(self) -> None:
        poller, self._poller = self._poller, None
        if poller is not None:
            poller.stop()

    def _say(self, condition: DeviceCondition, words: str) -> None:
        if (condition, words) != (self._condition, self._words):
            if condition != self._condition:
                _LOGGER.info("%s: %s %s", self.device.name, condition, words)
            self._condition, self._words = condition, words
            self._changed()

    # -- for the thread that tells the window; asks no instrument

    def info(self, model: str) -> DeviceInfo:
        """Return what does not change."""
        return DeviceInfo(
            name=self.device.name,
            kind=_kind(self.device),
            model=model,
            address=self.device.link.address,
            actions=tuple(action.info for action in actions_of(self.device)),
            limits=limits_of(self.device),
            notes=_notes(self.device),
        )

    def state(self) -> DeviceState:
        """Return the state now, from what is known already."""
        now_s = self._pace.now_s()
        speed = self._pace.speed
        readings = tuple(_reading(signal, self._age_s(signal)) for signal in self._shown)
        retry_at_s = self._retry_at_s
        return DeviceState(
            condition=self._condition,
            words=self._words,
            readings=readings if self._condition != "off" else (),
            set_point=_set_point(self.device),
            emission=emission_of(self.device),
            active=_active(self.device) if self._condition != "off" else "",
            identity=str(self.device.identity) if self.device.connected else "",
            calibrations=self._calibrations,
            retry_in_s=None if retry_at_s is None else max(0.0, (retry_at_s - now_s) / speed),
        )

    def _age_s(self, signal: InstrumentSignal) -> float | None:
        """Return for how long a value has been known, in the person's time."""
        if signal.cached is None:
            return None
        now_s = time.perf_counter()
        stamp, since_s = self._seen.get(signal.name, (float("nan"), now_s))
        if stamp != signal.timestamp:
            stamp, since_s = signal.timestamp, now_s
            self._seen[signal.name] = (stamp, since_s)
        return now_s - since_s


def keepers_of(bench: Bench, pace: Pace, changed: Callable[[], None]) -> dict[str, DeviceKeeper]:
    """Return a keeper for every device of a bench."""
    return {name: DeviceKeeper(bench[name], pace, changed) for name in bench}


def emission_of(device: BenchDevice) -> str:
    """Return the light that a device emits as far as is known, "" for none."""
    if not isinstance(device, LightSource):
        return ""
    booking = device.ledger.current
    if booking is None or booking.irradiance_mw_cm2 <= 0:
        return ""
    return f"{booking.wavelength_nm:.0f} nm  {booking.irradiance_mw_cm2:.3g} mW/cm²"


def states_of(keepers: Mapping[str, DeviceKeeper]) -> dict[str, DeviceState]:
    """Return the state of every device."""
    return {name: keeper.state() for name, keeper in keepers.items()}


def _all_signals(device: BenchDevice) -> list[InstrumentSignal]:
    found = [walk.item for walk in device.walk_signals()]
    return [signal for signal in found if isinstance(signal, InstrumentSignal)]


def _shown(device: BenchDevice) -> list[InstrumentSignal]:
    names = {*device.read_attrs}
    return [
        signal
        for signal in _all_signals(device)
        if signal.dotted_name in names and signal.attr_name not in _NOT_POLLED
    ]


def _polled(device: BenchDevice) -> list[InstrumentSignal]:
    if isinstance(device, Spectrometer):
        return []  # a spectrum is taken when somebody asks for one
    return _shown(device)


def _reading(signal: InstrumentSignal, age_s: float | None) -> Reading:
    value = signal.cached
    return Reading(
        name=signal.dotted_name,
        value=value.item() if hasattr(value, "item") else value,
        unit=signal.units,
        precision=signal.precision,
        age_s=age_s,
        doc=signal.doc,
    )


def _cached(device: BenchDevice, name: str) -> Any:
    for signal in _all_signals(device):
        if signal.attr_name == name:
            return signal.cached
    return None


def _fault(device: BenchDevice) -> str:
    if isinstance(device, PowerMeter):
        return ""  # it says why there is no number, and before the first reading there is none
    return str(_cached(device, "fault") or "")


def _active(device: BenchDevice) -> str:
    if isinstance(device, SyringePump):
        return "pumping" if device.is_pumping.cached == 1 else ""
    if isinstance(device, Thermostat):
        return "heating" if device.is_heating.cached == 1 else ""
    return "moving" if _cached(device, "is_moving") == 1 else ""


def _set_point(device: BenchDevice) -> str:
    """Return what a device was asked for, where no reading says it."""
    if isinstance(device, LightSource):
        return emission_of(device)
    if isinstance(device, SyringePump):
        dispense = device.dispensing
        return "" if dispense is None else str(dispense)
    if isinstance(device, Stage):
        targets = {name: axis.target_mm for name, axis in device.axes.items()}
        return ", ".join(f"{name} {mm:g} mm" for name, mm in targets.items() if mm is not None)
    return ""


def _kind(device: BenchDevice) -> str:
    """Return the kind in the words of the bench: the nearest class of ours that is not made up."""
    for cls in type(device).__mro__:
        if cls.__module__.startswith("instruments.") and cls.__name__ != "BenchDevice":
            return cls.__name__
    return type(device).__name__


def _notes(device: BenchDevice) -> tuple[str, ...]:
    if isinstance(device, LightSource):
        return tuple(str(channel) for channel in device.channels)
    if isinstance(device, SyringePump):
        syringe = device.syringe
        return (f"{syringe.name}, {syringe.capacity_ul:g} µL", syringe.contents)
    return ()
