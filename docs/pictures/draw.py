"""Draws the pictures of the documentation from a run on the simulated bench."""

import contextlib
import io
import json
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import regrow  # noqa: E402 - found only after the line above


def main() -> int:
    """Run the demonstration and keep its overview picture."""
    with tempfile.TemporaryDirectory() as folder:
        answer = io.StringIO()
        with contextlib.redirect_stdout(answer):
            code = regrow.main(["demo", "--json", "--runs", folder])
        run_folder = Path(json.loads(answer.getvalue())["run_folder"])
        shutil.copyfile(run_folder / "overview.png", HERE / "regrowth.png")
    return code


if __name__ == "__main__":
    sys.exit(main())
