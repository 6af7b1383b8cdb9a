from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep.work.counts import Counts, counts_of
from sweep_kernels.observer import Observed

ROWS = st.lists(st.dictionaries(st.integers(-200, 200), st.integers(1, 2**40), max_size=6), min_size=1, max_size=8)


def counts(rows: list[dict[int, int]]) -> Counts:
    pairs = [pair for row in rows for pair in sorted(row.items())]
    bins, many = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return Counts(np.array(list(map(len, rows))), bins.astype(np.int32), many)


def dicts(found: Counts) -> list[dict[int, int]]:
    ends = np.cumsum(found.length)
    spans = [slice(end - length, end) for end, length in zip(ends, found.length, strict=True)]
    rows = [dict(zip(found.bin[each].tolist(), found.count[each].tolist(), strict=True)) for each in spans]
    assert all(list(row) == sorted(row) for row in rows)
    return rows


@given(ROWS, st.data())
def test_rows_are_taken(rows, data):
    chosen = data.draw(st.lists(st.integers(0, len(rows) - 1)))
    assert dicts(counts(rows).take(np.array(chosen, dtype=np.int64))) == [rows[i] for i in chosen]
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    assert dicts(counts(rows).take(mask)) == [row for row, is_taken in zip(rows, mask, strict=True) if is_taken]


@given(ROWS, st.integers(1, 4), st.data())
def test_rows_are_added(rows, many, data):
    owner = np.array([data.draw(st.integers(0, many - 1)) for _ in rows])
    total = [Counter() for _ in range(many)]
    for row, each in zip(rows, owner, strict=True):
        total[each].update(row)
    assert dicts(counts(rows).added(owner, many)) == [dict(each) for each in total]


@settings(deadline=None)
@given(ROWS, ROWS)
def test_rows_come_back_from_arrow_one_after_the_other(a, b):
    both = Counts.concatenated([counts(a), counts(b)])
    bins, many = both.to_arrow()
    assert dicts(Counts.from_arrow(pa.chunked_array([bins]), pa.chunked_array([many]))) == [*a, *b]


def test_what_a_driver_counted_is_taken_apart_by_output():
    lengths = np.array([[2, 1], [0, 3]])
    bins, many = np.array([-5, 5, 1, 1, 2, 3]), np.array([2, 1, 3, 6, 5, 4])
    first, second = counts_of(Observed(np.empty((2, 0, 15)), lengths, bins, many))
    assert dicts(first) == [{-5: 2, 5: 1}, {}]
    assert dicts(second) == [{1: 3}, {1: 6, 2: 5, 3: 4}]
