"""Off is confirmed after a run, and what is not outlives the window."""

import pytest

from instruments.bench import Bench, SafeOutcome
from instruments.errors import DeviceFaultError, LinkTimeoutError
from instruments.open_ends import OpenEnds
from plans import off
from plans.live.light_seen import LightSeen
from plans.open_ends import OpenEndsDesk


class Device:
    """Does not confirm for a while that it is off."""

    def __init__(self, name, *, silent, was_connected=True):
        self.name, self.silent, self.was_connected = name, silent, was_connected

    def make_safe(self, _):
        self.silent -= 1
        if self.silent >= 0:
            raise LinkTimeoutError(self.name, "no answer")


def bench_of(silent):
    """A bench with a light that is silent for so many questions, and a plate that never was."""
    plate = Device("plate", silent=1000, was_connected=False)
    return Bench("bench", {"light": Device("light", silent=silent), "plate": plate})


UNSURE = [
    SafeOutcome(device=name, confirmed=False, message=f"{name}: no answer")
    for name in ("light", "plate")
]


@pytest.fixture
def bench_file(tmp_path, monkeypatch):
    monkeypatch.setenv("REGROW_LOCKS", str(tmp_path / "locks"))
    monkeypatch.setattr(off, "_BETWEEN_TRIES_S", (0.0, 0.0))
    return tmp_path / "bench.toml"


def test_what_was_lit_is_kept_until_it_is_acknowledged(bench_file):
    (told,) = OpenEndsDesk(bench_of(1000), bench_file).confirm(LightSeen())
    assert told == "light: no answer"
    later = OpenEndsDesk(bench_of(0), bench_file)
    (text,) = later.texts()
    assert text.endswith(told)
    with pytest.raises(DeviceFaultError, match=r"light: no answer; look at .*regrow acknowledge"):
        later.refuse()
    later.acknowledge(text)
    later.refuse()
    assert OpenEnds(bench_file).read() == []


def test_what_confirms_at_the_second_try_is_no_open_end(bench_file):
    assert OpenEndsDesk(bench_of(1), bench_file).confirm(LightSeen()) == ()
    OpenEndsDesk(bench_of(2), bench_file).keep_unless_confirmed(UNSURE)
    assert OpenEnds(bench_file).read() == []
    OpenEndsDesk(bench_of(3), bench_file).keep_unless_confirmed(UNSURE)
    assert [end.what for end in OpenEnds(bench_file).read()] == ["light: no answer"]


def test_what_the_guard_has_noted_is_told_by_the_next_window(bench_file):
    OpenEnds(bench_file).note(["light: no answer"])
    assert "light: no answer" in OpenEndsDesk(bench_of(0), bench_file).texts()[0]


def test_nothing_of_a_simulated_bench_is_kept(bench_file):
    desk = OpenEndsDesk(bench_of(1000), None)
    assert len(desk.confirm(LightSeen())) == 1
    desk.keep_unless_confirmed(UNSURE)
    desk.refuse()
    desk.acknowledge("light: no answer")
    assert desk.texts() == ()
    assert OpenEnds(bench_file).read() == []


def test_a_folder_that_cannot_be_written_is_told(bench_file, tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("REGROW_LOCKS", str(tmp_path / "file"))
    OpenEndsDesk(bench_of(1000), bench_file).keep_unless_confirmed(UNSURE)
    assert "what was not confirmed off cannot be kept" in caplog.text
