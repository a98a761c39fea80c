"""Joint to the daemons of the yaq family."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any


def run_daemon(
    kind: type, config: dict[str, Any], steps: Callable[[Any], Coroutine[Any, Any, None]]
) -> None:
    """Run an unmodified daemon in this process, as its own program does, and let steps drive it.

    Its program cannot be used: today's fastavro refuses the slash in the names of its units.
    """

    async def run() -> None:
        daemon = kind("pump", {"port": 0, **config}, Path("none.toml"))
        try:
            await steps(daemon)
        finally:
            ours = asyncio.current_task()
            others = [task for task in asyncio.all_tasks() if task is not ours]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            daemon.close()

    asyncio.run(run())


def remember(monkeypatch: Any, folder: Path, kind: type, *, position_ml: float) -> None:
    """Let a daemon find its state, of a former time, in a folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    state = folder / "yaqd-state" / kind._kind / "pump-state.toml"
    state.parent.mkdir(parents=True)
    state.write_text(f"position = {position_ml}\ndestination = {position_ml}\n")


async def until(holds: Callable[[], bool], within_s: float = 20.0) -> None:
    """Wait until something holds.

    Raises:
        AssertionError: It does not in time.
    """
    for _ in range(round(within_s / 0.1)):
        if holds():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it did not happen in time")
