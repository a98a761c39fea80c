import importlib.util
import signal
import subprocess
from types import SimpleNamespace

import regrow
from plans.commands import queue_server


def test_everything_listens_on_this_machine_only():
    words = queue_server.server_words("folder", redis="127.0.0.1:6379", port=60615)
    addresses = [word for word in words if word.startswith("tcp://")]
    assert addresses == ["tcp://127.0.0.1:60615", "tcp://127.0.0.1:60616"]


def test_a_key_is_made_unless_told_otherwise(monkeypatch, capsys):
    monkeypatch.delenv("QSERVER_ZMQ_PRIVATE_KEY_FOR_SERVER", raising=False)
    monkeypatch.setitem(
        __import__("sys").modules,
        "zmq",
        SimpleNamespace(curve_keypair=lambda: (b"public", b"private")),
    )
    found = queue_server.keys(with_key=True)
    assert found == {"QSERVER_ZMQ_PRIVATE_KEY_FOR_SERVER": "private"}
    said = capsys.readouterr().out
    assert "QSERVER_ZMQ_PUBLIC_KEY=public" in said
    assert "private" not in said
    assert queue_server.keys(with_key=False) == {}
    monkeypatch.setenv("QSERVER_ZMQ_PRIVATE_KEY_FOR_SERVER", "mine")
    assert queue_server.keys(with_key=True) == {}


def test_the_server_gets_bench_and_runs(monkeypatch, tmp_path):
    seen = {}

    class Server:
        def __init__(self, words, *, env):
            seen.update(env, words=words, ended=0)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def wait(self):
            signal.raise_signal(signal.SIGTERM)  # whoever ends the command ends the server
            return 0

        def terminate(self):
            seen["ended"] += 1

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(subprocess, "Popen", Server)
    bench = tmp_path / "bench.toml"
    bench.write_text("")
    words = ["queue-server", "--bench", str(bench), "--runs", str(tmp_path), "--no-key"]
    assert regrow.main(words) == 0
    assert seen["REGROW_BENCH"] == str(bench)
    assert "plans.queueing.startup" in seen["words"]
    assert seen["ended"] == 2  # asked to, and for certain at the end


def test_what_is_missing_is_said(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert regrow.main(["queue-server", "--bench", str(tmp_path / "b.toml")]) == 2
    assert "pip install 'regrow[queue]'" in capsys.readouterr().err
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert regrow.main(["queue-server", "--bench", str(tmp_path / "b.toml")]) == 2
    assert "no such bench file" in capsys.readouterr().err
