"""Reading a bench file, with errors that say where."""

import datetime
import difflib
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from instruments.errors import ConfigurationError

T = TypeVar("T")


class Table:
    """One table of a bench file that knows its place and which of its keys were understood.

    Args:
        file: Name of the file, for messages.
        path: Place in the file, such as ``device.light``.
        data: What the file holds there.
    """

    def __init__(self, file: str, path: str, data: Mapping[str, Any]) -> None:
        self.file = file
        self.path = path
        self._data = data
        self._understood: dict[str, None] = {}

    def error(self, message: str) -> ConfigurationError:
        """Return an error that names the file and this table.

        Args:
            message: What is wrong, and what is allowed.
        """
        place = f"[{self.path}] " if self.path else ""
        return ConfigurationError(self.file, place + message)

    def peek(self, key: str) -> object:
        """Return what the file gives for a key, ``None`` for nothing; it still has to be read.

        Args:
            key: Name in the table.
        """
        return self._data.get(key)

    def __contains__(self, key: str) -> bool:
        """Return whether the file gives this key."""
        return key in self._data

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text.

        Args:
            key: Name in the table.
            default: Value when the key is not there; ``None`` makes it required.

        Raises:
            ConfigurationError: Missing, empty or no text.
        """
        value = self._get(key, default)
        if not isinstance(value, str) or (not value and default != ""):
            raise self.error(f"{key} must be a text, got {value!r}")
        return value

    def choice(self, key: str, default: T | None = None, *, choices: Sequence[T]) -> T:
        """Return one of several values.

        Args:
            key: Name in the table.
            default: Value when the key is not there; ``None`` makes it required.
            choices: What is allowed.

        Raises:
            ConfigurationError: Missing, or none of them.
        """
        value = self._get(key, default)
        for choice in choices:
            if value == choice and isinstance(value, bool) == isinstance(choice, bool):
                return choice
        raise self.error(f"{key} must be one of {', '.join(map(repr, choices))}, got {value!r}")

    def flag(self, key: str, default: bool | None = None) -> bool:
        """Return true or false.

        Args:
            key: Name in the table.
            default: Value when the key is not there; ``None`` makes it required.

        Raises:
            ConfigurationError: Missing, or neither.
        """
        return self.choice(key, default, choices=(True, False))

    def number(
        self, key: str, default: float | None = None, *, minimum: float, maximum: float
    ) -> float:
        """Return a number within limits; the unit is in the key's name.

        Args:
            key: Name in the table.
            default: Value when the key is not there; ``None`` makes it required.
            minimum: Smallest value allowed.
            maximum: Largest value allowed.

        Raises:
            ConfigurationError: Missing, no number, or outside the limits.
        """
        value = self._get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(f"{key} must be a number, got {value!r}")
        if not (math.isfinite(value) and minimum <= value <= maximum):
            raise self.error(f"{key} must be {minimum:g} to {maximum:g}, got {value!r}")
        return float(value)

    def integer(self, key: str, default: int | None = None, *, minimum: int, maximum: int) -> int:
        """Return a whole number within limits.

        Args:
            key: Name in the table.
            default: Value when the key is not there; ``None`` makes it required.
            minimum: Smallest value allowed.
            maximum: Largest value allowed.

        Raises:
            ConfigurationError: Missing, no whole number, or outside the limits.
        """
        value = self._get(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(f"{key} must be a whole number, got {value!r}")
        if not minimum <= value <= maximum:
            raise self.error(f"{key} must be {minimum} to {maximum}, got {value}")
        return value

    def date(self, key: str) -> datetime.date:
        """Return a date such as ``2026-11-02``, written without quotes.

        Args:
            key: Name in the table.

        Raises:
            ConfigurationError: Missing or no date.
        """
        value = self._get(key, None)
        if not isinstance(value, datetime.date):
            raise self.error(f"{key} must be a date like 2026-11-02 (no quotes), got {value!r}")
        return value.date() if isinstance(value, datetime.datetime) else value

    def table(self, key: str, *, required: bool = False) -> "Table":
        """Return a table inside this one, empty when it is not there.

        Args:
            key: Name in the table.
            required: Whether it must be there.

        Raises:
            ConfigurationError: Missing though required, or no table.
        """
        value = self._get(key, None if required else {})
        if not isinstance(value, Mapping):
            raise self.error(f"{key} must be a table, got {value!r}")
        return Table(self.file, self._inside(key), value)

    def tables(self, key: str) -> list["Table"]:
        """Return the tables of an array such as ``[[device.light.channel]]``.

        Args:
            key: Name in the table.

        Raises:
            ConfigurationError: Missing, empty, or no array of tables.
        """
        value = self._get(key, None)
        if not isinstance(value, list) or not value:
            raise self.error(f"{key} must be one or more [[{self._inside(key)}]] tables")
        for item in value:
            if not isinstance(item, Mapping):
                raise self.error(f"{key} must hold tables, got {item!r}")
        return [
            Table(self.file, f"{self._inside(key)} no. {number}", item)
            for number, item in enumerate(value, start=1)
        ]

    def items(self) -> Iterator[tuple[str, "Table"]]:
        """Return every table inside this one by name."""
        for key in self._data:
            yield key, self.table(key)

    def numbers(self, *, minimum: float, maximum: float) -> dict[str, float]:
        """Return every key of this table as a number.

        Args:
            minimum: Smallest value allowed.
            maximum: Largest value allowed.
        """
        return {key: self.number(key, minimum=minimum, maximum=maximum) for key in self._data}

    def series(self, key: str, *, minimum: float, maximum: float) -> tuple[float, ...]:
        """Return an array of numbers within limits; the unit is in the key's name.

        Args:
            key: Name in the table.
            minimum: Smallest value allowed.
            maximum: Largest value allowed.

        Raises:
            ConfigurationError: Missing, no array of numbers, or one outside the limits.
        """
        values = self._get(key, None)
        if not isinstance(values, list):
            raise self.error(f"{key} must be an array of numbers, got {values!r}")
        numbered = {f"{key} no. {at}": value for at, value in enumerate(values, start=1)}
        checked = Table(self.file, self.path, numbered).numbers(minimum=minimum, maximum=maximum)
        return tuple(checked.values())

    def finish(self) -> None:
        """Check that nothing was left over.

        Raises:
            ConfigurationError: A key that nothing asked for: a typing error, most likely.
        """
        for key in self._data:
            if key not in self._understood:
                close = difflib.get_close_matches(key, self._understood, n=1)
                hint = f"; did you mean {close[0]!r}?" if close else ""
                raise self.error(
                    f"unknown key {key!r}{hint} (allowed: {', '.join(sorted(self._understood))})"
                )

    def _inside(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def _get(self, key: str, default: object) -> object:
        self._understood[key] = None
        if key in self._data:
            return self._data[key]
        if default is None:
            raise self.error(f"{key} is missing")
        return default


def read_bench_file(path: Path) -> Table:
    """Return the outermost table of a bench file.

    Args:
        path: A TOML file.

    Raises:
        ConfigurationError: No such file, or no TOML.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            str(path), f"cannot be read: {error.strerror or error}; give the path of a bench file"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(str(path), f"is not a TOML file: {error}") from error
    return Table(str(path), "", data)
