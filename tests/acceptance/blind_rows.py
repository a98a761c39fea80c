"""Rate constants that are hidden from the fit, a hundred times."""

import os
from concurrent.futures import ProcessPoolExecutor

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one thread a process

from table import Row

from simulators.fitting import Draw, draw
from simulators.fitting.blind import counted

DRAWS = 100


def rows(folder: str) -> list[Row]:
    """Return how many of 100 draws were found within their uncertainty of 95 %."""
    del folder
    with ProcessPoolExecutor() as pool:
        return counted_rows("B1", "draws found", list(pool.map(draw, range(DRAWS))))


def counted_rows(row_id: str, what: str, draws: list[Draw]) -> list[Row]:
    """Return a row for each constant, and one for all together.

    Args:
        row_id: Id of the rows.
        what: What is counted.
        draws: The draws, 100 of them.
    """
    result = counted(draws)
    found = {"all together": result.joint_hits, **result.hits}
    return [
        Row(id=row_id, quantity=f"of 100 {what}: {name}", value=hits, target=95, tolerance=5)
        for name, hits in found.items()
    ]
