"""The guard: a process that outlives ours and makes the bench safe."""

from instruments.guard.client import Guard, GuardError
from instruments.guard.report import GuardReport, read_reports

__all__ = ["Guard", "GuardError", "GuardReport", "read_reports"]
