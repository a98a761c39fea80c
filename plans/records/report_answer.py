"""The section of the report on what the plan found."""

from collections.abc import Iterator

from plans.records import html
from plans.records.answer import Columns, answer, cell_text, tables, with_uncertainty
from plans.records.answer_figure import answer_png
from plans.records.quantities import worded
from plans.records.run import Run

MOST_ROWS = 40  # of a table; the others are in the file of the table
HEADINGS = {
    "results": "Results",
    "spots": "Each spot",
    "search": "The search",
    "readings": "Readings",
    "failed_cells": "Cells without a signal",
}


def found(run: Run) -> Iterator[str]:
    """Yield the answer of the plan, its picture and its tables.

    Args:
        run: The run.
    """
    told, shown = answer(run), tables(run)
    if told is None and not shown:
        yield html.paragraph("The run ended before the plan had an answer.")
        return
    if told is None:
        yield html.paragraph("The run ended before the plan had an answer; its rows are here.")
    else:
        for name, words in told.sentences:
            yield html.paragraph(f"{name}: {words}", "end")
        yield html.table([(html.escape(name), html.escape(text)) for name, text in told.figures])
    picture = answer_png(str(run.start.get("plan_name")), shown)
    if picture is not None:
        yield html.picture(picture, "The results of the plan as a curve", "")
    for stream, columns in shown.items():
        yield f"<h3>{html.escape(HEADINGS[stream])}</h3>"
        yield from _table(stream, columns)


def _table(stream: str, columns: Columns) -> Iterator[str]:
    names = with_uncertainty(list(columns))
    rows = len(next(iter(columns.values())))
    step = -(-rows // MOST_ROWS)
    cells = [
        tuple(
            html.escape(
                cell_text(name, columns[name][row], float(columns[error][row]) if error else nan)
            )
            for name, error in names.items()
        )
        for row in range(0, rows, step)
        for nan in (float("nan"),)
    ]
    heading = [f"{words}, {unit}" if unit else words for words, unit in map(worded, names)]
    yield f'<div class="wide">{html.table(cells, heading=heading, kind="numbers")}</div>'
    if step > 1:
        text = f"Every {step}. of {rows} rows; all are in {stream}.csv."
        yield html.paragraph(text, "small")
