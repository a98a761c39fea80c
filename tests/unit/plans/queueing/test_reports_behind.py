import logging
from types import SimpleNamespace

from plans.queueing import reports


def test_a_report_is_written_for_every_run_that_ends(monkeypatch):
    written = []
    monkeypatch.setattr(reports, "write_exports", written.append)
    recorder = SimpleNamespace(run_folder="run 1")
    behind = reports.ReportsBehind(recorder)
    behind("event", {})
    behind("stop", {})
    recorder.run_folder = "run 2"
    behind("stop", {})
    behind.close()
    behind.close()
    assert written == ["run 1", "run 2"]


def test_a_report_that_fails_does_not_stop_the_next(monkeypatch, caplog):
    written = []

    def write(folder):
        if folder.path == "bad":
            raise OSError("disk full")
        written.append(folder.path)

    monkeypatch.setattr(reports, "write_exports", write)
    recorder = SimpleNamespace(run_folder=SimpleNamespace(path="bad"))
    behind = reports.ReportsBehind(recorder)
    with caplog.at_level(logging.ERROR):
        behind("stop", {})
        recorder.run_folder = SimpleNamespace(path="good")
        behind("stop", {})
        behind.close()
    assert written == ["good"]
    assert "the report of bad was not written" in caplog.text
