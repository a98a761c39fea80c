"""What is not certain is kept until somebody has looked."""

import argparse

import pytest

from instruments.commands import acknowledge
from instruments.open_ends import OpenEnds


@pytest.fixture
def ends(tmp_path, monkeypatch):
    monkeypatch.setenv("REGROW_LOCKS", str(tmp_path / "locks"))
    return OpenEnds(tmp_path / "bench.toml")


def test_what_is_noted_is_kept_by_bench_until_it_is_acknowledged(ends, tmp_path):
    ends.note(["light: no answer", "pump: no answer"])
    ends.note(["plate: hot"])
    assert [end.what for end in ends.read()] == [
        "light: no answer",
        "pump: no answer",
        "plate: hot",
    ]
    assert OpenEnds(tmp_path / "other.toml").read() == []
    assert len(OpenEnds(tmp_path / "bench.toml").acknowledge()) == 3
    assert ends.read() == []
    ends.note(["light: no answer again"])
    assert [end.what for end in ends.read()] == ["light: no answer again"]


def test_nothing_to_keep_makes_no_file(ends):
    ends.note([])
    assert ends.acknowledge() == []
    assert not ends.path.exists()


def test_a_line_that_was_cut_hides_no_other(ends):
    ends.note(["light: no answer"])
    whole = ends.path.read_bytes()
    for cut in range(len(whole)):
        ends.path.write_bytes(whole[:cut])
        ends.note(["pump: no answer"])
        assert ends.read()[-1].what == "pump: no answer"


def test_the_command_shows_and_acknowledges(ends, capsys):
    def call(**values):
        parser = argparse.ArgumentParser()
        acknowledge.add_arguments(parser)
        flags = ["--show"] if values.get("show") else []
        return acknowledge.run(parser.parse_args([str(ends.bench_file), *flags]))

    assert call() == 0
    assert "everything was confirmed" in capsys.readouterr().out
    ends.note(["light: no answer"])
    assert call(show=True) == 1
    assert "light: no answer" in capsys.readouterr().out
    assert call() == 0
    assert "acknowledged" in capsys.readouterr().out
    assert call(show=True) == 0
