"""What interlocks did is kept, with or without a run."""

import pytest

from plans.records import ReactionLog


def test_every_reaction_is_read_back_in_order(tmp_path):
    log = ReactionLog(tmp_path / "runs")
    assert log.read() == []
    log.note("door", "make_safe", cause="door.is_open is 1", in_run=True)
    log.note("door", "cleared")
    first, second = ReactionLog(tmp_path / "runs").read()
    assert (first["interlock"], first["reaction"]) == ("door", "make_safe")
    assert first["cause"] == "door.is_open is 1"
    assert first["in_run"] is True
    assert second["reaction"] == "cleared"
    assert first["time_s"] <= second["time_s"]


def test_half_a_line_hides_no_other(tmp_path):
    log = ReactionLog(tmp_path)
    log.note("door", "refused", cause="the lid is open, °")
    whole = log.path.read_bytes()
    for cut in range(len(whole)):
        log.path.write_bytes(whole[:cut])
        log.note("plate", "pause")
        assert log.read()[-1]["interlock"] == "plate"


@pytest.mark.parametrize("line", [b"7", b"[" * 100_000, b"\xff", b'"text"'])
def test_what_is_no_reaction_is_left_out(tmp_path, line):
    log = ReactionLog(tmp_path)
    log.path.write_bytes(line)
    log.note("door", "pause")
    assert [row["reaction"] for row in log.read()] == ["pause"]


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    ReactionLog(tmp_path / "file").note("door", "make_safe")
    assert "interlock 'door': make_safe is not written down" in caplog.text
