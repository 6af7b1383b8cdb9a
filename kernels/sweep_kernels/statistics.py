"""Statistics of a block of trials, and their merge.

Inside a block the order of every addition is fixed: trial ``i`` goes to lane ``i % LANES``, and the lanes are folded in halves. So
the result does not depend on a machine's vector width. Blocks are merged by Chan, Golub and LeVeque's pairwise update ("Algorithms
for computing the sample variance", The American Statistician 37, 1983, https://doi.org/10.1080/00031305.1983.10483115).

A row of statistics has the `SLOTS`: how many values are finite, their mean, the sum of squared deviations from it, minimum, maximum,
and the index of the first trial that was not finite (-1 when there is none). Values that are not finite are counted and left out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sweep_kernels.arithmetic import fma
from sweep_kernels.scratch import zeros

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "APART",
    "FINITE",
    "LANES",
    "LARGEST",
    "MEAN",
    "NONFINITE_TRIAL",
    "SLOTS",
    "SMALLEST",
    "SQUARES",
    "block_statistics",
    "merge",
]

LANES = 32
APART = 16
"""Values of one output stand so many more than a block apart from the next one's: at a power of two all would share a few lines of the cache."""
SLOTS = ("finite", "mean", "m2", "min", "max", "nonfinite_trial")
FINITE, MEAN, SQUARES, SMALLEST, LARGEST, NONFINITE_TRIAL = range(len(SLOTS))


def fold(lanes: NDArray[np.float64]) -> float:
    """Add up `LANES` numbers in halves; the array is used up."""
    width = LANES // 2
    while width > 0:
        for lane in range(width):
            lanes[lane] += lanes[lane + width]
        width = width // 2
    return lanes[0]


def lane_sums(
    x: NDArray[np.float64],
    n: int,
    sums: NDArray[np.float64],
    smallest: NDArray[np.float64],
    largest: NDArray[np.float64],
) -> None:
    """Sum, minimum and maximum of ``x[:n]`` by lane."""
    for lane in range(LANES):
        sums[lane] = 0.0
        smallest[lane] = np.inf
        largest[lane] = -np.inf
    whole = n - n % LANES
    for start in range(0, whole, LANES):
        for lane in range(LANES):
            value = x[start + lane]
            sums[lane] += value
            smallest[lane] = min(smallest[lane], value)
            largest[lane] = max(largest[lane], value)
    for i in range(whole, n):
        lane = i - whole
        value = x[i]
        sums[lane] += value
        smallest[lane] = min(smallest[lane], value)
        largest[lane] = max(largest[lane], value)


def lane_deviations(
    x: NDArray[np.float64],
    n: int,
    mean: float,
    sums: NDArray[np.float64],
    squares: NDArray[np.float64],
) -> None:
    """Sum and sum of squares of ``x[:n] - mean`` by lane."""
    for lane in range(LANES):
        sums[lane] = 0.0
        squares[lane] = 0.0
    whole = n - n % LANES
    for start in range(0, whole, LANES):
        for lane in range(LANES):
            deviation = x[start + lane] - mean
            sums[lane] += deviation
            squares[lane] = fma(deviation, deviation, squares[lane])
    for i in range(whole, n):
        lane = i - whole
        deviation = x[i] - mean
        sums[lane] += deviation
        squares[lane] = fma(deviation, deviation, squares[lane])


def keep_finite(x: NDArray[np.float64], n: int, into: NDArray[np.float64]) -> tuple[int, int]:
    """Copy the finite ones of ``x[:n]``, in order; return how many there are and the first index that was not."""
    kept = 0
    first = -1
    for i in range(n):
        if math.isfinite(x[i]):
            into[kept] = x[i]
            kept += 1
        elif first < 0:
            first = i
    return kept, first


def scaled_mean(x: NDArray[np.float64], n: int) -> float:
    """Mean of ``x[:n]`` where the sum is beyond the largest number."""
    total = 0.0
    for i in range(n):
        total += x[i] * 2.0**-64
    return total / n * 2.0**64


def block_statistics(
    x: NDArray[np.float64],
    n: int,
    first_trial: int,
    scratch: NDArray[np.float64],
    row: NDArray[np.float64],
) -> None:
    """Write the statistics of one output over one block.

    Parameters
    ----------
    x
        The values, at least `n` of them.
    n
        How many trials, at least 1.
    first_trial
        Index of the block's first trial.
    scratch
        Room to work, shape ``(n,)``.
    row
        Where to write, shape ``(len(SLOTS),)``.
    """
    sums, smallest, largest = zeros(LANES), zeros(LANES), zeros(LANES)
    first_nonfinite = -1
    lane_sums(x, n, sums, smallest, largest)
    total = fold(sums)
    if not math.isfinite(total):
        finite = scratch
        n, first_nonfinite = keep_finite(x, n, finite)
        x = finite
        lane_sums(x, n, sums, smallest, largest)
        total = fold(sums)
    mean = total / n if n > 0 else 0.0
    if not math.isfinite(mean):
        mean = scaled_mean(x, n)
    low = np.inf
    high = -np.inf
    for lane in range(LANES):
        low = min(low, smallest[lane])
        high = max(high, largest[lane])
    squares = smallest
    lane_deviations(x, n, mean, sums, squares)
    drift = fold(sums) / n if n > 0 else 0.0  # what rounding left: with it the mean of a constant is the constant
    spread = fold(squares)
    row[0] = n
    row[1] = mean + drift if math.isfinite(drift) else mean
    row[2] = spread - drift * drift * n if math.isfinite(spread) else np.inf
    row[3] = low
    row[4] = high
    row[5] = first_trial + first_nonfinite if first_nonfinite >= 0 else -1


def merge(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Merge statistics of neighbouring runs of blocks, elementwise.

    Parameters
    ----------
    left, right
        Shape ``(..., len(SLOTS))``; `left` holds the earlier trials.

    Returns
    -------
    ndarray
        Of the same shape.
    """
    a, b = left[..., FINITE], right[..., FINITE]
    n = a + b
    safe = np.where(n > 0, n, 1.0)
    with np.errstate(over="ignore", invalid="ignore"):  # sums of finite values may overflow: the result says inf
        delta = right[..., MEAN] - left[..., MEAN]
        apart = left[..., MEAN] * (a / safe) + right[..., MEAN] * (b / safe)
        mean = np.where(np.isfinite(delta), left[..., MEAN] + delta * (b / safe), apart)
        squares = left[..., SQUARES] + right[..., SQUARES] + delta * delta * (a * (b / safe))
    merged = np.empty_like(left)
    merged[..., FINITE] = n
    merged[..., MEAN] = np.where(a == 0, right[..., MEAN], np.where(b == 0, left[..., MEAN], mean))
    merged[..., SQUARES] = np.where(a == 0, right[..., SQUARES], np.where(b == 0, left[..., SQUARES], squares))
    merged[..., SMALLEST] = np.minimum(left[..., SMALLEST], right[..., SMALLEST])
    merged[..., LARGEST] = np.maximum(left[..., LARGEST], right[..., LARGEST])
    earlier, later = left[..., NONFINITE_TRIAL], right[..., NONFINITE_TRIAL]
    merged[..., NONFINITE_TRIAL] = np.where(earlier >= 0, earlier, later)
    return merged
