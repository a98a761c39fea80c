"""Let another process read a file first: a damaged one can hang or crash a library."""

import subprocess
import sys
from pathlib import Path
from typing import Final

RAISED: Final = 1
"""Exit code of a Python program that an exception ended."""

_PATIENCE_S: Final = 30.0
_SLOWEST_BYTES_PER_S: Final = 5e6


def read_apart(program: str, path: Path) -> subprocess.CompletedProcess[bytes]:
    """Run a Python program on a file in another process.

    Args:
        program: Its text; the path of the file is its first argument.
        path: The file.

    Returns:
        What it wrote, and its exit code: `RAISED` after an exception, a number below zero or above
        that when it crashed.

    Raises:
        TimeoutError: It did not come back within half a minute and what the size of the file
            allows.
    """
    patience_s = _PATIENCE_S + path.stat().st_size / _SLOWEST_BYTES_PER_S
    try:
        return subprocess.run(
            [sys.executable, "-P", "-c", program, str(path.resolve())],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=patience_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"reading did not end within {patience_s:.0f} s") from error
