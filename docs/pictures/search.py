"""Draws how ten searches come to the best condition, against full grids."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "acceptance")]

import numpy as np  # noqa: E402 - found only after the line above
from matplotlib.figure import Figure  # noqa: E402
from search_rows import NEAR, Contest, contest  # noqa: E402


def main() -> int:
    """Run the contest, draw it and print its table."""
    found = contest(print)
    draw(found).savefig(HERE / "search.png", dpi=110, metadata={"Software": None})
    print(f"best {found.best:.4f}; grid: {found.grid_runs} runs; searches: {found.runs_needed()}")
    return 0


def draw(found: Contest) -> Figure:
    """Draw the best of each search so far, in parts of the best that there is."""
    figure = Figure(figsize=(7.0, 3.4), layout="constrained")
    axes = figure.subplots()
    courses = np.array(list(found.courses.values())) / found.best
    runs = np.arange(1, courses.shape[1] + 1)
    for course in courses:
        axes.step(runs, course, where="post", color="#0072b2", lw=0.8, alpha=0.45)
    axes.step(runs, np.median(courses, axis=0), where="post", color="#0072b2", lw=2.2,
              label="median of ten searches")  # fmt: skip
    axes.axhline(NEAR, color="#666666", lw=0.9, ls="--", label="within 5 % of the best")
    axes.axvline(found.grid_runs / 3, color="#e69f00", lw=1.2,
                 label=f"a third of the grid's {found.grid_runs} runs")  # fmt: skip
    axes.set(xlabel="runs", ylabel="best so far (of the best there is)", ylim=(0, 1.04),
             xlim=(1, runs[-1]))  # fmt: skip
    figure.legend(frameon=False, fontsize=9, loc="outside upper center", ncols=3)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    sys.exit(main())
