"""Sums of neighbours are the same for one row and for many."""

import numpy as np
import pytest

from plans.analysis.grid import weighed


@pytest.mark.parametrize("every", [1, 3, 4])
@pytest.mark.parametrize(("rows", "size"), [(16, 40), (129, 629), (300, 64)])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_many_rows_have_the_sums_of_each_row_alone(every, rows, size, kind):
    rng = np.random.default_rng(3)
    values = rng.normal(size=(rows, size)).astype(kind)
    weights = rng.normal(size=15).astype(kind)
    together = weighed(values, weights, every)
    assert together.dtype == kind
    exact = [
        np.convolve(row, weights[::-1].astype(np.float64), "valid")[::every]
        for row in values.astype(np.float64)
    ]
    assert together == pytest.approx(np.array(exact), abs=2e-5)
    assert weighed(values[0], weights, every) == pytest.approx(together[0], abs=2e-5)


def test_columns_of_a_wider_array_are_summed_alike():
    values = np.random.default_rng(4).normal(size=(40, 90))
    weights = np.full(5, 0.2)
    assert weighed(values[:, 10:60], weights) == pytest.approx(
        np.array([weighed(row[10:60].copy(), weights) for row in values])
    )
