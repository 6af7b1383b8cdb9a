from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sweep_kernels.native import compiled
from sweep_kernels.sketch import (
    LEAST_ERROR,
    MOST_ERROR,
    bin_edges,
    divisions_of,
    limit,
    middle,
    representative,
    sketch_indices,
)

FAST = compiled(sketch_indices, inline=False)
ERRORS = st.floats(LEAST_ERROR, MOST_ERROR)
DENORMAL = 2.0**-1074
WILD = st.floats() | st.floats(-1e-300, 1e-300) | st.sampled_from([0.0, -0.0, 2.0**-1022, 1.7976931348623157e308])


def bins_of(values, divisions: int, function=sketch_indices) -> np.ndarray:
    x = np.array(values, dtype=np.float64)
    into = np.empty(len(x), dtype=np.int64)
    function(x, 0, len(x), divisions, into)
    return into - middle(divisions)


@given(st.lists(WILD, min_size=1, max_size=50), ERRORS)
@example(
    [DENORMAL, -DENORMAL, 2.0**-1022 - DENORMAL, 5e-324 * 77, math.nextafter(1.0, 0.0), math.nextafter(2.0, 0.0)], 0.01
)
@example([math.inf, -math.inf, math.nan, 1.7976931348623157e308], MOST_ERROR)
def test_no_finite_value_is_further_from_its_bins_representative_than_promised(values, relative_error):
    divisions = divisions_of(relative_error)
    bins = bins_of(values, divisions)
    x = np.array(values)
    finite = np.isfinite(x)
    assert np.array_equal(np.abs(bins) < limit(divisions), finite)
    assert np.all(np.abs(bins) <= middle(divisions))
    x, bins = x[finite], bins[finite]
    found = representative(bins, divisions)
    slack = np.maximum(np.abs(x) * relative_error, DENORMAL)  # among denormal numbers no float may be nearer
    assert np.all(np.abs(found / 2 - x / 2) <= slack / 2 * (1 + 1e-15))
    low, high = bin_edges(bins, divisions)
    assert np.all((low <= x) & (x <= high))
    is_open = np.abs(x) >= 2.0**-1022  # edges among denormal numbers are rounded
    assert np.all(~is_open | (bins < 0) | (x < high))
    assert np.all(~is_open | (bins > 0) | (x > low))
    assert np.array_equal(np.sign(bins), np.sign(x))


@settings(deadline=None)  # the first call compiles
@given(st.lists(WILD, min_size=1, max_size=300), ERRORS)
def test_plain_and_compiled_agree(values, relative_error):
    divisions = divisions_of(relative_error)
    assert np.array_equal(bins_of(values, divisions), bins_of(values, divisions, FAST))


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False), ERRORS)
def test_bins_are_in_the_order_of_their_values(a, b, relative_error):
    divisions = divisions_of(relative_error)
    low, high = bins_of(sorted([a, b]), divisions)
    assert low <= high


@pytest.mark.parametrize("relative_error", [0.0005, 0.005, 0.01, 1 / 101, 0.1, 0.2])
def test_no_wider_bins_would_do_nor_are_narrower_ones_taken(relative_error):
    divisions = divisions_of(relative_error)
    worst = 1.0 / (2 * divisions + 1)
    assert worst <= relative_error < 1.0 / (2 * (divisions - 1) - 1)


def test_edges_are_floats_that_a_bin_begins_with():
    divisions = 50
    bins = np.concatenate([bins_of([1e-300, 1.0, 1.5, 1e300], divisions), [1000]])
    low, high = bin_edges(bins, divisions)
    assert np.array_equal(bins_of(low, divisions), bins)
    assert np.array_equal(bins_of(high, divisions), bins + 1)
    assert np.array_equal(bins_of(np.nextafter(high, 0.0), divisions), bins)
    assert bin_edges(np.array([0]), divisions) == (0.0, 0.0)
