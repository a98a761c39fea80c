"""One owner at a time: of a bench, a port, a run.

A lock of the operating system on a file: it ends with the process that holds it, however that
ends, so that no lock is ever left behind. Beside it stands in words who holds it and since when.
"""

import contextlib
import getpass
import hashlib
import json
import os
import socket
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from instruments.errors import BusyError

_FOLDER_VARIABLE = "REGROW_LOCKS"


def locks_folder() -> Path:
    """Return the folder of this computer's locks; ``REGROW_LOCKS`` names another one."""
    named = os.environ.get(_FOLDER_VARIABLE)
    if named:
        return Path(named)
    shared = os.environ.get("PROGRAMDATA") or tempfile.gettempdir()
    return Path(shared) / "regrow" / "locks"


class OwnerLock:
    """The right to be the only one; taken by one process at a time.

    Args:
        what: What is owned, for messages, such as "bench /home/lab/left-hood.toml".
        path: The lock's file; None makes one in the folder of this computer's locks.
    """

    def __init__(self, what: str, path: Path | None = None) -> None:
        self.what = what
        if path is None:
            path = locks_folder() / f"{hashlib.sha256(what.encode()).hexdigest()[:24]}.lock"
        self.path = path
        self._lock = FileLock(path, thread_local=False)

    @property
    def held(self) -> bool:
        """Tell whether this object holds it."""
        return bool(self._lock.is_locked)

    @property
    def holder(self) -> str:
        """Who has it, or had it last, in words."""
        try:
            about = json.loads(self._words.read_text(encoding="utf-8"))
            return (
                f"process {about['pid']} of {about['user']} on {about['host']} "
                f"({about['program']}), since {about['since']}"
            )
        except (OSError, ValueError, LookupError, TypeError):
            return "another process that did not say who it is"

    def acquire(self, *, program: str = "regrow", wait_s: float = 0.0) -> None:
        """Take it; harmless when this object has it.

        Args:
            program: What the owner does, in a word, for whoever comes in vain.
            wait_s: How long to wait for the one who has it.

        Raises:
            BusyError: Somebody else has it; the message says who and since when.
        """
        if self.held:
            return
        try:
            make_locks_folder(self.path.parent)
            self._lock.acquire(timeout=wait_s)
        except Timeout:
            raise BusyError(
                self.what,
                f"is in use by {self.holder}; end that program first. There is nothing to delete: "
                "the lock ends with its process",
            ) from None
        except OSError as error:
            raise BusyError(
                self.what, f"its lock {self.path} cannot be made ({error}); check the folder"
            ) from error
        self._say_who(program)

    def release(self, *, remove: bool = False) -> None:
        """Give it back; harmless when this object does not have it.

        Args:
            remove: Whether to take the lock's file away, too.
        """
        if not self.held:
            return
        with contextlib.suppress(OSError):  # the words are for people only
            self._words.unlink(missing_ok=True)
        self._lock.release()
        if remove:
            with contextlib.suppress(OSError):  # somebody else has it by now
                self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        """Take it."""
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self.release()

    @property
    def _words(self) -> Path:
        return self.path.with_suffix(".holder.json")

    def _say_who(self, program: str) -> None:
        about = {
            "what": self.what,
            "pid": os.getpid(),
            "user": _user(),
            "host": socket.gethostname(),
            "program": program,
            "since": datetime.now(tz=UTC).astimezone().isoformat(sep=" ", timespec="seconds"),
        }
        with contextlib.suppress(OSError):  # the lock holds without them
            self._words.write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "an unknown user"


def make_locks_folder(folder: Path) -> None:
    """Make the folder of the locks, for all users of this computer.

    Args:
        folder: As `locks_folder` returns it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):  # for the other users of this computer
        folder.chmod(0o777)
