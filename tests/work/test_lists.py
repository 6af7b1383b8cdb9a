"""Columns of lists."""

from __future__ import annotations

import numpy as np
import pytest

from sweep.errors import UsageError
from sweep.work.lists import lists_of


def test_values_are_cut_into_lists():
    assert lists_of(np.array([2, 0, 1]), np.array([1.0, 2.0, 3.0])).to_pylist() == [[1.0, 2.0], [], [3.0]]


def test_more_values_than_32_bits_count_are_refused():
    with pytest.raises(UsageError, match="^3 counts or moments .* which holds 2: cut the sweep into more shards"):
        lists_of(np.array([2, 1]), np.array([1.0, 2.0, 3.0]), most=2)
    with pytest.raises(UsageError, match="^4,294,967,296 counts"):
        lists_of(np.full(2, 2**31), np.empty(0))
