"""Many small systems of equations at once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from plans.analysis.normal_equations import solve_each


@given(st.integers(1, 20), st.integers(2, 6), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_every_system_gets_the_solution_of_a_general_solver(number, size, sides, seed):
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(number, size, 4 * size))
    matrices = columns @ columns.swapaxes(-1, -2)
    wanted = rng.normal(size=(number, size, sides))
    found = solve_each(matrices, wanted, 0.0)
    assert found.shape == (sides, size, number)
    expected = np.linalg.solve(matrices, wanted)
    np.testing.assert_allclose(found.transpose(2, 1, 0), expected, rtol=1e-6, atol=1e-9)


def test_a_ridge_makes_a_singular_system_solvable():
    matrices = np.ones((1, 2, 2), dtype=np.float32)
    (found,) = solve_each(matrices, np.ones((1, 2, 1)), 1e-6)
    np.testing.assert_allclose(found[:, 0], 0.5, rtol=1e-3)


def test_a_system_without_a_solution_raises_nothing_and_spoils_no_other():
    matrices = np.array([np.zeros((2, 2)), np.eye(2)])
    with np.errstate(all="ignore"):
        (found,) = solve_each(matrices, np.ones((2, 2, 1)), 0.0)
    assert not np.isfinite(found[:, 0]).any()
    np.testing.assert_array_equal(found[:, 1], 1.0)
