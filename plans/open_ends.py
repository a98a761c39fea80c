"""Off is confirmed after a run; what is not outlives the program."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from instruments.bench import Bench, SafeOutcome
from instruments.open_ends import OpenEnds
from plans.live.light_seen import LightSeen
from plans.off import confirm_dark, confirm_off

_LOGGER = logging.getLogger(__name__)


class OpenEndsDesk:
    """Keeps what is not certain of a real bench until the person has acknowledged it.

    Only of devices that were connected: what this program could not reach it has not switched on.

    Args:
        bench: The bench.
        bench_file: Its file; None for a simulated one, of which nothing is kept.
        say: Receives sentences for the person.
    """

    def __init__(
        self, bench: Bench, bench_file: Path | None, *, say: Callable[[str], None] = _LOGGER.error
    ) -> None:
        self._bench = bench
        self._say = say
        self._ends = None if bench_file is None else OpenEnds(bench_file)

    def texts(self) -> tuple[str, ...]:
        """What nobody has acknowledged yet, in words."""
        return () if self._ends is None else tuple(str(end) for end in self._ends.read())

    def refuse(self) -> None:
        """Refuse a run while something is not acknowledged.

        Raises:
            DeviceFaultError: What it is.
        """
        if self._ends is not None:
            self._ends.refuse()

    def confirm(self, seen: LightSeen) -> tuple[str, ...]:
        """See that all is off after a run; a line that is lost confirms nothing.

        What does not confirm is tried again for half a minute. The spectrometer looks as well.

        Args:
            seen: What it saw during the run.

        Returns:
            What could not be confirmed, a sentence each; it is kept.
        """
        used = self._used(self._bench.devices)
        ends = confirm_off(used, self._say) + confirm_dark(used, seen, self._say)
        self._keep(ends)
        return tuple(ends)

    def keep_unless_confirmed(self, outcomes: Iterable[SafeOutcome]) -> None:
        """Try again what did not confirm, and keep what still does not.

        Args:
            outcomes: Of making the bench safe.
        """
        used = self._used(o.device for o in outcomes if not o.confirmed)
        if self._ends is not None and used.devices:
            self._keep(confirm_off(used, self._say))

    def _used(self, names: Iterable[str]) -> Bench:
        devices = {name: self._bench[name] for name in names}
        used = {name: device for name, device in devices.items() if device.was_connected}
        return Bench(self._bench.name, used)

    def _keep(self, texts: list[str]) -> None:
        if self._ends is None:
            return
        try:
            self._ends.note(texts)
        except OSError as error:
            self._say(f"what was not confirmed off cannot be kept for the next run: {error}")

    def acknowledge(self, text: str) -> None:
        """Note that the person has looked.

        Args:
            text: What was acknowledged.
        """
        _LOGGER.warning("acknowledged: %s", text)
        if self._ends is not None:
            self._ends.acknowledge()
