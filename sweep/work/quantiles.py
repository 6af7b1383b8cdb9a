"""Counts in the bins of a sketch to quantiles with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep.intervals import quantile_ranks
from sweep.request import quantile_label
from sweep_kernels.sketch import bin_edges, divisions_of, representative

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep.work.counts import Counts

__all__ = ["quantile_columns"]


def quantile_columns(
    name: str,
    kind: str,
    *,
    counts: Counts,
    levels: tuple[float, ...],
    relative_error: float,
    smallest: NDArray[np.float64],
    largest: NDArray[np.float64],
    confidence: float,
) -> dict[str, NDArray[np.float64]]:
    """Return the columns of an output's quantiles.

    Parameters
    ----------
    name, kind
        The output, and whether it is ``"int"`` or ``"float"``.
    counts
        A row a point: how many values fell into which bins of its sketch.
    levels
        Of the quantiles.
    relative_error
        Of the sketch.
    smallest, largest
        Minimum and maximum of each point.
    confidence
        Of the intervals.

    Returns
    -------
    dict
        ``<name>_q50``, ``_q50_ci_low``, ``_q50_ci_high`` and so on. A quantile is within `relative_error` of the value that has its
        rank, and an integer is exact where its bin holds no other. An interval reaches to the edges of the bins that hold its ends:
        so it is right in spite of the sketch. It is infinite where there are too few values to bound the quantile; NaN where there
        is none.
    """
    divisions = divisions_of(relative_error)
    last = np.cumsum(counts.count)
    total = counts.total
    before = np.cumsum(total) - total
    some = total > 0

    def bins_of(rank: NDArray[np.int64]) -> NDArray[np.int64]:
        """Find the bins of the values with these ranks, counted from 1; bin 0 where there is no such value."""
        is_there = (rank >= 1) & (rank <= total)
        place = np.searchsorted(last, before + np.where(is_there, rank, 0))
        return np.where(
            is_there, counts.bin[np.minimum(place, len(counts.bin) - 1)].astype(np.int64) if len(counts.bin) else 0, 0
        )

    columns: dict[str, NDArray[np.float64]] = {}
    for level in levels:
        rank, low_rank, high_rank = quantile_ranks(total, level, confidence)
        value = _value(bins_of(rank), divisions, kind)
        low, high = _ends(bins_of(low_rank), divisions, kind)[0], _ends(bins_of(high_rank), divisions, kind)[1]
        label = f"{name}_{quantile_label(level)}"
        columns[label] = np.where(some, np.clip(value, smallest, largest), np.nan)
        columns[f"{label}_ci_low"] = np.where(low_rank < 1, -np.inf, np.maximum(low, smallest))
        columns[f"{label}_ci_high"] = np.where(high_rank > total, np.inf, np.minimum(high, largest))
        for end in ("low", "high"):
            columns[f"{label}_ci_{end}"] = np.where(some, columns[f"{label}_ci_{end}"], np.nan)
    return columns


def _value(bins: NDArray[np.int64], divisions: int, kind: str) -> NDArray[np.float64]:
    value = representative(bins, divisions)
    if kind != "int":
        return value
    low, high = _ends(bins, divisions, kind)
    return np.where(low == high, low, value)


def _ends(bins: NDArray[np.int64], divisions: int, kind: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and the largest value that a bin may hold: of integers, those in it."""
    low, high = bin_edges(bins, divisions)
    if kind != "int":
        return low, high
    first, last = np.ceil(low), np.floor(high)
    return np.where((bins < 0) & (first == low), first + 1, first), np.where(
        (bins > 0) & (last == high), last - 1, last
    )
