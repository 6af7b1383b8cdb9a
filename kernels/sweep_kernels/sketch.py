"""Bins of a quantile sketch: numbers of the same sign that differ by a factor of little more than 1 share one.

The idea of counting in bins of bounded relative width, so that any quantile is known to that width whatever the order of the values, is
DDSketch's: C. Masson, J. E. Rim and H. K. Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees",
Proceedings of the VLDB Endowment 12 (2019), https://doi.org/10.14778/3352063.3352135. Of the mappings that it names this is the one that
interpolates the logarithm linearly: every octave ``2**e <= |x| < 2**(e + 1)`` falls into `divisions` bins of the same width. It takes 44 % more bins
than a logarithm would, of which only those that come up are kept; but an index is a product of integers, the edges are floats that are known
exactly, and nothing is rounded.

A number's bin is ``sign * floor((e + f) * divisions)``, with `e` the octave counted from the smallest denormal number's and `f` the fraction
in ``0 <= f < 1``, cut to 32 bits. Zero has bin 0. What is not finite has a bin beyond all others.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels.arithmetic import bits_of, select

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "LEAST_ERROR",
    "MOST_ERROR",
    "bin_edges",
    "divisions_of",
    "limit",
    "middle",
    "representative",
    "sketch_indices",
]

LEAST_ERROR, MOST_ERROR = 0.0005, 0.2
"""Relative errors that a sketch may have; below, its tables grow beyond tens of megabytes a thread."""

NORMAL = 2.0**-1022
DENORMAL_SHIFT = 52
OCTAVES = 2047 + DENORMAL_SHIFT  # from 1 on; that of inf and NaN is the last
FRACTION_BITS = 32
BIAS = 1023 + DENORMAL_SHIFT


def divisions_of(relative_error: float) -> int:
    """Return into how many bins an octave is divided so that no number is further from its bin's `representative`.

    The worst bin is an octave's first, ``1 <= x < 1 + 1 / divisions``; the margin is for edges that are cut to 32 bits.

    >>> divisions_of(0.01)
    50
    """
    return math.floor((1.0 / relative_error - 1.0) / 2.0 * (1.0 + 1e-6)) + 1


def limit(divisions: int) -> int:
    """Bins of finite numbers lie strictly between ``-limit`` and ``limit``."""
    return OCTAVES * divisions


def middle(divisions: int) -> int:
    """Place of bin 0 in a table that holds all, ``2 * middle + 1`` of them."""
    return (OCTAVES + 1) * divisions


def sketch_indices(x: NDArray[np.float64], start: int, n: int, divisions: int, into: NDArray[np.int64]) -> None:
    """Write the places of the bins of ``x[start : start + n]``, counted from ``-middle(divisions)``."""
    centre = (OCTAVES + 1) * divisions
    for i in range(n):
        value = x[start + i]
        size = abs(value)
        is_small = size < NORMAL
        bits = bits_of(size * select(is_small, 2.0**DENORMAL_SHIFT, 1.0))
        scaled = (bits >> 20) + select(is_small, 0, DENORMAL_SHIFT << FRACTION_BITS)
        index = (scaled * divisions) >> FRACTION_BITS
        into[i] = centre + select(value < 0.0, -index, index)


def bin_edges(bins: NDArray[np.int64], divisions: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the smallest numbers and the least upper bounds of bins of finite numbers.

    Returns
    -------
    low, high : ndarray
        ``low <= x < high`` above zero, ``low < x <= high`` below it, both zero for bin 0. An upper bound beyond the largest float is inf;
        among denormal numbers both are rounded, and belong to the bin.
    """
    size = np.abs(bins)
    with np.errstate(over="ignore"):
        near, far = (np.ldexp(*_parts(_scaled(each, divisions))) for each in (size, size + 1))
    near, far = np.where(size == 0, 0.0, near), np.where(size == 0, 0.0, far)
    return np.where(bins < 0, -far, near), np.where(bins < 0, -near, far)


def representative(bins: NDArray[np.int64], divisions: int) -> NDArray[np.float64]:
    """Return the number of each bin that no other one in it is relatively far from: twice the product of its edges by their sum.

    Among denormal numbers it is rounded to one of them.
    """
    size = np.abs(bins)
    low, exponent = _parts(_scaled(size, divisions))
    high, next_exponent = _parts(_scaled(size + 1, divisions))
    high = np.ldexp(high, next_exponent - exponent)
    found = np.ldexp(2.0 * low * high / (low + high), exponent)
    return np.copysign(np.where(size == 0, 0.0, found), np.where(bins < 0, -1.0, 1.0))


def _scaled(size: NDArray[np.int64], divisions: int) -> NDArray[np.int64]:
    """Return the smallest octave and fraction, in units of 2**-32, of a bin."""
    return -(-(size << FRACTION_BITS) // divisions)


def _parts(scaled: NDArray[np.int64]) -> tuple[Any, Any]:
    """Take a number apart into ``1 <= significand < 2`` and its exponent."""
    fraction = (scaled & ((1 << FRACTION_BITS) - 1)) * 2.0**-FRACTION_BITS
    return 1.0 + fraction, (scaled >> FRACTION_BITS) - BIAS
