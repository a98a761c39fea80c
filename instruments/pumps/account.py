"""How much is left in a syringe, on file so that it survives a restart.

A dispense is written down before it begins: when the program dies in the middle of it, the next one
takes it as delivered, which is the most that can have left the syringe.
"""

import contextlib
import json
import logging
import os
import threading
from pathlib import Path

from instruments.errors import ConfigurationError
from instruments.pumps.dispense import Direction, Syringe

_LOGGER = logging.getLogger(__name__)


class SyringeAccount:
    """The account of one syringe; for any thread.

    Args:
        pump: Name of the pump, for messages.
        syringe: What the bench file says of it. Another syringe or another loaded volume than on
            file means that it was filled anew.
        file: Where the account is kept; ``None`` forgets it with the program.

    Raises:
        ConfigurationError: The file cannot be read.
    """

    def __init__(self, pump: str, syringe: Syringe, file: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.infused_ul = 0.0
        self.withdrawn_ul = 0.0
        self._pump = pump
        self._syringe = syringe
        self._file = file
        self._loaded_ul = syringe.loaded_ul
        self._pending: tuple[Direction, float] | None = None
        if file is not None and file.exists():
            self._restore(file)

    @property
    def remaining_ul(self) -> float:
        """What is left, without a dispense under way."""
        with self.lock:
            return self._loaded_ul - self.infused_ul + self.withdrawn_ul

    def fill(self, volume_ul: float) -> None:
        """Begin anew.

        Args:
            volume_ul: What is in the syringe.
        """
        with self.lock:
            self._loaded_ul, self.infused_ul, self.withdrawn_ul = volume_ul, 0.0, 0.0
            self._pending = None
            self._save()

    def begin(self, direction: Direction, volume_ul: float) -> None:
        """Write down what is about to be dispensed.

        Args:
            direction: Out of the syringe or into it.
            volume_ul: How much.
        """
        with self.lock:
            self._pending = direction, volume_ul
            self._save()

    def book(self, direction: Direction, volume_ul: float) -> None:
        """Add what was dispensed.

        Args:
            direction: Out of the syringe or into it.
            volume_ul: How much.
        """
        with self.lock:
            if direction == "infuse":
                self.infused_ul += volume_ul
            else:
                self.withdrawn_ul += volume_ul
            self._pending = None
            self._save()

    # -- on file -----------------------------------------------------------------------------

    def _restore(self, file: Path) -> None:
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            same = data["syringe"] == self._syringe.name
            same = same and data["bench_loaded_ul"] == self._syringe.loaded_ul
            volumes_ul = [float(data[key]) for key in ("loaded_ul", "infused_ul", "withdrawn_ul")]
            pending = data["pending"]
            if pending is not None:
                pending = pending["direction"], float(pending["volume_ul"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                self._pump,
                f"the account {file} cannot be read ({error!r}): look how much is in the syringe, "
                "set loaded_volume_ul and delete the file",
            ) from error
        if not same:
            _LOGGER.info("%s: the syringe was filled anew since %s", self._pump, file)
            return
        self._loaded_ul, self.infused_ul, self.withdrawn_ul = volumes_ul
        if pending is not None:
            _LOGGER.warning(
                "%s: the program ended during a dispense (%s %g uL), which is taken as delivered; "
                "look at the syringe",
                self._pump,
                *pending,
            )
            self.book(*pending)

    def _save(self) -> None:
        if self._file is None:
            return
        pending = None
        if self._pending is not None:
            pending = {"direction": self._pending[0], "volume_ul": self._pending[1]}
        data = {
            "syringe": self._syringe.name,
            "bench_loaded_ul": self._syringe.loaded_ul,
            "loaded_ul": self._loaded_ul,
            "infused_ul": self.infused_ul,
            "withdrawn_ul": self.withdrawn_ul,
            "pending": pending,
        }
        draft = self._file.with_name(f"{self._file.name}.new")
        try:
            with draft.open("w", encoding="utf-8") as stream:
                json.dump(data, stream)
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(self._file)
        except OSError as error:
            _LOGGER.error("%s: the account cannot be written: %s", self._pump, error)
            with contextlib.suppress(OSError):
                draft.unlink()
