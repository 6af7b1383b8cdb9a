from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep.work.counts import Counts
from sweep.work.quantiles import quantile_columns
from sweep_kernels.sketch import divisions_of, middle, sketch_indices

LEVELS = (0.01, 0.25, 0.5, 0.9, 0.999)


def columns(rows: list[list[float]], kind: str = "float", relative_error: float = 0.01) -> dict[str, np.ndarray]:
    divisions = divisions_of(relative_error)
    bins, counts = [], []
    for row in rows:
        index = np.empty(len(row), dtype=np.int64)
        sketch_indices(np.array(row, dtype=np.float64), 0, len(row), divisions, index)
        found = np.unique(index - middle(divisions), return_counts=True)
        bins.append(found[0])
        counts.append(found[1])
    return quantile_columns(
        "x",
        kind,
        counts=Counts(np.array(list(map(len, bins))), np.concatenate(bins), np.concatenate(counts)),
        levels=LEVELS,
        relative_error=relative_error,
        smallest=np.array([min(row, default=math.inf) for row in rows]),
        largest=np.array([max(row, default=-math.inf) for row in rows]),
        confidence=0.95,
    )


@settings(deadline=None)  # the first call imports SciPy
@given(
    st.lists(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=60), min_size=1, max_size=4),
    st.sampled_from([0.0005, 0.01, 0.2]),
)
def test_a_quantile_is_as_near_as_promised_to_numpys(rows, relative_error):
    found = columns(rows, relative_error=relative_error)
    for level, name in zip(LEVELS, ("q1", "q25", "q50", "q90", "q99_9"), strict=True):
        exact = np.array([np.quantile(row, level, method="inverted_cdf") for row in rows])
        assert np.all(np.abs(found[f"x_{name}"] - exact) <= np.maximum(relative_error * np.abs(exact), 2.0**-1074))
        assert np.all(found[f"x_{name}_ci_low"] <= exact)
        assert np.all(exact <= found[f"x_{name}_ci_high"])


@settings(deadline=None)
@given(st.lists(st.integers(-49, 49), min_size=1, max_size=200))
def test_small_integers_are_exact(row):
    found = columns([row], "int")
    for level, name in zip(LEVELS, ("q1", "q25", "q50", "q90", "q99_9"), strict=True):
        assert found[f"x_{name}"][0] == np.quantile(row, level, method="inverted_cdf")


def test_the_ends_of_an_interval_are_those_of_values_with_their_ranks():
    row = np.sort(np.random.default_rng(1).integers(-40, 40, 100)).tolist()
    found = columns([row], "int")
    assert (found["x_q50_ci_low"], found["x_q50_ci_high"]) == (row[39], row[60])


def test_where_there_is_too_little_to_say():
    found = columns([[], [3.0], [-2.0, 5.0]])
    assert np.isnan([found["x_q50"][0], found["x_q50_ci_low"][0], found["x_q50_ci_high"][0]]).all()
    assert list(found["x_q50"][1:]) == [3.0, pytest.approx(-2.0, rel=0.01)]
    assert list(found["x_q50_ci_low"][1:]) == [-math.inf, -math.inf]
    assert list(found["x_q99_9_ci_high"][1:]) == [math.inf, math.inf]
