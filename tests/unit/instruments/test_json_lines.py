"""Rows that are added to a file survive whatever its last writer left."""

import pytest

from gui.archive.notes import FILE_NAME, add_note, read_notes
from instruments.json_lines import append_rows, read_rows


def test_rows_come_back_in_order(tmp_path):
    path = tmp_path / "rows.jsonl"
    assert list(read_rows(path)) == []
    append_rows(path, [{"at": "23 °C"}, {"at": 2}])
    append_rows(path, [{"at": None}])
    assert list(read_rows(path)) == [{"at": "23 °C"}, {"at": 2}, {"at": None}]


@pytest.mark.parametrize("line", [b"7", b"[" * 100_000, b"\xff", b'"text"', b'{"at": '])
def test_what_is_no_row_hides_no_other(tmp_path, line):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(line)
    append_rows(path, [{"at": 1}])
    assert list(read_rows(path)) == [{"at": 1}]


def test_a_note_after_one_that_was_cut_is_read(tmp_path):
    add_note(tmp_path, "the lamp flickers")
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes()[:-5])
    add_note(tmp_path, "a new lamp")
    assert [text for _, text in read_notes(tmp_path)] == ["a new lamp"]
