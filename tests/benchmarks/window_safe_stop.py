"""Measures Safe stop: from the click in the window to the simulated light being off.

``python tests/benchmarks/window_safe_stop.py [--trials 200]``. The instruments are simulated in
this process and reached over sockets in real time; the window is a window (without a screen), its
button is clicked, and the light's own state is asked every millisecond by a thread.
"""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])

from qtpy.QtCore import Qt  # noqa: E402
from qtpy.QtTest import QTest  # noqa: E402

from gui.app import make_application, put_away  # noqa: E402
from gui.places import Places  # noqa: E402
from gui.session import HostOptions  # noqa: E402
from simulators.bench import SimulatedBench  # noqa: E402

DEMO = ROOT / "simulators" / "benches" / "demo.toml"
GOAL_S = 0.2
LONG_S = 60.0


class Rig:
    """The window, the instruments and what is between them."""

    def __init__(self, folder: Path) -> None:
        self.simulators = SimulatedBench(DEMO, ports="any")
        self.simulators.start()
        text = DEMO.read_text(encoding="utf-8")
        table = tomllib.loads(text)
        for name, device in table["device"].items():
            text = text.replace(device["address"], self.simulators.addresses[name])
        bench = folder / "bench.toml"
        bench.write_text(text, encoding="utf-8")
        self.application = make_application()
        from gui.window import Window

        self.window = Window(
            HostOptions(bench_file=bench, simulated=False, runs_folder=folder / "runs"),
            Places(folder=folder / "places"),
        )
        self.window.show()
        self.window.start()
        self.wait(lambda: self.window.experiment.run.isEnabled())
        self.wait(self.all_ok)

    def close(self) -> None:
        self.window.conductor.end()
        put_away(self.window)
        self.simulators.stop()

    def all_ok(self) -> bool:
        cards = self.window.bench.cards.values()
        return all(card.condition.text() in ("ok", "LIGHT ON") for card in cards)

    def lit(self) -> bool:
        return bool(self.simulators.state("light")["emitting"])

    def wait(self, condition: Callable[[], bool], timeout_s: float = LONG_S) -> None:
        end_s = time.perf_counter() + timeout_s
        while not condition():
            if time.perf_counter() > end_s:
                raise TimeoutError(f"{condition} did not come true")
            self.application.processEvents()
            time.sleep(0.002)

    def acknowledge(self) -> None:
        """Wait for the last word of Safe stop, and read what it could not confirm."""
        self.wait(lambda: self.window.bar.is_final)
        if self.window.bar.is_alarmed:
            self.window.bar.acknowledge.click()

    def light_on(self) -> None:
        values = {"wavelength_nm": 405.0, "irradiance_mw_cm2": 5.0}
        self.window.conductor.session.act("light", "emit", values)
        self.wait(self.lit)

    def click_and_time(self) -> float:
        """Click Safe stop; return the time until the light is off, s."""
        off_s: list[float] = []
        began = threading.Event()

        def watch() -> None:
            began.set()
            end_s = time.perf_counter() + 15.0
            while self.lit() and time.perf_counter() < end_s:
                time.sleep(0.001)
            off_s.append(time.perf_counter())

        thread = threading.Thread(target=watch)
        thread.start()
        began.wait()
        self.window.bar.is_final = False
        clicked_s = time.perf_counter()
        QTest.mouseClick(self.window.bar.safe, Qt.MouseButton.LeftButton)
        while thread.is_alive():
            self.application.processEvents()
            time.sleep(0.001)
        return off_s[0] - clicked_s


def idle(rig: Rig, _: int) -> float:
    rig.light_on()
    return rig.click_and_time()


def blocked_driver(rig: Rig, _: int) -> float:
    """The light itself answers its next question 10 s late: the line is held by that exchange."""
    rig.light_on()
    rig.simulators.faults("light").late(10.0)
    rig.wait(lambda: rig.simulators.faults("light").spoilt > rig_spoilt(rig))
    seconds = rig.click_and_time()
    rig.simulators.faults("light").clear()
    return seconds


def rig_spoilt(rig: Rig) -> int:
    seen = getattr(rig, "spoilt", 0)
    rig.spoilt = rig.simulators.faults("light").spoilt  # type: ignore[attr-defined]
    return seen


