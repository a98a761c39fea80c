"""Strict reading of configuration tables.

A key that nobody asked for is an error that names the allowed ones: a misspelt setting must not
leave a default in force.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


class SampleConfigurationError(ValueError):
    """A sample file or a simulation table does not describe a sample."""


_REQUIRED = object()


class Table:
    """One table being read; every key is taken once, then ``finish`` refuses the rest.

    Args:
        values: The table.
        where: File and table, for messages.
    """

    def __init__(self, values: object, where: str) -> None:
        if not isinstance(values, Mapping):
            message = f"{where}: a table is expected here, found {values!r}"
            raise SampleConfigurationError(message)
        self._values = dict(values)
        self._known: list[str] = []
        self.where = where

    def __contains__(self, key: str) -> bool:
        """Tell whether a key is given, without taking it."""
        return key in self._values

    def number(
        self,
        key: str,
        default: float | None = None,
        *,
        low: float = -math.inf,
        high: float = math.inf,
    ) -> float:
        """Take a number between limits; without a default the key is required."""
        value = self._take(key, _REQUIRED if default is None else default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(key, value, "a number")
        if not (math.isfinite(value) and low <= value <= high):
            raise self._wrong(key, value, f"a number from {low:g} to {high:g}")
        return float(value)

    def integer(self, key: str, default: int | None = None, *, low: int = 0) -> int:
        """Take a whole number of at least ``low``."""
        value = self._take(key, _REQUIRED if default is None else default)
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise self._wrong(key, value, f"a whole number of at least {low}")
        return value

    def text(self, key: str, default: str | None = None, *, among: tuple[str, ...] = ()) -> str:
        """Take a text, one of ``among`` if that is given."""
        value = self._take(key, _REQUIRED if default is None else default)
        if not isinstance(value, str) or (among and value not in among):
            raise self._wrong(key, value, f"one of {', '.join(among)}" if among else "a text")
        return value

    def numbers(self, key: str) -> tuple[float, ...]:
        """Take a list of numbers, empty when the key is absent."""
        values = self._take(key, [])
        if not isinstance(values, list) or not all(isinstance(v, int | float) for v in values):
            raise self._wrong(key, values, "a list of numbers")
        return tuple(float(value) for value in values)

    def texts(self, key: str) -> tuple[str, ...]:
        """Take a list of texts, empty when the key is absent."""
        values = self._take(key, [])
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            raise self._wrong(key, values, "a list of texts")
        return tuple(values)

    def inner_tables(self) -> dict[str, Table]:
        """Take all tables inside this one, by their names."""
        names = [key for key, value in self._values.items() if isinstance(value, Mapping)]
        return {name: Table(self._values.pop(name), f"{self.where}.{name}") for name in names}

    def table(self, key: str) -> Table:
        """Take a table, empty when the key is absent."""
        return Table(self._take(key, {}), f"{self.where}.{key}")

    def tables(self, key: str) -> list[Table]:
        """Take a list of tables, empty when the key is absent."""
        values = self._take(key, [])
        if not isinstance(values, list):
            raise self._wrong(key, values, f"tables [[{key}]]")
        return [Table(value, f"{self.where}.{key}[{n}]") for n, value in enumerate(values)]

    def finish(self) -> None:
        """Refuse the keys that nobody took.

        Raises:
            SampleConfigurationError: When there is one; the message names those allowed.
        """
        unknown = sorted(self._values.keys() - set(self._known))
        if unknown:
            allowed = ", ".join(sorted(self._known))
            message = f"{self.where}: unknown key {unknown[0]!r}; allowed are {allowed}"
            raise SampleConfigurationError(message)

    def _take(self, key: str, default: object) -> Any:
        self._known.append(key)
        if key in self._values:
            return self._values[key]
        if default is _REQUIRED:
            message = f"{self.where}: the key {key!r} is missing"
            raise SampleConfigurationError(message)
        return default

    def _wrong(self, key: str, value: object, expected: str) -> SampleConfigurationError:
        message = f"{self.where}: {key} = {value!r}, but {expected} is expected"
        return SampleConfigurationError(message)
