"""Rate constants that are hidden from the fit, a hundred times."""

import os
from concurrent.futures import ProcessPoolExecutor

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one thread a process

from table import Row

from simulators.fitting import draw
from simulators.fitting.blind import counted

DRAWS = 100


def rows(folder: str) -> list[Row]:
    """Return how many of 100 draws were found within their uncertainty of 95 %."""
    del folder
    with ProcessPoolExecutor() as pool:
        result = counted(list(pool.map(draw, range(DRAWS))))
    found = {"all together": result.joint_hits, **result.hits}
    return [
        Row(id="B1", quantity=f"of 100 draws found: {name}", value=hits, target=95, tolerance=5)
        for name, hits in found.items()
    ]
