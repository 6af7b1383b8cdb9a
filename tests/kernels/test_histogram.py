from __future__ import annotations

import math

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sweep_kernels.histogram import edges, histogram_indices
from sweep_kernels.native import compiled

FAST = compiled(histogram_indices, inline=False)


def counts(values, low, high, bins, function=histogram_indices) -> np.ndarray:
    """Below, the bins, above, not finite."""
    x = np.array(values, dtype=np.float64)
    into = np.empty(len(x), dtype=np.int64)
    function(x, 0, len(x), low, high, bins, into)
    return np.bincount(into, minlength=bins + 3)


@settings(deadline=None)  # the first call compiles
@given(
    st.floats(-1e6, 1e6),
    st.floats(1e-3, 1e6),
    st.integers(1, 200),
    st.lists(st.floats(-0.1, 1.1) | st.floats(), max_size=60),
)
def test_it_is_numpys(low, width, bins, places):
    high = low + width
    assume((high - low) / bins > 8 * math.ulp(max(abs(low), abs(high))))
    on_edges = edges(low, high, bins)
    with np.errstate(invalid="ignore", over="ignore"):
        values = np.concatenate([low + np.array(places) * width, on_edges, np.nextafter(on_edges, -np.inf)])
    found = counts(values, low, high, bins)
    finite = values[np.isfinite(values)]
    assert np.array_equal(found[1:-2], np.histogram(finite, bins, (low, high))[0])
    assert (found[0], found[-2], found[-1]) == ((finite < low).sum(), (finite > high).sum(), len(values) - len(finite))
    assert np.array_equal(counts(values, low, high, bins, FAST), found)


def test_both_ends_are_inside():
    assert list(counts([0.0, 1.0, 0.3, -1e-9, 1.0 + 1e-9], 0.0, 1.0, 10)) == [1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0]
