"""The least that a document must be for a record to be read."""

import math
from collections.abc import Mapping
from typing import Any


def check(name: str, document: Mapping[str, Any]) -> None:
    """Check that a document has the fields that readers rely on; unknown kinds pass.

    Args:
        name: Kind of the document.
        document: Its content.

    Raises:
        ValueError: It has not; the message names the field.
    """
    for field, kind in _FIELDS.get(name, {}).items():
        value = document.get(field)
        if not _is(value, kind):
            raise ValueError(f"its {field!r} is {str(value)[:60]!r}")
    for field in _TABLES.get(name, ()):
        for key, table in document.get(field, {}).items():
            if not isinstance(table, Mapping):
                raise ValueError(f"{key!r} in its {field!r} is {str(table)[:60]!r}")


_FIELDS: Mapping[str, Mapping[str, type]] = {
    "start": {"uid": str, "time": float},
    "stop": {"run_start": str, "time": float, "exit_status": str},
    "descriptor": {"uid": str, "data_keys": dict},
    "event": {"descriptor": str, "seq_num": int, "time": float, "data": dict},
    "stream_resource": {"uid": str, "data_key": str, "uri": str, "parameters": dict},
    "stream_datum": {
        "stream_resource": str,
        "descriptor": str,
        "indices": dict,
        "seq_nums": dict,
    },
}
_TABLES: Mapping[str, tuple[str, ...]] = {"descriptor": ("data_keys", "configuration")}
_LARGEST_INTEGER = 2**53


def _is(value: object, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    if kind is float and isinstance(value, int | float):
        return abs(value) < _LARGEST_INTEGER and math.isfinite(value)
    if kind is int and isinstance(value, int):
        return 0 <= value < _LARGEST_INTEGER
    return kind not in (int, float) and isinstance(value, kind)
