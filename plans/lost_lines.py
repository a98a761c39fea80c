"""Ends a run that has lost the line to what sees or emits."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from instruments.bench import Bench
from instruments.device import BenchDevice
from instruments.errors import InstrumentError
from instruments.light_sources import LightSource
from instruments.pumps import SyringePump
from instruments.spectrometers import Spectrometer
from instruments.tasks import start_or_do
from instruments.thermal import Thermostat
from plans.engine import Engine

_log = logging.getLogger(__name__)

BACK_WITHIN_S = 1.0  # with a quarter of a second between looks and as much to act: off within 2 s
_BETWEEN_TRIES_S = 0.2
_LONGEST_WAIT_S = 5.0
_SEE_OR_EMIT = (Spectrometer, LightSource, SyringePump, Thermostat)


class LostLines:
    """Looks after the lines of what sees and what emits, pumps or heats in a run.

    A plan that waits, for the end of an exposure say, would go on blind and lit until its next
    reading. An instrument counts from the first value of it that the run records; the loss of any
    other one is found by the next step that needs it.

    A line is asked nothing: the operating system knows of a connection that was closed, a port or a
    USB device that has left. One that is lost is opened again; when that does not succeed within
    `BACK_WITHIN_S`, everything is switched off and the run is aborted.

    Args:
        engine: It carries out the run.
        bench: What it runs on.
        say: Receives sentences for the person.
    """

    def __init__(self, engine: Engine, bench: Bench, say: Callable[[str], None]) -> None:
        self._engine = engine
        self._bench = bench
        self._say = say
        self._lock = threading.Lock()
        self._read: dict[str, set[str]] = {}  # names of devices, by run
        self._lost_s: dict[str, float] = {}
        self._has_ended = False
        self._threads: list[threading.Thread] = []
        run_engine = engine.run_engine
        self._tokens = [run_engine.subscribe(self._note, name) for name in ("descriptor", "stop")]

    def close(self) -> None:
        """Look no more, and wait for what is still being done."""
        for token in self._tokens:
            self._engine.run_engine.unsubscribe(token)
        for thread in self._threads:
            thread.join(_LONGEST_WAIT_S)

    @property
    def names(self) -> set[str]:
        """The devices that are looked after at present."""
        with self._lock:
            read = set().union(*self._read.values())
        devices = self._bench.devices
        return {name for name in read if isinstance(devices.get(name), _SEE_OR_EMIT)}

    def _note(self, name: str, doc: Mapping[str, Any]) -> None:
        with self._lock:
            if name == "descriptor":
                self._read.setdefault(doc["run_start"], set()).update(doc["object_keys"])
            else:
                self._read.pop(doc["run_start"], None)
                self._has_ended = False

    def look(self) -> None:
        """Look once; to be called several times a second, from one thread. It never waits."""
        if self._has_ended or not self._engine.is_running:
            return
        now_s = time.monotonic()
        for name in self.names:
            device = self._bench[name]
            if not (device.was_connected and device.link.is_gone):
                if self._lost_s.pop(name, None) is not None:
                    self._say(f"{name}: the line was lost for a moment; the run goes on")
            elif name not in self._lost_s:
                self._lost_s[name] = now_s
                self._aside(partial(self._open_again, device))
            elif now_s - self._lost_s[name] >= BACK_WITHIN_S:
                self._end(name, device)
                return

    def _open_again(self, device: BenchDevice) -> None:
        end_s = time.monotonic() + BACK_WITHIN_S
        while device.link.is_gone and time.monotonic() < end_s:
            try:
                device.link.open()
            except InstrumentError as error:
                _log.info("%s", error)
                time.sleep(_BETWEEN_TRIES_S)

    def _end(self, name: str, device: BenchDevice) -> None:
        self._has_ended = True
        self._lost_s.clear()
        reason = (
            f"{name}: the line to {device.link.address} was lost during the run and did not come "
            "back: check power and cable"
        )
        self._say(f"THE LINE TO {name} IS LOST: switching everything off and ending the run")
        self._aside(lambda: self._engine.abort(reason))
        self._aside(self._bench.make_safe)  # the engine may be in the middle of a message

    def _aside(self, work: Callable[[], object]) -> None:
        thread = start_or_do(work, "lost-line")
        if thread is not None:
            self._threads.append(thread)
