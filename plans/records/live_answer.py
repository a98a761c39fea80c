"""The picture of a search or matrix while it goes on: a page that shows it anew by itself."""

import logging
from collections.abc import Mapping
from typing import Any

from plans.records.answer import NOT_SHOWN, TABLES
from plans.records.errors import RecordError
from plans.records.files import write_file, write_text
from plans.records.folder import RunFolder
from plans.records.recorder import RunRecorder

PLANS = ("optimise", "condition_matrix")
"""Plans whose rows are runs of their own: there is time to draw between them."""
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<title>{plan}</title></head>
<body style="font: 16px sans-serif; margin: 2rem"><h1>{plan}</h1>
<p>{rows} runs so far. This page shows the latest by itself.</p>
<img src="answer.png?{rows}" alt="The results so far" style="max-width: 100%"></body></html>
"""
logger = logging.getLogger(__name__)


class LiveAnswer:
    """A callback that draws the results of a search or matrix after each of its runs.

    In the folder of the run, ``live.html`` shows ``answer.png``. What cannot be drawn is logged:
    a picture must not end an experiment.

    Args:
        recorder: Writes the runs; must be subscribed before this one.
    """

    def __init__(self, recorder: RunRecorder) -> None:
        self._recorder = recorder
        self._uid = self._plan = ""
        self._folder: RunFolder | None = None
        self._streams: dict[str, str] = {}
        self._rows: dict[str, list[Mapping[str, Any]]] = {}

    def __call__(self, name: str, document: Mapping[str, Any]) -> None:
        """Take a document into account, and draw when it is a row of the table.

        Args:
            name: Kind of the document.
            document: Its content.
        """
        if name == "start" and document.get("plan_name") in PLANS:
            self._uid, self._plan = document["uid"], document["plan_name"]
            self._folder = self._recorder.run_folder
            self._streams, self._rows = {}, {}
        elif name == "descriptor" and document["run_start"] == self._uid:
            self._streams[document["uid"]] = document.get("name", "")
        elif name == "event" and (stream := self._streams.get(document["descriptor"])) in TABLES:
            self._rows.setdefault(stream, []).append(document["data"])
            self._draw()

    def _draw(self) -> None:
        from plans.records.answer_figure import answer_png  # matplotlib takes a second to import

        tables = {
            stream: {key: [row[key] for row in rows] for key in rows[0] if key not in NOT_SHOWN}
            for stream, rows in self._rows.items()
        }
        try:
            picture = answer_png(self._plan, tables)
            if picture is None or self._folder is None:
                return
            rows = max(map(len, self._rows.values()))
            write_file(self._folder.answer_png, [picture])
            write_text(self._folder.live_html, [PAGE.format(plan=self._plan, rows=rows)])
        except (RecordError, ValueError, LookupError, TypeError) as error:
            logger.warning("the picture of the results so far was not drawn: %s", error)
