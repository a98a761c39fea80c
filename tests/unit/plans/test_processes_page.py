"""The page of processes names a place for each of the twenty, and every plan has a place on it."""

import re
from pathlib import Path

import pytest

from plans.catalogue import EXPERIMENTS

PAGE = Path(__file__).parents[3] / "docs" / "explanations" / "processes.md"
ROWS = {
    int(cells[0]): cells[1:]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if (cells := [cell.strip() for cell in line.strip("|").split("|")])[0].isdigit()
}
PREPARE = {"ife_check"}
"""Plans that serve all processes; besides them the calibrations."""


def test_all_twenty_are_there():
    assert sorted(ROWS) == list(range(1, 21))
    assert all(len(cells) == 3 for cells in ROWS.values())


@pytest.mark.parametrize("number", range(1, 21))
def test_each_has_a_plan_an_import_or_an_attachment(number):
    _, place, left = ROWS[number]
    plans = set(re.findall(r"`([a-z_]+)`", place)) & set(EXPERIMENTS)
    assert plans or "import" in place or "attachment" in place or "every plan" in place
    assert place or left


def test_what_is_called_a_plan_is_one():
    for _, place, _ in ROWS.values():
        for name in re.findall(r"[Pp]lans? `([a-z_]+)`", place):
            assert name in EXPERIMENTS


def test_every_plan_serves_a_process_or_prepares_it():
    text = PAGE.read_text(encoding="utf-8")
    missing = {n for n in EXPERIMENTS if f"`{n}`" not in text and not n.startswith("calibrate_")}
    assert missing <= PREPARE
