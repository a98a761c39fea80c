"""Tables and report of every run, written behind the queue."""

import logging
import queue
import threading
from collections.abc import Mapping
from typing import Any

from plans.records import RunFolder, RunRecorder, write_exports

_log = logging.getLogger(__name__)


class ReportsBehind:
    """A callback that writes the report of a finished run in a thread of its own.

    A queue goes on with its next plan at once; drawing a report takes seconds and must not be on
    the engine's thread. What cannot be written is logged: ``regrow report RUN`` writes it again.

    Args:
        recorder: Writes the runs; must be subscribed before this one.
    """

    def __init__(self, recorder: RunRecorder) -> None:
        self._recorder = recorder
        self._folders: queue.Queue[RunFolder | None] = queue.Queue()
        self._thread: threading.Thread | None = None

    def __call__(self, name: str, document: Mapping[str, Any]) -> None:
        """Note a run that has ended.

        Args:
            name: Kind of the document.
            document: Its content.
        """
        folder = self._recorder.run_folder
        if name != "stop" or folder is None:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_all, name="reports", daemon=True)
            self._thread.start()
        self._folders.put(folder)

    def close(self, timeout_s: float = 60.0) -> None:
        """Write what is still waiting, then end the thread; twice is harmless.

        Args:
            timeout_s: How long to wait for it, s.
        """
        thread, self._thread = self._thread, None
        if thread is not None:
            self._folders.put(None)
            thread.join(timeout_s)

    def _write_all(self) -> None:
        while (folder := self._folders.get()) is not None:
            try:
                write_exports(folder)
            except Exception:  # noqa: BLE001 - the run itself is on disk; the next report must not suffer
                _log.exception("the report of %s was not written", folder.path)
