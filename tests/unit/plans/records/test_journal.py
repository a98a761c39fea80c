"""The journal: strict JSON, one line per document, safe at any cut."""

import enum
import errno
import json
import math
from collections import UserDict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.records.errors import RecordError
from plans.records.journal import Journal, decode, encode, read_journal


def strict(line):
    """Parse JSON as a reader in another language does: NaN is an error."""

    def refuse(token):
        raise AssertionError(f"{token} is not JSON")

    return json.loads(line, parse_constant=refuse)


class Full:
    """A file on a disk that takes no more after some bytes."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def write(self, data):
        part = bytes(data)[: self.room]
        self.room -= len(part)
        if part:
            return self.file.write(part)
        raise OSError(errno.ENOSPC, "No space left on device")

    def __getattr__(self, name):
        return getattr(self.file, name)


def journal_with(path, count=3):
    journal = Journal(path)
    for number in range(count):
        journal.append([("event", {"seq_num": number})])
    return journal


def test_numpy_values_become_plain_numbers():
    document = {
        "a": np.float32(0.5),
        "b": np.int64(7),
        "c": np.arange(3),
        "d": np.bool_(True),
        "e": np.float64(1.5),
    }
    expected = {"a": 0.5, "b": 7, "c": [0, 1, 2], "d": True, "e": 1.5}
    assert strict(encode("event", document)) == ["event", expected]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32(np.nan)])
def test_a_number_that_is_not_finite_is_null(value):
    document = {"a": value, "b": [1.0, value], "c": {"d": np.array([value, 2.0])}}
    expected = {"a": None, "b": [1.0, None], "c": {"d": [None, 2.0]}}
    assert strict(encode("event", document)) == ["event", expected]


def test_text_in_any_script_stays_as_it_is():
    line = encode("start", {"sample": "µ-Probe 東京 \N{LINE SEPARATOR}"})
    assert "µ-Probe 東京".encode() in line
    assert line.count(b"\n") == 1
    assert decode(line) == ("start", {"sample": "µ-Probe 東京 \N{LINE SEPARATOR}"})


def test_half_of_a_surrogate_pair_does_not_stop_a_run():
    assert decode(encode("start", {"sample": "\ud800"})) == ("start", {"sample": "\ud800"})


def test_objects_that_json_does_not_know_are_kept_as_text():
    class Colour(enum.Enum):
        GREEN = 515.0

    document = {
        "path": Path("a"),
        "set": {"b", "a"},
        "enum": Colour.GREEN,
        "mapping": UserDict(x=1),
        "nan_beside": [math.nan, Path("c"), (1, True)],
        (1, 2): "key",
    }
    assert strict(encode("start", document))[1] == {
        "path": "a",
        "set": ["a", "b"],
        "enum": 515.0,
        "mapping": {"x": 1},
        "nan_beside": [None, "c", [1, True]],
        "(1, 2)": "key",
    }


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)  # fmt: skip


@given(st.text(min_size=1), st.dictionaries(st.text(), json_values))
def test_what_is_encoded_reads_back_the_same(name, document):
    assert decode(encode(name, document)) == (name, document)


def test_a_journal_cut_at_any_byte_yields_every_whole_document(tmp_path):
    path = tmp_path / "run.jsonl"
    journal_with(path, 4).close()
    whole = path.read_bytes()
    cut = tmp_path / "cut.jsonl"
    for length in range(len(whole) + 1):
        cut.write_bytes(whole[:length])
        problems = []
        found = [document["seq_num"] for _, document in read_journal(cut, problems)]
        # The closing bracket makes a document whole, with or without the line feed.
        expected = whole[:length].count(b"]")
        assert found == list(range(expected))
        at_an_end = not whole[:length] or whole[:length].endswith((b"\n", b"]"))
        assert bool(problems) is not at_an_end


def test_a_broken_line_in_the_middle_is_named_and_skipped(tmp_path):
    path = tmp_path / "run.jsonl"
    path.write_bytes(encode("a", {}) + b"\x00\x00\xff\n" + b'["b"]\n' + encode("c", {}))
    problems = []
    assert [name for name, _ in read_journal(path, problems)] == ["a", "c"]
    assert problems == [
        "line 2 of run.jsonl is broken and is left out",
        "line 3 of run.jsonl is broken and is left out",
    ]
    assert [name for name, _ in read_journal(path)] == ["a", "c"]


def test_a_document_is_with_the_system_when_append_returns(tmp_path):
    journal = journal_with(tmp_path / "run.jsonl", 2)
    assert len(list(read_journal(tmp_path / "run.jsonl"))) == 2
    journal.sync()
    journal.close()
    journal.close()


@pytest.mark.parametrize("room", [0, 1, 20])
def test_a_full_disk_is_told_at_once_and_leaves_the_earlier_lines_whole(tmp_path, room):
    path = tmp_path / "run.jsonl"
    journal = journal_with(path)
    before = path.read_bytes()
    real = journal._file
    journal._file = Full(real, room)
    with pytest.raises(RecordError, match=r"run\.jsonl.*No space left.*free some space"):
        journal.append([("event", {"seq_num": 3}), ("event", {"seq_num": 4})])
    assert path.read_bytes() == before
    journal._file = real  # somebody freed some space
    journal.append([("stop", {})])
    journal.close()
    assert [name for name, _ in read_journal(path)] == ["event"] * 3 + ["stop"]


def test_a_disk_that_takes_no_byte_is_an_error(tmp_path):
    journal = journal_with(tmp_path / "run.jsonl")

    class Deaf:
        def write(self, _):
            return None

        def truncate(self, _):
            raise OSError("no")

    real, journal._file = journal._file, Deaf()
    with pytest.raises(RecordError, match="took no byte"):
        journal.append([("event", {})])
    real.close()


def test_a_closed_journal_says_that_it_cannot_go_on(tmp_path):
    journal = journal_with(tmp_path / "run.jsonl")
    journal.close()
    with pytest.raises(RecordError, match="cannot be continued"):
        journal.append([("event", {})])


def test_a_disk_that_does_not_confirm_is_told(tmp_path, monkeypatch):
    journal = journal_with(tmp_path / "run.jsonl")

    def refuse(_):
        raise OSError("input/output error")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(RecordError, match="does not confirm"):
        journal.sync()
    journal.close()


def test_an_error_at_closing_is_told(tmp_path):
    journal = journal_with(tmp_path / "run.jsonl")

    class Stuck:
        def close(self):
            raise OSError("quota")

    real, journal._file = journal._file, Stuck()
    with pytest.raises(RecordError, match="cannot be closed"):
        journal.close()
    real.close()


def test_a_journal_never_writes_into_an_older_one(tmp_path):
    journal_with(tmp_path / "run.jsonl").close()
    with pytest.raises(RecordError, match="cannot be created"):
        Journal(tmp_path / "run.jsonl")


def test_a_missing_journal_is_told(tmp_path):
    with pytest.raises(RecordError, match="cannot be read"):
        list(read_journal(tmp_path / "run.jsonl"))
