"""Run records: write, read, index and report runs."""

from plans.records.errors import RecordError
from plans.records.export import write_exports, write_report
from plans.records.folder import RunFolder
from plans.records.index import RunIndex, RunSummary, list_runs
from plans.records.live_answer import LiveAnswer
from plans.records.reactions import ReactionLog
from plans.records.recorder import RunRecorder
from plans.records.repair import Repair, Verification, repair_run, verify_run
from plans.records.run import Run, open_run

__all__ = [
    "LiveAnswer",
    "ReactionLog",
    "RecordError",
    "Repair",
    "Run",
    "RunFolder",
    "RunIndex",
    "RunRecorder",
    "RunSummary",
    "Verification",
    "list_runs",
    "open_run",
    "repair_run",
    "verify_run",
    "write_exports",
    "write_report",
]
