"""What was not confirmed off outlives the window."""

import types

import pytest

from gui.host.open_ends import OpenEndsDesk
from instruments.errors import DeviceFaultError
from instruments.open_ends import OpenEnds

DEVICES = {
    "light": types.SimpleNamespace(was_connected=True),
    "plate": types.SimpleNamespace(was_connected=False),
}
ENDS = [("light", "light: no answer"), ("plate", "plate: not connected")]


@pytest.fixture
def bench_file(tmp_path, monkeypatch):
    monkeypatch.setenv("REGROW_LOCKS", str(tmp_path / "locks"))
    return tmp_path / "bench.toml"


def test_what_was_lit_is_kept_until_it_is_acknowledged(bench_file):
    OpenEndsDesk(DEVICES, bench_file).keep(ENDS)
    later = OpenEndsDesk(DEVICES, bench_file)
    (text,) = later.texts()
    assert text.endswith(": light: no answer")
    with pytest.raises(DeviceFaultError, match=r"light: no answer; look at .*regrow acknowledge"):
        later.refuse()
    later.acknowledge(text)
    later.refuse()
    assert OpenEnds(bench_file).read() == []


def test_what_the_guard_has_noted_is_told_by_the_next_window(bench_file):
    OpenEnds(bench_file).note(["light: no answer"])
    assert "light: no answer" in OpenEndsDesk(DEVICES, bench_file).texts()[0]


def test_nothing_of_a_simulated_bench_is_kept(bench_file):
    desk = OpenEndsDesk(DEVICES, None)
    desk.keep(ENDS)
    desk.refuse()
    desk.acknowledge("light: no answer")
    assert desk.texts() == ()
    assert OpenEnds(bench_file).read() == []


def test_a_folder_that_cannot_be_written_is_told(bench_file, tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("REGROW_LOCKS", str(tmp_path / "file"))
    OpenEndsDesk(DEVICES, bench_file).keep(ENDS)
    assert "what was not confirmed off cannot be kept" in caplog.text
