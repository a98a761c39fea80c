"""Starts the process that reads old runs: ``python -m gui.archive``."""

import sys

from gui import pipe
from gui.archive.desk import answer


def main() -> int:
    """Answer requests until the window ends."""
    sender = pipe.Sender(pipe.take_stdout(), name="to-window")
    for request in pipe.receive(sys.stdin.buffer):
        sender.put(answer(request))
    sender.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
