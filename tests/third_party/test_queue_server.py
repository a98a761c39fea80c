"""The plans in bluesky-queueserver's own manager, unchanged.

Needs bluesky-queueserver and a redis-server program; both run on this machine only.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from plans.catalogue import PLANS
from plans.records import list_runs, open_run

pytest.importorskip("bluesky_queueserver")
zmq = pytest.importorskip("zmq")
DEMO = Path(__file__).parents[2] / "simulators" / "benches" / "demo.toml"

pytestmark = [
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="needs redis-server"),
    pytest.mark.timeout(300),
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def regrow(*words, **options):
    return subprocess.Popen([sys.executable, "-m", "regrow", *map(str, words)], **options)


def end(process):
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture
def redis_port(tmp_path):
    port = free_port()
    words = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, cwd=tmp_path)
    wait_until(lambda: answers(port))
    yield port
    end(process)


@pytest.fixture
def served_bench(tmp_path):
    """The demonstration bench, simulated by another process, on ports of its own."""
    text = DEMO.read_text(encoding="utf-8")
    for port in range(57357, 57362):
        text = text.replace(str(port), str(free_port()))
    bench = tmp_path / "bench.toml"
    bench.write_text(text, encoding="utf-8")
    process = regrow("simulate", bench, "--json", stdout=subprocess.PIPE, text=True)
    for _ in range(5):
        json.loads(process.stdout.readline())
    yield bench
    end(process)
    process.stdout.close()


@pytest.fixture
def manager(redis_port, served_bench, tmp_path):
    port = free_port()
    with (tmp_path / "manager.log").open("w") as log:
        process = regrow(
            "queue-server", "--bench", served_bench, "--runs", tmp_path / "runs", "--port", port,
            "--redis", f"127.0.0.1:{redis_port}", "--no-key", env=dict(os.environ),
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    wait_until(lambda: answers(port))
    with zmq.Context() as context, context.socket(zmq.REQ) as line:
        line.connect(f"tcp://127.0.0.1:{port}")

        def ask(method, **parameters):
            line.send_json({"method": method, "params": parameters})
            assert line.poll(20_000), f"no answer to {method}"
            answer = line.recv_json()
            assert answer.get("success", True), answer
            return answer

        yield ask
    end(process)
    assert not answers(port), "the manager outlived the command"


def wait_until(is_so, timeout_s=90):
    deadline_s = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline_s, "it did not happen in time"
        time.sleep(0.3)


def test_plans_are_offered_checked_and_run(manager, tmp_path):
    manager("environment_open")
    wait_until(lambda: manager("status")["worker_environment_exists"])
    offered = manager("plans_allowed", user_group="primary")["plans_allowed"]
    assert "light_regrowth" in offered
    assert offered.keys() <= PLANS.keys()
    plan = {
        "item_type": "plan",
        "name": "light_regrowth",
        "kwargs": {
            "max_time_min": 1.0,
            "interval_s": 5.0,
            "dark_tail_min": 0.0,
            "baseline_frames": 3,
            "plateau": False,
        },
    }
    wrong = {**plan, "kwargs": {"max_time_min": 0.01}}
    owner = {"user": "test", "user_group": "primary"}
    with pytest.raises(AssertionError, match="out of range"):
        manager("queue_item_add", item=wrong, **owner)
    manager("queue_item_add", item=plan, **owner)
    manager("queue_start")
    wait_until(lambda: manager("status")["items_in_history"] == 1, timeout_s=150)
    (done,) = manager("history_get")["items"]
    assert done["result"]["exit_status"] == "completed", done["result"]
    (run,) = list_runs(tmp_path / "runs")
    assert run.exit_status == "success"
    wait_until(lambda: open_run(run.path).folder.report_html.exists())
    manager("environment_close")
    wait_until(lambda: not manager("status")["worker_environment_exists"])
    said = (tmp_path / "manager.log").read_text(encoding="utf-8")
    assert "without leaving the bench safe" not in said
