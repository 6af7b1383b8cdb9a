"""Statistics of blocks of one trial, in plain numbers: those that the compiled driver's own functions give."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweep.work.counting import observed, single_statistics
from sweep_kernels.covariance import ROOM, WIDTH, block_comoments
from sweep_kernels.statistics import SLOTS, block_statistics
from sweep_kernels.tallies import Histogram, Sketch, Tallies

unhurried = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # machines differ


values = st.lists(st.floats(), min_size=1, max_size=20)


@unhurried
@given(values)
def test_statistics_are_those_of_a_block(x):
    rows = single_statistics(np.array([x]), np.arange(len(x)))
    for trial, value in enumerate(x):
        row = np.empty(len(SLOTS))
        with np.errstate(all="ignore"):
            block_statistics(np.array([value]), 1, trial, np.empty(1), row)
        assert np.array_equal(rows[trial, 0], row)


@unhurried
@given(values)
def test_joint_moments_are_those_of_a_block(x):
    y = x[::-1]
    rows = observed(np.array([x, y]), np.zeros(len(x), dtype=bool), Tallies(pairs=((0, 1),))).comoments
    for trial, (a, b) in enumerate(zip(x, y, strict=True)):
        row, finite = np.empty(WIDTH), math.isfinite(a) and math.isfinite(b)
        with np.errstate(all="ignore"):
            block_comoments(
                np.array([a]), np.array([b]), 1, a, b, finite, np.empty(ROOM), np.empty(1), np.empty(1), row
            )
        assert np.allclose(rows[trial, 0], row, rtol=1e-12)


@unhurried
@given(values, st.data())
def test_counts_are_those_of_numpy_range_by_range(x, data):
    ends = np.array([*data.draw(st.lists(st.booleans(), min_size=len(x) - 1, max_size=len(x) - 1)), True])
    tallies = Tallies((Sketch(0, 0.01), Histogram(0, -1.0, 1.0, 4)))
    found = observed(np.array([x]), ends, tallies)
    sizes = np.diff(np.flatnonzero(ends), prepend=-1)
    place = 0
    for row, piece in enumerate(np.split(np.array(x), np.cumsum(sizes)[:-1])):
        finite = piece[np.isfinite(piece)]
        for tally in range(2):
            length = found.lengths[row, tally]
            counts, bins = found.counts[place : place + length], found.bins[place : place + length]
            place += length
            assert counts.sum() == len(finite)
            assert (np.diff(bins) > 0).all()
            if tally:
                inside = {int(b): int(c) for b, c in zip(bins, counts, strict=True) if 0 <= b < 4}
                wanted = np.histogram(finite[np.abs(finite) <= 1], 4, (-1.0, 1.0))[0]
                assert inside == {bin_: count for bin_, count in enumerate(wanted.tolist()) if count}
    assert place == len(found.counts)
