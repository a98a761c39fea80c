"""Takes pictures of the window on the simulated bench, every panel, both themes, two sizes.

``python docs/pictures/window.py [--folder DIR] [--only light-1366]``. Without a screen too.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("QT_API", "pyqt5")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])

from qtpy.QtCore import QEvent, Qt  # noqa: E402 - found only after the lines above
from qtpy.QtWidgets import QPushButton  # noqa: E402

from gui.app import make_application, put_away  # noqa: E402
from gui.commands.benches import DEMO_BENCH  # noqa: E402
from gui.places import Places  # noqa: E402
from gui.session import HostOptions  # noqa: E402
from gui.theme import THEMES  # noqa: E402

SIZES = ((1366, 740), (2560, 1400))  # a task bar takes the rest of 768 and 1440
SPEED = 240.0
PATIENCE_S = 180.0
SAMPLE = {
    "name": "NC-0412 demo", "batch": "B-0411", "made": "2026-11-20", "concentration_nm": 3.2,
    "edge_nm": 9.4, "volume_ul": 2000.0, "note": "washed twice with methyl acetate",
}  # fmt: skip


class Photographer:
    """A window, and what brings it into the states of which there are pictures."""

    def __init__(self, folder: Path, work: Path, only: str) -> None:
        self.folder = folder
        self.application = make_application()
        from gui.window import Window

        self.window = Window(
            HostOptions(
                bench_file=DEMO_BENCH,
                simulated=True,
                speed=SPEED,
                seed=1,
                runs_folder=work / "runs",
            ),
            Places(folder=work / "places"),
        )
        self.only = only
        self.window.show()
        self.take("start")
        self.window.start()

    def wait(self, condition: Callable[[], bool], *, seconds: float = PATIENCE_S) -> None:
        """Let the window live until something is so."""
        end_s = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end_s:
                raise TimeoutError(f"{condition} did not come true")
            self.application.processEvents()
            self.application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            time.sleep(0.005)

    def rest(self, seconds: float = 0.4) -> None:
        """Let the window live for a while."""
        end_s = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > end_s)

    def take(self, name: str) -> None:
        """Take a picture in every theme and size."""
        for theme in THEMES.values():
            for width, height in SIZES:
                label = f"{theme.name}-{width}"
                if not label.startswith(self.only):
                    continue
                self.window.set_theme(theme)
                self.window.resize(width, height)
                self.rest(1.0)
                self.window.grab().save(str(self.folder / f"window-{name}-{label}.png"))

    def tour(self) -> None:
        """Go through an experiment and take a picture of every panel."""
        window = self.window
        self.wait(lambda: window.experiment.run.isEnabled())
        self.rest(1.0)
        self.take("ready")
        self.form(unfolded=True)
        self.take("form")
        self.form(unfolded=False)
        for card in window.bench.cards.values():
            form = next((a for a in card.info.actions if a.fields), None)
            if form is not None:
                pressed = card.findChild(QPushButton, f"action-{card.info.name}-{form.name}")
                pressed.click()
                self.take("manual")
                pressed.click()
                break
        window.experiment.run.click()
        self.wait(lambda: window.live.view.number >= 60)
        self.take("running")
        self.wait(lambda: window.bar.engine.text() == "idle", seconds=2 * PATIENCE_S)
        runs = window.runs.tree
        self.wait(lambda: runs.topLevelItemCount() > 0 and runs.topLevelItem(0).text(5) == "done")
        runs.setCurrentItem(runs.topLevelItem(0))
        runs.topLevelItem(0).setCheckState(0, Qt.CheckState.Checked)
        self.wait(lambda: bool(window.runs.overlay.plot.listDataItems()))
        self.take("runs")
        self.below()
        window.docks["Runs"].raise_()

    def form(self, *, unfolded: bool) -> None:
        """Show the settings that are seldom changed and the table of the preflight, or not."""
        self.window.experiment.form.more.setChecked(unfolded)
        self.window.experiment.preflight.head.setChecked(unfolded)

    def below(self) -> None:
        """Take a picture of every panel in the tabs below."""
        window = self.window
        window.samples.put(SAMPLE)
        self.wait(lambda: window.samples.tree.topLevelItemCount() > 0)
        window.samples.tree.setCurrentItem(window.samples.tree.topLevelItem(0))
        for panel in ("Samples", "Calibrations", "Log"):
            window.docks[panel].raise_()
            self.take(panel.lower())
        window.log.choose_wire("light")
        self.wait(lambda: "\n" in window.log.text.toPlainText())
        self.take("wire")
        window.docks["Console"].raise_()
        for line in ("spectrometer.read()", "1 / 0"):
            window.console.input.setPlainText(line)
            window.console.input.entered.emit()
            self.rest()
        self.take("console")

    def plans(self) -> None:
        """Take a picture of the form of every plan."""
        window = self.window
        for number in range(window.experiment.plan.count()):
            window.experiment.fill(str(window.experiment.plan.itemData(number)), {})
            self.rest(0.8)
            self.take(f"plan-{window.experiment.plan_name}")


def main() -> int:
    """Take the pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, default=HERE)
    parser.add_argument("--only", default="", help="start of theme-width, such as dark-1366")
    parser.add_argument("--plans", action="store_true", help="also the form of every plan")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        photographer = Photographer(args.folder, Path(work), args.only)
        try:
            photographer.tour()
            if args.plans:
                photographer.plans()
        finally:
            photographer.window.conductor.end()
            put_away(photographer.window)
    return 0


if __name__ == "__main__":
    sys.exit(main())
