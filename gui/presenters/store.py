"""Small files that must survive a crash: queue, presets, what was running."""

import json
import logging
import os
import tempfile
from pathlib import Path
from typing import Any

_LOGGER = logging.getLogger(__name__)


def read_json(path: Path) -> Any:
    """Return what a file holds, None when there is none or it is damaged.

    Args:
        path: The file.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        _LOGGER.warning("%s cannot be read (%s); it is left as it is", path, error)
        return None


def write_json(path: Path, content: Any) -> None:
    """Write a file so that after a crash it holds the old or the new content, never half of it.

    Args:
        path: The file.
        content: Anything that JSON can hold.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, delete=False, suffix=".part"
    ) as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)
