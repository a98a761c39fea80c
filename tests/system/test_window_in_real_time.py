"""The whole window with its processes, operated by mouse and keyboard."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

if sys.platform != "win32" and not os.environ.get("DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QInputDialog

from gui.app import make_application, put_away
from gui.places import Places
from gui.session import HostOptions
from instruments.bench import load_bench
from plans.records import open_run
from simulators.bench import SimulatedBench

DEMO = Path(__file__).parents[2] / "simulators" / "benches" / "demo.toml"
LONG_MS = 90_000


@pytest.fixture
def opened(qtbot, tmp_path):
    """Opens windows; ends what is left of them."""
    from gui.window import Window

    windows = []

    def open_window(**options):
        make_application()
        values = {"bench_file": DEMO, "speed": 1000.0, "runs_folder": tmp_path / "runs"}
        made = Window(HostOptions(**{**values, **options}), Places(folder=tmp_path / "places"))
        made.show()
        made.start()
        windows.append(made)
        qtbot.waitUntil(made.experiment.run.isEnabled, timeout=LONG_MS)
        made.activateWindow()  # keys are for the active window
        qtbot.waitUntil(made.isActiveWindow, timeout=LONG_MS)
        return made

    yield open_window
    for window in windows:
        window.conductor.end()
        put_away(window)


def type_into(qtbot, window, name, text):
    edit = window.experiment.form.edits[name].input
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClicks(edit, text)
    qtbot.keyClick(edit, Qt.Key.Key_Tab)


def all_ok(window):
    states = [card.condition.text() for card in window.bench.cards.values()]
    return bool(states) and all(state in ("ok", "LIGHT ON") for state in states)


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_whole_experiment_by_mouse_and_keyboard(opened, qtbot, monkeypatch, tmp_path):
    window = opened()
    panel, live = window.experiment, window.live
    qtbot.waitUntil(lambda: all_ok(window), timeout=LONG_MS)
    type_into(qtbot, window, "max_time_min", "1800 s")
    panel.form.more.setChecked(True)
    type_into(qtbot, window, "dark_tail_min", "1")
    qtbot.waitUntil(lambda: "checks ok" in panel.preflight.head.text(), timeout=LONG_MS)
    window.bar.speed.setCurrentIndex(window.bar.speed.findData(200.0))
    window.bar.speed.activated.emit(window.bar.speed.currentIndex())
    qtbot.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: live.view.number >= 12, timeout=LONG_MS)
    click(qtbot, panel.pause)
    qtbot.waitUntil(lambda: window.bar.engine.text() == "PAUSED", timeout=LONG_MS)
    qtbot.waitUntil(lambda: window.bar.light.text() == "light off", timeout=LONG_MS)
    frames = live.view.number
    click(qtbot, panel.pause)
    qtbot.waitUntil(lambda: live.view.number > frames, timeout=LONG_MS)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("turned yellow", True))
    click(qtbot, live.note)
    window.bar.speed.setCurrentIndex(window.bar.speed.findData(1000.0))
    window.bar.speed.activated.emit(window.bar.speed.currentIndex())
    qtbot.waitUntil(lambda: live.view.closed is not None, timeout=LONG_MS)
    assert live.view.closed.exit_status == "success"
    tree = window.runs.tree
    qtbot.waitUntil(
        lambda: tree.topLevelItemCount() == 1 and tree.topLevelItem(0).text(5) == "done",
        timeout=LONG_MS,
    )
    tree.setCurrentItem(tree.topLevelItem(0))
    tree.topLevelItem(0).setCheckState(0, Qt.CheckState.Checked)
    qtbot.waitUntil(lambda: len(window.runs.overlay.plot.listDataItems()) == 1, timeout=LONG_MS)
    qtbot.waitUntil(window.runs.report.isEnabled, timeout=LONG_MS)
    click(qtbot, window.runs.export)
    qtbot.waitUntil(lambda: "written" in window.runs.words.text(), timeout=LONG_MS)
    folder = Path(window.runs.chosen_path())
    assert (folder / "report.html").is_file()
    assert "turned yellow" in (folder / "notes.jsonl").read_text(encoding="utf-8")
    assert open_run(folder).event_count("primary") == live.view.number
    assert len(window.queue) == 0


def test_safe_stop_in_the_middle_of_a_run(opened, qtbot):
    window = opened(speed=60.0)
    click(qtbot, window.experiment.run)
    qtbot.waitUntil(lambda: window.bar.light.text().startswith("LIGHT ON"), timeout=LONG_MS)
    click(qtbot, window.bar.safe)
    qtbot.waitUntil(lambda: window.bar.safe_report.text().startswith("All off"), timeout=LONG_MS)
    qtbot.waitUntil(lambda: window.bar.engine.text() == "idle", timeout=LONG_MS)
    qtbot.waitUntil(lambda: window.bar.light.text() == "light off", timeout=LONG_MS)


def test_a_killed_bench_process_is_said_and_can_be_loaded_again(opened, qtbot):
    window = opened()
    os.kill(window.conductor.session.process_id, getattr(signal, "SIGKILL", signal.SIGTERM))
    qtbot.waitUntil(lambda: window.bar.bench.text() == "no bench", timeout=LONG_MS)
    window.conductor.restart()
    qtbot.waitUntil(window.experiment.run.isEnabled, timeout=LONG_MS)


def test_a_second_window_on_one_bench_is_refused_with_who_holds_it(qtbot, tmp_path):
    from gui.window import Window

    make_application()
    holder = load_bench(DEMO)
    holder.own(program="window")
    options = HostOptions(bench_file=DEMO, simulated=False, runs_folder=tmp_path / "runs")
    window = Window(options, Places(folder=tmp_path / "places"))
    window.show()
    window.start()
    try:
        qtbot.waitUntil(lambda: window.bar.bench.text() == "no bench", timeout=LONG_MS)
        qtbot.wait(1000)  # the process ends after it has said why; its end says nothing more
        for words in (window.bar.safe_report.text(), window.bench._empty.text()):
            assert f"in use by process {os.getpid()} of " in words
            assert "(window)" in words
        assert not window.experiment.run.isEnabled()
        holder.close()
        window.conductor.restart()
        qtbot.waitUntil(window.experiment.run.isEnabled, timeout=LONG_MS)
    finally:
        holder.close()
        window.conductor.end()
        put_away(window)


WINDOW_THAT_RUNS = """
import sys
from pathlib import Path
from qtpy.QtCore import QTimer
from gui.app import make_application
application = make_application()
from gui.places import Places
from gui.session import HostOptions
from gui.window import Window
window = Window(
    HostOptions(bench_file=Path(sys.argv[1]), simulated=False, runs_folder=Path(sys.argv[2])),
    Places(folder=Path(sys.argv[3])),
)
window.show()
window.start()
def go():
    if window.experiment.run.isEnabled():
        print(window.conductor.session.process_id, flush=True)
        window.experiment.form.set_values({"interval_s": 1.0, "baseline_frames": 3})
        window.experiment.run.click()
        return
    QTimer.singleShot(100, go)
