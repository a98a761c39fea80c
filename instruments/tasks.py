"""Work in a thread, with a status that tells how it ended."""

import threading
from collections.abc import Callable

from ophyd.status import Status, StatusTimeoutError, WaitTimeoutError


def start_task(work: Callable[[], object], status: Status, name: str) -> None:
    """Do the work in a daemon thread and settle the status with what came of it.

    Args:
        work: what to do; it must end by itself, by the time-outs of its link.
        status: finished when the work returns, failed with what it raises.
        name: name of the thread.
    """

    def run() -> None:
        try:
            work()
        except (StatusTimeoutError, WaitTimeoutError) as error:
            # ophyd keeps these two for its own use and refuses them as the cause of a failure.
            status.set_exception(TimeoutError(str(error)))
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the status
            status.set_exception(error)
        else:
            status.set_finished()

    threading.Thread(target=run, name=name, daemon=True).start()
