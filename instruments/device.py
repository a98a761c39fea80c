"""What every device of the bench has in common.

A device is what plans and the window see of an instrument: an ophyd device in front of a driver.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any, Protocol

from ophyd import Device

from instruments.driver import Identity
from instruments.errors import InstrumentError, LinkTimeoutError, NotConnectedError
from instruments.links import Link
from instruments.tasks import Status, start_or_do, start_task

_LOGGER = logging.getLogger(__name__)


class Driver(Protocol):
    """What a device needs of any driver."""

    @property
    def link(self) -> Link:
        """The line to the instrument."""
        ...

    def identify(self) -> Identity:
        """Ask the instrument who it is."""
        ...

    def make_safe(self) -> None:
        """Switch off whatever emits, moves or heats, and confirm it."""
        ...


class BenchDevice(Device):
    """A device of the bench.

    Args:
        name: name on the bench, and start of all its keys in the documents.
        driver: the instrument.
        **kwargs: as for `ophyd.Device`.
    """

    def __init__(self, *, name: str, driver: Driver, **kwargs: Any) -> None:
        self._driver = driver
        self._identity: Identity | None = None
        super().__init__("", name=name, **kwargs)

    def __repr__(self) -> str:
        """Say what and which it is; ophyd's own asks every signal, and is asked at every step."""
        return f"{type(self).__name__}(name={self.name!r})"

    # -- connection

    def connect(self) -> None:
        """Open the line, ask who is there and prepare the instrument.

        Raises:
            InstrumentError: it did not answer as it should; the line is closed again.
        """
        try:
            self._driver.link.open()
            self._identity = self._driver.identify()
            self.prepare()
        except InstrumentError:
            self.disconnect()
            raise
        _LOGGER.info("%s: connected to %s", self.name, self._identity)

    def ask_identity(self) -> Identity:
        """Open the line, ask who is there and close it again; nothing is set.

        Raises:
            InstrumentError: it did not answer as it should.
        """
        try:
            self._driver.link.open()
            return self._driver.identify()
        finally:
            self.disconnect()

    def prepare(self) -> None:
        """Bring the instrument to where the bench wants it; called when it is connected."""

    def disconnect(self) -> None:
        """Close the line; harmless when it is closed."""
        self._identity = None
        self._driver.link.close()

    @property
    def connected(self) -> bool:
        """Tell whether the device was connected and its line is open."""
        return self._identity is not None and self._driver.link.connected

    @property
    def was_connected(self) -> bool:
        """Tell whether the device was connected, though its line may be lost at the moment."""
        return self._identity is not None

    @property
    def link(self) -> Link:
        """The line to the instrument."""
        return self._driver.link

    @property
    def identity(self) -> Identity:
        """Who answered when the device was connected.

        Raises:
            NotConnectedError: nobody yet.
        """
        if self._identity is None:
            raise NotConnectedError(self.name, "is not connected; call connect() first")
        return self._identity

    # -- safety

    def make_safe(self, timeout_s: float = 2.0) -> None:
        """Switch off whatever emits, moves or heats, before all else that uses the line.

        Args:
            timeout_s: how long the caller waits, s. The attempt goes on behind its back.

        Raises:
            InstrumentError: it is not certain that all is off.
        """
        done = threading.Event()
        failures: list[BaseException] = []

        def work() -> None:
            try:
                self._switch_off(timeout_s)
            except BaseException as error:  # noqa: BLE001 - handed to the caller
                failures.append(error)
            finally:
                done.set()

        start_or_do(work, f"{self.name}-make-safe")
        if not done.wait(timeout_s):
            raise LinkTimeoutError(
                self.name,
                f"did not confirm within {timeout_s:g} s that it is off: switch it off by hand",
            )
        for failure in failures:
            raise failure

    def _switch_off(self, timeout_s: float) -> None:
        link = self._driver.link
        with link.exchange(urgent=True, timeout_s=timeout_s):
            was_open = link.connected
            link.open()
            try:
                self._driver.make_safe()
            finally:
                if not (was_open or self._identity):
                    link.close()

    # -- work that takes time

    def run_in_thread(self, work: Callable[[], object], timeout_s: float) -> Status:
        """Do work in a daemon thread named after the device.

        Args:
            work: what to do; it must end by itself, by the time-outs of the link.
            timeout_s: after how long the status fails, s.

        Returns:
            A status that is done when the work returns, and fails with what it raises. On failure
            ophyd calls the `stop` of the device.
        """
        status = Status(self, timeout_s=timeout_s, on_failure=lambda _: self.stop())
        start_task(work, status, self.name)
        return status
