"""Clients that cannot share an environment with regrow.

InstrumentKit calls itself ``instruments``, too, and what matterlab-balances needs brings a package
named ``tests``. Each is installed in a folder of its own, given as REGROW_ASIDE, and runs in a
process of its own.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = os.environ.get("REGROW_ASIDE", "")


def aside(package: str) -> pytest.MarkDecorator:
    """Skip a test where a package is not installed aside."""
    is_there = bool(FOLDER) and (Path(FOLDER) / package).is_dir()
    return pytest.mark.skipif(not is_there, reason=f"no {package} in the folder REGROW_ASIDE")


def run_aside(package: str, script: str, *words: object) -> str:
    """Run a script with a package and return what it prints."""
    folder = Path(FOLDER).resolve() / package
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\nsys.path.insert(0, {str(folder)!r})\n{script}"]
        + [str(word) for word in words],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=folder,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
