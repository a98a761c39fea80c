"""Writes plans.md beside this file from the plans' own signatures."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from plans.catalogue import EXPERIMENTS  # noqa: E402 - found only after the line above
from plans.experiments.base import Experiment, describe  # noqa: E402
from plans.parameters import Parameter  # noqa: E402

HEAD = """# Plans

Made by `make reference` from the plans' own signatures: what the command line, the window and a
queue server take is exactly what stands here. `regrow plans NAME` prints the same;
`regrow run NAME --check` says what a bench would refuse.
"""


def page() -> str:
    """Return the whole page."""
    parts = [HEAD, *(part for each in EXPERIMENTS.values() for part in section(each))]
    return "\n".join(parts)


def section(experiment: type[Experiment]) -> Iterator[str]:
    """Yield the section of one plan."""
    plan = describe(experiment)
    yield f"## {plan.name}\n"
    yield f"{words(experiment)}\n"
    yield "| device | kind | |\n|---|---|---|"
    for device in plan.devices:
        need = "needed" if device.required else "if there is one"
        yield f"| `{device.name}` | {device.kind}, {need} | {cell(device.quantity.help)} |"
    yield "\n| parameter | default | allowed | |\n|---|---|---|---|"
    for parameter in plan.parameters:
        yield row(parameter)
    yield ""


def words(experiment: type[Experiment]) -> str:
    """Return what the plan does, a paragraph a line."""
    paragraphs = re.split(r"\n\s*\n", experiment.__doc__ or "")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs).strip()


def row(parameter: Parameter) -> str:
    """Return the line of a parameter."""
    unit = f" {parameter.quantity.unit}" if parameter.quantity.unit else ""
    default = parameter.default_text() or "(empty)"
    allowed = parameter.allowed()
    shown = default + (unit if default != "none" else "")
    cells = [f"`{parameter.name}`", shown, allowed + (unit if allowed else "")]
    return f"| {' | '.join(map(cell, [*cells, parameter.quantity.help]))} |"


def cell(text: str) -> str:
    """Return a text that does not break a table."""
    return text.replace("|", "\\|")


if __name__ == "__main__":
    (HERE / "plans.md").write_text(page(), encoding="utf-8")
