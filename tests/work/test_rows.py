from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sweep.work.rows import Rows, concatenated, finished, merged, without_nested
from sweep_kernels.statistics import FINITE, LARGEST, MEAN, SMALLEST, SQUARES

BLOCK = 8
KINDS = ("float", "bool")


def blocks_of(values: np.ndarray, cells: list[tuple[int, int]]) -> Rows:
    """One row a block of ``values``, shape (points, trials), by NumPy's own statistics."""
    statistics = np.empty((len(cells), 2, 6))
    trials = []
    for row, (point, block) in enumerate(cells):
        x = values[point, block * BLOCK : (block + 1) * BLOCK]
        trials.append(len(x))
        for output, y in enumerate((x, (x > 0).astype(float))):
            statistics[row, output] = [len(y), y.mean(), ((y - y.mean()) ** 2).sum(), y.min(), y.max(), -1]
    point, block = np.array(cells).T
    return Rows.of_blocks(point, block, np.array(trials), statistics, KINDS)


@given(st.integers(1, 4), st.integers(1, 300), st.integers(0, 2**32 - 1), st.data())
def test_any_cut_and_any_overlap_merges_to_the_same_bits(points, trials, seed, data):
    values = np.random.default_rng(seed).normal(size=(points, trials)) * 1e3 + 7
    cells = [(point, block) for point in range(points) for block in range(-(-trials // BLOCK))]
    whole = finished(blocks_of(values, cells), BLOCK)
    edges = sorted({0, len(cells), *data.draw(st.lists(st.integers(0, len(cells)), max_size=6))})
    spans = list(itertools.pairwise(edges)) + data.draw(
        st.lists(
            st.tuples(st.integers(0, len(cells)), st.integers(0, len(cells))).filter(lambda s: s[0] < s[1]), max_size=3
        )
    )
    pieces = [merged(blocks_of(values, cells[a:b]), BLOCK, data.draw(st.sampled_from([0, 1, 3, 64]))) for a, b in spans]
    again = finished(without_nested(concatenated(data.draw(st.permutations(pieces)))), BLOCK)
    assert np.array_equal(again.statistics, whole.statistics)
    assert np.array_equal(again.hits, whole.hits)
    assert np.array_equal(again.point, np.arange(points))
    assert np.all(again.trials == trials)


@given(st.integers(1, 3), st.integers(1, 300), st.integers(0, 2**32 - 1))
def test_the_tree_ends_at_the_statistics_of_all_trials(points, trials, seed):
    values = np.random.default_rng(seed).normal(size=(points, trials))
    cells = [(point, block) for point in range(points) for block in range(-(-trials // BLOCK))]
    rows = finished(blocks_of(values, cells), BLOCK)
    np.testing.assert_allclose(rows.statistics[:, 0, MEAN], values.mean(axis=1), rtol=0, atol=1e-14)
    np.testing.assert_allclose(rows.statistics[:, 0, SQUARES], values.var(axis=1) * trials, rtol=1e-12, atol=1e-12)
    assert np.array_equal(rows.statistics[:, 0, FINITE], np.full(points, trials))
    assert np.array_equal(rows.statistics[:, 0, SMALLEST], values.min(axis=1))
    assert np.array_equal(rows.statistics[:, 0, LARGEST], values.max(axis=1))
    assert np.array_equal(rows.hits[:, 1], (values > 0).sum(axis=1))


def test_whole_subtrees_only_and_the_partial_block_by_itself():
    values = np.zeros((1, 13 * BLOCK + 3))
    rows = merged(blocks_of(values, [(0, block) for block in range(14)]), BLOCK)
    assert list(zip(rows.block, rows.blocks, strict=True)) == [(0, 8), (8, 4), (12, 1), (13, 1)]
    assert list(rows.full(BLOCK)) == [True, True, True, False]


def test_arrow_round_trip():
    rows = blocks_of(np.random.default_rng(1).normal(size=(2, 20)), [(0, 0), (0, 1), (1, 2)])
    again = Rows.from_arrow(rows.to_arrow(("x", "hit"), KINDS), ("x", "hit"), KINDS)
    for name in ("point", "block", "blocks", "trials", "hits", "statistics"):
        assert np.array_equal(getattr(again, name), getattr(rows, name))