go()
application.exec()
"""


@pytest.mark.parametrize("how", ["the window alone", "the window and the process of the bench"])
def test_a_killed_window_leaves_the_light_off_and_the_data_whole(how, opened, qtbot, tmp_path):
    """The window is another process here, the instruments are in this one, on their own clock."""
    with SimulatedBench(DEMO, ports="any") as simulators:
        text = DEMO.read_text(encoding="utf-8")
        for name, address in simulators.addresses.items():
            model = next(row["model"] for row in simulators.describe() if row["name"] == name)
            head, tail = text.split(f'model = "{model}"', 1)
            port = tail.split("::127.0.0.1::", 1)[1].split("::", 1)[0]
            text = head + f'model = "{model}"' + tail.replace(port, address.split("::")[2], 1)
        bench = tmp_path / "bench.toml"
        bench.write_text(text, encoding="utf-8")
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        runs = tmp_path / "runs"
        window = subprocess.Popen(
            [sys.executable, "-c", WINDOW_THAT_RUNS, bench, runs, tmp_path / "places"],
            env=environment, cwd=Path(__file__).parents[2], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            host_id = int(window.stdout.readline())
            wait_until(lambda: is_exposing(simulators), 90.0)
            if how != "the window alone":
                os.kill(host_id, getattr(signal, "SIGKILL", signal.SIGTERM))
            window.kill()
            killed_s = time.perf_counter()
            wait_until(lambda: not simulators.state("light")["emitting"], 10.0)
            took_s = time.perf_counter() - killed_s
            folder = next(path for path in runs.iterdir() if path.is_dir())
            if how == "the window alone":
                wait_until(lambda: open_run(folder).exit_status != "unfinished", 30.0)
        finally:
            window.kill()
            window.wait()
            window.stdout.close()
    assert took_s < 2.0
    assert open_run(folder).event_count("primary") >= 3
    after = opened()
    assert [run.stage for run in after.queue] == ["interrupted"]
    assert "Interrupted" in after.bar.safe_report.text()
    qtbot.wait(1000)
    assert after.bar.engine.text() == "idle"
    assert after.bar.light.text() == "light off"


def is_exposing(simulators):
    return simulators.state("light")["emitting"] and simulators.truth()["dose_j_cm2"] > 0.02


def wait_until(condition, timeout_s):
    end_s = time.perf_counter() + timeout_s
    while not condition():
        assert time.perf_counter() < end_s, "it did not come true"
        time.sleep(0.02)
