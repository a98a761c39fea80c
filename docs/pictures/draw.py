"""Draws the pictures of the documentation from a run on the simulated bench."""

import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import numpy as np  # noqa: E402 - found only after the line above
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

import regrow  # noqa: E402
from plans.records import Run, open_run  # noqa: E402

MOMENTS = {"start": "#0072b2", "light off": "#e69f00", "end": "#009e73"}


def main() -> int:
    """Run the demonstration and draw what it saw."""
    with tempfile.TemporaryDirectory() as folder:
        answer = io.StringIO()
        with contextlib.redirect_stdout(answer):
            code = regrow.main(["demo", "--json", "--runs", folder, "--seed", "1"])
        run = open_run(json.loads(answer.getvalue())["run_folder"])
        draw(run).savefig(HERE / "regrowth.png", dpi=110, metadata={"Software": None})
    return code


def draw(run: Run) -> Figure:
    """Draw spectra and the course of the peak side by side."""
    figure = Figure(figsize=(9.0, 3.1), layout="constrained")
    spectra, course = figure.subplots(1, 2, width_ratios=(2, 3))
    tracked = run.table("tracked")
    trigger = int(run.table("ending")["ending_seq_num"][0]) - 1
    frames = dict(zip(MOMENTS, (0, trigger, len(tracked["elapsed_s"]) - 1), strict=True))
    draw_spectra(spectra, run, frames)
    draw_course(course, tracked, trigger)
    return figure


def draw_spectra(axes: Axes, run: Run, frames: dict[str, int]) -> None:
    """Draw the spectra of a few frames, each to its own maximum."""
    wavelength = np.asarray(
        run.configuration()["spectrometer"]["data"]["spectrometer_wavelength_nm"]
    )
    dark = run.table("dark")["spectrometer_spectrum_counts"].mean(axis=0)
    counts = run.table("primary")["spectrometer_spectrum_counts"]
    shown = (wavelength > 485) & (wavelength < 560)
    for moment, frame in frames.items():
        line = counts[frame] - dark
        axes.plot(wavelength[shown], (line / line[shown].max())[shown], color=MOMENTS[moment],
                  lw=1.2, label=moment)  # fmt: skip
    axes.set(xlabel="wavelength (nm)", ylabel="photoluminescence", yticks=())
    axes.legend(frameon=False, fontsize=9)
    axes.spines[["top", "right", "left"]].set_visible(False)


def draw_course(axes: Axes, tracked: dict[str, np.ndarray], trigger: int) -> None:
    """Draw the peak against time, with the exposure shaded."""
    hours = tracked["elapsed_s"] / 3600
    lit = hours[tracked["phase"] == "exposure"]
    axes.axvspan(lit[0], lit[-1], color="#ece4f7", lw=0)
    axes.plot(hours, tracked["tracker_peak_nm"], color="#333333", lw=1.0)
    axes.plot(hours[trigger], tracked["tracker_peak_nm"][trigger], "o", color="#e69f00")
    axes.annotate("the peak stands still:\nlight off", (hours[trigger], 519.15),
                  xytext=(hours[trigger], 516.9), ha="center", fontsize=9,
                  arrowprops={"arrowstyle": "-", "color": "#777777"})  # fmt: skip
    axes.text(lit.mean(), 515.7, "405 nm, 20 mW/cm²", ha="center", fontsize=9, color="#5b3a8c")
    axes.set(xlabel="time (h)", ylabel="peak (nm)", xlim=(0, hours[-1]))
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    sys.exit(main())
