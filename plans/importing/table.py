"""Find the table of numbers in a text file."""

import codecs
import re
from dataclasses import dataclass
from itertools import islice
from typing import Final

_SAMPLE_LINES: Final = 600
_LONGEST_GAP: Final = 3
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?$")
_NOT_A_NUMBER: Final = frozenset({"nan", "inf", "-inf", "+inf", "na", "n/a", "#n/a", "-", "--"})
_SHAPES: Final = (("\t", "."), ("\t", ","), (";", "."), (";", ","), (",", "."), (" ", "."))


@dataclass(frozen=True, kw_only=True)
class Table:
    """Numbers with the words above them.

    Attributes:
        header: words of the line above the numbers, may be empty or shorter than the rows.
        rows: numbers, NaN where a cell is empty or holds a word.
        skipped: lines that are no part of the table, in number.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]
    skipped: int


def decode(data: bytes) -> str:
    """Decode text as instruments write it: UTF-8, UTF-16 with its mark, or Windows-1252."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def find_table(text: str) -> Table | None:
    """Return the first table of at least two columns of numbers, None when there is none.

    The separator (tab, semicolon, comma, blanks) and the decimal sign are those with which most
    lines are numbers. Lines before are looked through for column names; lines after a break of
    three that are no numbers are not read: instruments append their settings there.
    """
    lines = text.splitlines()
    separator, decimal = _best_shape(lines)
    header: tuple[str, ...] = ()
    rows: list[tuple[float, ...]] = []
    gap = skipped = 0
    for line in lines:
        cells = _split(line, separator)
        if _is_row(cells, decimal):
            rows.append(tuple(_value(cell, decimal) for cell in cells))
            gap = 0
            continue
        gap += 1
        skipped += bool(line.strip())
        if not rows and sum(bool(cell) for cell in cells) >= 2:
            header = tuple(cells)
        if rows and gap >= _LONGEST_GAP:
            if len(rows) >= _LONGEST_GAP:
                break
            rows.clear()  # numbers within the settings above the table
    return Table(header=header, rows=tuple(rows), skipped=skipped) if rows else None


def _best_shape(lines: list[str]) -> tuple[str, str]:
    sample = [line for line in islice(lines, 5 * _SAMPLE_LINES) if line.strip(" \t,;")]
    sample = sample[:_SAMPLE_LINES]

    def score(shape: tuple[str, str]) -> tuple[int, int]:
        separator, decimal = shape
        clean = [
            cells
            for cells in (_split(line, separator) for line in sample)
            if _is_row(cells, decimal) and all(_is_number(c, decimal) for c in cells if c)
        ]
        return len(clean), sum(map(len, clean))

    return max(_SHAPES, key=score)


def _split(line: str, separator: str) -> list[str]:
    cells = line.split() if separator == " " else line.split(separator)
    return [cell.strip().strip('"').strip() for cell in cells]


def _is_row(cells: list[str], decimal: str) -> bool:
    if len(cells) < 2 or not _is_number(cells[0], decimal):
        return False
    return any(_is_number(cell, decimal) or cell.lower() in _NOT_A_NUMBER for cell in cells[1:])


def _is_number(cell: str, decimal: str) -> bool:
    if decimal == ",":
        if "." in cell:
            return False
        cell = cell.replace(",", ".", 1)
    return _NUMBER.match(cell) is not None


def _value(cell: str, decimal: str) -> float:
    if not _is_number(cell, decimal):
        return float("inf") if cell.lower() in {"inf", "+inf"} else float("nan")
    plain = cell.replace(",", ".", 1) if decimal == "," else cell
    return float(plain.lower().replace("d", "e"))
