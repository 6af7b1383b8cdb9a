from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep_kernels import kernel
from sweep_kernels.counting import DIGITS, WAYS, count, drain, sort_pairs
from sweep_kernels.covariance import MOMENT, WIDTH
from sweep_kernels.driver import Blocks, Driver, TrialRaisedError
from sweep_kernels.histogram import edges
from sweep_kernels.observer import Observed, Observer
from sweep_kernels.sketch import divisions_of, middle, sketch_indices
from sweep_kernels.tallies import Histogram, Sketch, Tallies

BLOCK = 512
TALLIES = Tallies((Sketch(0, 0.02), Sketch(1, 0.1), Histogram(0, -1, 2, 30)), ((0, 1), (1, 2)))
NOTHING = np.zeros((3, 1), dtype=np.int64)
BLOCKS = Blocks(0, 0, 4, 0, 12)
ENDS = np.array([False, True, True, True] * 3)


@kernel(outputs=["x", "count", "big"])
def mixed(rng):
    x = rng.normal()
    k = int(3.0 * rng.exponential())
    return np.inf if k > 10 else x, k, x > 1.0


def driver() -> Driver:
    return Driver(mixed, (), seed=4, trials=4 * BLOCK - 100, block_size=BLOCK)


def by_bin(observed: Observed, tally: int) -> list[dict[int, int]]:
    """The counts of one output, a dict for each range."""
    ends = np.cumsum(observed.lengths.ravel()).reshape(observed.lengths.shape)
    starts = ends - observed.lengths
    spans = [slice(starts[row, tally], ends[row, tally]) for row in range(len(ends))]
    return [dict(zip(observed.bins[each].tolist(), observed.counts[each].tolist(), strict=True)) for each in spans]


@pytest.mark.parametrize("keep", [False, True])
def test_what_is_counted_is_what_trials_returned_up_to_each_end(keep):
    rows, values = driver().run_keeping(BLOCKS, NOTHING)
    found, kept, observed = driver().run_observed(BLOCKS, NOTHING, Observer(TALLIES, 3, BLOCK), ENDS, keep=keep)
    assert np.array_equal(found, rows)
    assert np.array_equal(kept, values if keep else values[:, :0])
    lengths = [BLOCK, BLOCK, BLOCK, BLOCK - 100] * 3
    starts = np.cumsum([0, *lengths])
    ranges = np.split(np.arange(starts[-1]), [starts[i + 1] for i in np.flatnonzero(ENDS)][:-1])
    for tally in (0, 1):
        divisions = divisions_of(TALLIES.counted[tally].relative_error)
        for each, counted in zip(ranges, by_bin(observed, tally), strict=True):
            x = values[tally, each]
            x = x[np.isfinite(x)]
            index = np.empty(len(x), dtype=np.int64)
            sketch_indices(x, 0, len(x), divisions, index)
            expected = np.unique(index - middle(divisions), return_counts=True)
            assert counted == dict(zip(*map(list, expected), strict=True))
    for each, counted in zip(ranges, by_bin(observed, 2), strict=True):
        x = values[0, each][np.isfinite(values[0, each])]
        expected = [(x < -1).sum(), *np.histogram(x, edges(-1, 2, 30))[0], (x > 2).sum()]
        assert [counted.get(bin_, 0) for bin_ in range(-1, 31)] == expected
    assert observed.comoments.shape == (12, 2, WIDTH)
    for block in range(12):
        x, count_, _ = values[:, starts[block] : starts[block + 1]]
        both = np.isfinite(x)
        cov = observed.comoments[block, 0, MOMENT[1, 1]] / (both.sum() - 1)
        assert cov == pytest.approx(np.cov(x[both], count_[both])[0, 1], rel=1e-12, abs=1e-15)


def test_threads_and_calls_do_not_mix():
    each, observer = driver(), Observer(TALLIES, 3, BLOCK)

    def run(_) -> tuple:
        observed = each.run_observed(BLOCKS, NOTHING, observer, ENDS, keep=False)[2]
        return [by_bin(observed, tally) for tally in range(3)], observed.comoments.tobytes()

    expected = run(0)
    with ThreadPoolExecutor(8) as pool:
        assert all(found == expected for found in pool.map(run, range(32)))


@kernel(outputs=["x"])
def fragile(rng, limit):
    x = rng.uniform()
    if x > limit:
        raise ValueError("beyond")
    return x


def test_a_trial_that_raises_leaves_nothing_behind():
    each = Driver(fragile, ("float",), seed=1, trials=BLOCK, block_size=BLOCK)
    observer = Observer(Tallies((Sketch(0, 0.01),)), 1, BLOCK)
    blocks, ends = Blocks(0, 0, 1, 0, 2), np.array([False, True])
    words = np.array([[1.0], [0.5]]).view(np.int64)
    with pytest.raises(TrialRaisedError):
        each.run_observed(blocks, words, observer, ends, keep=False)
    words = np.array([[1.0], [1.0]]).view(np.int64)
    assert each.run_observed(blocks, words, observer, ends, keep=False)[2].counts.sum() == 2 * BLOCK


def test_pairs_alone_and_counts_alone():
    pairs = driver().run_observed(BLOCKS, NOTHING, Observer(Tallies((), ((0, 1),)), 3, BLOCK), ENDS, keep=False)[2]
    assert (pairs.lengths.shape, len(pairs.counts), pairs.comoments.shape) == ((9, 0), 0, (12, 1, WIDTH))
    counts = Observer(Tallies((Histogram(1, 0, 9, 9),)), 3, BLOCK)
    counted = driver().run_observed(BLOCKS, NOTHING, counts, ENDS, keep=False)[2]
    assert counted.comoments.shape == (12, 0, WIDTH)
    assert counted.counts.sum() == 12 * BLOCK - 300


@given(st.lists(st.lists(st.integers(0, 9), max_size=40), max_size=5), st.booleans())
def test_counting_and_draining(pieces, is_settled):
    table, touched = np.zeros(WAYS * 10, dtype=np.int32), np.empty(WAYS * 10 + 1, dtype=np.int64)
    many = 0
    for piece in pieces:
        many = count(np.array(piece, dtype=np.int64), len(piece), table, touched, many, is_settled)
    into, spare, starts = (np.empty(size, dtype=np.int64) for size in (20, 20, DIGITS))
    written = drain(table, touched, many, 1, 9, into, 0, spare, starts)
    assert not table.any()
    values = [value for piece in pieces for value in piece if 1 <= value < 9]
    found = dict(into[: 2 * written].reshape(-1, 2).tolist())
    assert found == {value - 1: values.count(value) for value in values}
    assert list(found) == sorted(found)


@given(st.lists(st.integers(0, DIGITS**2 - 1), max_size=200, unique=True), st.integers(0, 3))
def test_pairs_are_sorted(firsts, start):
    pairs = np.full(2 * (start + len(firsts)), -1, dtype=np.int64)
    pairs[2 * start :: 2], pairs[2 * start + 1 :: 2] = firsts, np.arange(len(firsts))
    spare, starts = np.empty(2 * len(firsts), dtype=np.int64), np.empty(DIGITS, dtype=np.int64)
    sort_pairs(pairs, start, len(firsts), max(firsts, default=0) + 1, spare, starts)
    assert np.all(pairs[: 2 * start] == -1)
    order = np.argsort(firsts)
    assert np.array_equal(pairs[2 * start :: 2], np.sort(firsts))
    assert np.array_equal(pairs[2 * start + 1 :: 2], order)
