from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep_kernels.covariance import COUNT, MEAN_X, MEAN_Y, MOMENT, ROOM, WIDTH, block_comoments, merge_comoments
from sweep_kernels.native import compiled

FAST = compiled(block_comoments, inline=False)


def comoments(x, y, function=block_comoments) -> np.ndarray:
    x, y = (np.array(each, dtype=np.float64) for each in (x, y))
    row, n = np.empty(WIDTH), len(x)
    is_finite = bool(np.all(np.isfinite(x) & np.isfinite(y)))
    means = (x.mean(), y.mean()) if is_finite else (math.nan, math.nan)
    function(x, y, n, *means, is_finite, np.empty(ROOM), np.empty(n), np.empty(n), row)
    return row


def correlated(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.exponential(size=n)
    return x, 3.0 + x * rng.normal(size=n)


@pytest.mark.parametrize("n", [1, 2, 127, 128, 129, 1000, 4096])
def test_against_numpy(n):
    x, y = correlated(n)
    row = comoments(x, y)
    assert (row[COUNT], row[MEAN_X], row[MEAN_Y]) == (n, x.mean(), y.mean())
    for (p, q), place in MOMENT.items():
        terms = (x - x.mean()) ** p * (y - y.mean()) ** q
        assert row[place] == pytest.approx(math.fsum(terms), rel=1e-13, abs=1e-13 * np.abs(terms).sum())
    if n > 1:
        assert row[MOMENT[1, 1]] / (n - 1) == pytest.approx(np.cov(x, y)[0, 1], rel=1e-13)


@settings(deadline=None)  # the first call compiles
@given(
    st.lists(
        st.tuples(st.floats(-1e40, 1e40) | st.sampled_from([math.nan, math.inf]), st.floats()), min_size=1, max_size=300
    )
)
def test_plain_and_compiled_agree_to_the_bit(pairs):
    x, y = np.array(pairs).T
    with np.errstate(all="ignore"):
        assert comoments(x, y).tobytes() == comoments(x, y, FAST).tobytes()


def test_trials_without_two_finite_values_are_left_out():
    x, y = correlated(1000)
    x[7], y[7], y[500] = math.nan, math.inf, -math.inf
    both = np.isfinite(x) & np.isfinite(y)
    np.testing.assert_allclose(comoments(x, y), comoments(x[both], y[both]), rtol=1e-12, atol=1e-12)
    assert list(comoments([math.nan], [1.0])) == [0.0] * WIDTH


def test_an_output_that_does_not_vary_has_no_covariance_though_trials_are_left_out():
    row = comoments([0.1] * 100, [math.nan, *range(99)])
    assert (row[MEAN_X], row[MOMENT[2, 0]], row[MOMENT[1, 1]], row[MOMENT[2, 2]]) == (0.1, 0.0, 0.0, 0.0)


@given(st.integers(1, 200), st.integers(1, 200), st.integers(0, 99))
def test_a_merge_is_the_moments_of_both(a, b, seed):
    x, y = correlated(a + b, seed)
    whole = comoments(x, y)
    both = merge_comoments(comoments(x[:a], y[:a]), comoments(x[a:], y[a:]))
    scale = [1.0, 1.0, 1.0, *(np.abs(x).max() ** p * np.abs(y).max() ** q * (a + b) for p, q in MOMENT)]
    assert np.all(np.abs(both - whole) <= 1e-12 * np.array(scale))


def test_nothing_finite_is_neutral_and_many_rows_merge_at_once():
    rows = np.array([comoments(*correlated(9, seed)) for seed in range(6)])
    empty = comoments([math.nan], [1.0])
    assert np.array_equal(merge_comoments(rows, np.tile(empty, (6, 1))), rows)
    assert np.array_equal(merge_comoments(np.tile(empty, (6, 1)), rows), rows)
    together = merge_comoments(rows[:3], rows[3:])
    assert all(np.array_equal(together[i], merge_comoments(rows[i], rows[3 + i])) for i in range(3))
