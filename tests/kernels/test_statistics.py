from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep_kernels.native import compiled
from sweep_kernels.statistics import (
    FINITE,
    LARGEST,
    MEAN,
    NONFINITE_TRIAL,
    SLOTS,
    SMALLEST,
    SQUARES,
    block_statistics,
    merge,
)

FAST = compiled(block_statistics, inline=False)
CASES = {
    "one": [3.5],
    "31": np.arange(31.0),
    "32": np.arange(32.0),
    "33": np.arange(33.0),
    "far from zero": 1e9 + np.random.default_rng(1).normal(size=4096),
    "of all sizes": np.random.default_rng(2).normal(size=1000)
    * 10.0 ** np.random.default_rng(3).integers(-20, 20, 1000),
    "constant": np.full(100, 0.1),
}


def statistics(values, function=block_statistics, first_trial: int = 0) -> np.ndarray:
    x = np.array(values, dtype=np.float64)
    row = np.empty(len(SLOTS))
    function(x, len(x), first_trial, np.empty(len(x)), row)
    return row


@pytest.mark.parametrize("name", CASES)
def test_against_exact_sums(name):
    x = [float(each) for each in CASES[name]]
    row = statistics(x)
    mean = math.fsum(x) / len(x)
    squares = math.fsum((each - mean) ** 2 for each in x)
    scale = max(map(abs, x))
    assert row[FINITE] == len(x)
    assert row[MEAN] == pytest.approx(mean, rel=4e-16, abs=scale * 1e-16 * math.log2(len(x) + 1))
    assert row[SQUARES] == pytest.approx(squares, rel=1e-13, abs=(scale * 1e-15) ** 2)
    assert (row[SMALLEST], row[LARGEST], row[NONFINITE_TRIAL]) == (min(x), max(x), -1)


@settings(deadline=None)
@given(st.floats(-1e150, 1e150), st.integers(1, 5000))
def test_a_constant_has_itself_for_mean_and_no_spread(value, n):
    row = statistics(np.full(n, value), FAST)
    assert (row[MEAN], row[SQUARES]) == (value, 0.0)


def test_the_mean_of_values_whose_sum_overflows():
    row = statistics([*np.full(4096, 1e306), -1e306], FAST)
    assert row[FINITE] == 4097
    assert row[MEAN] == pytest.approx(1e306 * (4095 / 4097), rel=1e-12)
    assert row[SQUARES] == math.inf
    both = merge(statistics(np.full(3, 1.7e308), FAST), statistics([-1.7e308]))
    assert both[MEAN] == pytest.approx(0.85e308)
    assert both[SQUARES] == math.inf


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=200))
def test_plain_and_compiled_agree_to_the_bit(values):
    with np.errstate(all="ignore"):
        assert statistics(values).tobytes() == statistics(values, FAST).tobytes()


def test_what_is_not_finite_is_counted_and_left_out():
    row = statistics([1.0, math.nan, 3.0, math.inf, -math.inf], first_trial=100)
    assert list(row) == [2, 2.0, 2.0, 1.0, 3.0, 101]


def test_nothing_finite_at_all():
    row = statistics([math.nan, math.inf])
    assert list(row) == [0, 0.0, 0.0, math.inf, -math.inf, 0]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_a_merge_is_the_statistics_of_both(a, b):
    both = merge(statistics(a), statistics(b))
    whole = statistics([*a, *b])
    np.testing.assert_allclose(both, whole, rtol=1e-9, atol=1e-6)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_nothing_finite_is_neutral(a):
    empty = statistics([math.nan])
    assert list(merge(statistics(a), empty))[:5] == list(statistics(a))[:5]
    assert list(merge(empty, statistics(a)))[:5] == list(statistics(a))[:5]
    assert merge(empty, statistics(a))[NONFINITE_TRIAL] == 0


def test_merges_work_on_many_rows_at_once():
    rng = np.random.default_rng(1)
    rows = np.array([[statistics(rng.normal(size=9)), statistics(rng.normal(size=7))] for _ in range(5)])
    together = merge(rows[:, 0], rows[:, 1])
    assert all(np.array_equal(together[i], merge(rows[i, 0], rows[i, 1])) for i in range(5))
