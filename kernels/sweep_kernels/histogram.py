"""Bins of equal width, with the edges of `numpy.histogram`, and one for what lies below and one above."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sweep_kernels.arithmetic import select

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["edges", "histogram_indices"]


def edges(low: float, high: float, bins: int) -> NDArray[np.float64]:
    """Return the edges, shape (bins + 1,): bin `k` holds ``edges[k] <= x < edges[k + 1]``, the last one also ``x == high``."""
    return np.linspace(low, high, bins + 1)


def histogram_indices(
    x: NDArray[np.float64], start: int, n: int, low: float, high: float, bins: int, into: NDArray[np.int64]
) -> None:
    """Write where ``x[start : start + n]`` are counted: 0 for below `low`, from 1 on the bins, then above `high`, then not finite."""
    scale = bins / (high - low)
    step = (high - low) / bins
    for i in range(n):
        value = x[start + i]
        edge = np.rint(
            (value - low) * scale
        )  # the nearest one; on which side of it the value lies is decided by the edge itself
        bin_ = min(edge - select(value < edge * step + low, 1.0, 0.0), bins - 1.0)
        bin_ = select(value < low, -1.0, select(value > high, bins * 1.0, bin_))
        into[i] = int(select(abs(value) < math.inf, bin_, bins + 1.0)) + 1