def other_driver_blocked(rig: Rig, _: int) -> float:
    rig.light_on()
    rig.simulators.faults("pump").late(10.0, exchanges=3)
    time.sleep(0.6)
    seconds = rig.click_and_time()
    rig.simulators.faults("pump").clear()
    return seconds


def dead_among_live(rig: Rig, _: int) -> float:
    rig.light_on()
    rig.simulators.unplug("meter")
    rig.simulators.faults("stage").drop(exchanges=None)
    seconds = rig.click_and_time()
    rig.simulators.replug("meter")
    rig.simulators.faults("stage").clear()
    return seconds


def connecting(rig: Rig, _: int) -> float:
    rig.light_on()
    rig.window.conductor.session.connect_device("pump", on=False)
    rig.wait(lambda: rig.window.bench.cards["pump"].condition.text() == "not connected")
    rig.simulators.faults("pump").drop(exchanges=None)
    rig.window.conductor.session.connect_device("pump", on=True)
    rig.wait(lambda: "connecting" in rig.window.bench.cards["pump"].condition.text(), 5.0)
    seconds = rig.click_and_time()
    rig.simulators.faults("pump").clear()
    return seconds


def running(rig: Rig, _: int) -> float:
    start_run(rig)
    return rig.click_and_time()


def paused(rig: Rig, _: int) -> float:
    """A paused run with the light switched on beside it."""
    start_run(rig)
    rig.window.conductor.control("pause")
    rig.wait(lambda: rig.window.bar.engine.text() == "PAUSED")
    rig.wait(lambda: not rig.lit())
    rig.window.conductor.session.run_code(
        "from instruments.light_sources import Emission; "
        "light.set(Emission(wavelength_nm=405.0, irradiance_mw_cm2=5.0)).wait(5)"
    )
    rig.wait(rig.lit)
    return rig.click_and_time()


def start_run(rig: Rig) -> None:
    rig.window.experiment.form.set_values(
        {"interval_s": 1.0, "baseline_frames": 3, "integration_time_s": 0.01, "meter": None}
    )
    rig.wait(rig.window.experiment.run.isEnabled)
    rig.window.experiment._run_now()
    rig.wait(lambda: rig.window.bar.engine.text() == "running")
    rig.wait(lambda: rig.window.live.view.number >= 2 and rig.lit())


SCENES: dict[str, tuple[Callable[[Rig, int], float], float]] = {
    "light on by hand": (idle, 0.3),
    "the light's driver blocked for 10 s": (blocked_driver, 0.2),
    "another driver blocked for 10 s": (other_driver_blocked, 0.1),
    "a dead instrument among live ones": (dead_among_live, 0.2),
    "a connect that is under way": (connecting, 0.1),
    "a run that is going on": (running, 0.05),
    "a paused run": (paused, 0.05),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--json", type=Path, default=Path("benchmarks-safe-stop.json"))
    args = parser.parse_args()
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(Path(folder))
        try:
            for name, (scene, share) in SCENES.items():
                times[name] = []
                for number in range(max(1, round(share * args.trials))):
                    times[name].append(scene(rig, number))
                    rig.acknowledge()
                    rig.wait(lambda: rig.window.bar.engine.text() == "idle")
                    rig.wait(lambda: not rig.lit())
                    rig.wait(rig.all_ok)
                shown = sorted(times[name])
                print(f"{name}: {len(shown)} trials, median {shown[len(shown) // 2]:.3f} s, "
                      f"longest {shown[-1]:.3f} s", flush=True)  # fmt: skip
        finally:
            rig.close()
    every = sorted(t for each in times.values() for t in each)
    p99 = every[min(len(every) - 1, int(0.99 * len(every)))]
    print(f"{'ok ' if p99 < GOAL_S else 'BAD'} all: {len(every)} trials, p50 "
          f"{every[len(every) // 2]:.3f} s, p99 {p99:.3f} s, longest {every[-1]:.3f} s, "
          f"goal p99 < {GOAL_S} s")  # fmt: skip
    args.json.write_text(json.dumps({"times_s": times, "p99_s": p99}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
