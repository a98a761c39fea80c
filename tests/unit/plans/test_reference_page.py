"""The reference page of the plans is what the plans' signatures say."""

import runpy
from pathlib import Path

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


def test_the_page_is_up_to_date():
    written = (REFERENCE / "plans.md").read_text(encoding="utf-8")
    page = runpy.run_path(str(REFERENCE / "write_plans.py"))["page"]()
    assert written == page, "run: make reference"
