"""What is asked for beside statistics, of blocks of one trial: plain numbers, which need no compiler."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_kernels.covariance import COUNT, MEAN_X, MEAN_Y, WIDTH
from sweep_kernels.histogram import histogram_indices
from sweep_kernels.observer import Observed
from sweep_kernels.sketch import sketch_indices
from sweep_kernels.statistics import FINITE, LARGEST, MEAN, NONFINITE_TRIAL, SLOTS, SMALLEST
from sweep_kernels.tallies import Sketch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep_kernels.tallies import Histogram, Tallies

__all__ = ["observed", "single_statistics"]


def single_statistics(values: NDArray[np.float64], trial: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the statistics of blocks of one trial, as `sweep_kernels.statistics.block_statistics` writes them.

    Parameters
    ----------
    values
        Shape (outputs, trials).
    trial
        Index of each trial within its point.

    Returns
    -------
    ndarray, shape (trials, outputs, len(SLOTS))
    """
    finite = np.isfinite(values.T)
    known = np.where(finite, values.T, 0.0) + 0.0  # no negative zero: a sum that begins with zero has none
    rows = np.zeros((*finite.shape, len(SLOTS)))
    rows[..., FINITE] = finite
    rows[..., MEAN] = known
    rows[..., SMALLEST] = np.where(finite, values.T, np.inf)
    rows[..., LARGEST] = np.where(finite, values.T, -np.inf)
    rows[..., NONFINITE_TRIAL] = np.where(finite, -1.0, trial[:, None])
    return rows


def observed(values: NDArray[np.float64], ends: NDArray[np.bool_], tallies: Tallies) -> Observed:
    """Count values into bins, and return joint moments of pairs.

    Parameters
    ----------
    values
        Shape (outputs, trials): a trial each block.
    ends
        For each block, whether a range of blocks ends with it, over which counts are added up.
    tallies
        What is asked for.
    """
    owner = np.cumsum(ends) - ends
    ranges = int(np.count_nonzero(ends))
    lengths = np.zeros((ranges, len(tallies.counted)), dtype=np.int64)
    nothing = np.empty(0, dtype=np.int64)
    found = [(nothing, nothing, nothing, nothing)]
    for place, tally in enumerate(tallies.counted):
        row, bins, counts = _counted(values[tally.output], owner, tally)
        lengths[:, place] = np.bincount(row, minlength=ranges)
        found.append((row, np.full(len(row), place), bins, counts))
    row, output, bins, counts = (np.concatenate([each[i] for each in found]) for i in range(4))
    order = np.lexsort((bins, output, row))
    return Observed(_comoments(values, tallies.pairs), lengths, bins[order], counts[order])


def _counted(
    x: NDArray[np.float64], owner: NDArray[np.int64], tally: Sketch | Histogram
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return range, bin and count of what is not empty."""
    _, first, last, bin_of_first = tally.layout
    places = np.empty(len(x), dtype=np.int64)
    finite = np.isfinite(x)
    known = np.where(finite, x, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):  # far beyond a histogram's range
        if isinstance(tally, Sketch):
            sketch_indices(known, 0, len(x), tally.divisions, places)
        else:
            histogram_indices(known, 0, len(x), tally.low, tally.high, tally.bins, places)
    counts_too = finite & (places >= first) & (places < last)
    pairs = np.stack([owner[counts_too], places[counts_too] - first + bin_of_first])
    (row, bins), counts = np.unique(pairs, axis=1, return_counts=True)
    return row, bins, counts


def _comoments(values: NDArray[np.float64], pairs: tuple[tuple[int, int], ...]) -> NDArray[np.float64]:
    rows = np.zeros((values.shape[1], len(pairs), WIDTH))
    for place, (a, b) in enumerate(pairs):
        both = np.isfinite(values[a]) & np.isfinite(values[b])
        rows[:, place, COUNT] = both
        rows[:, place, MEAN_X], rows[:, place, MEAN_Y] = np.where(both, values[a], 0.0), np.where(both, values[b], 0.0)
    return rows
