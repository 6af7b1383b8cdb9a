"""Halton points with random digits, by index.

J. H. Halton (1960), https://doi.org/10.1007/BF01386213; every digit goes through a random permutation of its own (A. B. Owen, "A randomized
Halton algorithm in R", 2017, https://arxiv.org/abs/1706.02808).
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.space.bits import SCRAMBLES, random_words
from sweep.space.designs import Design, closed_off
from sweep.space.dimension import unmistaken

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep.space.base import Space

__all__ = ["Halton", "halton"]

SIGNIFICANT_BITS = 53


def primes(count: int) -> list[int]:
    """Return the first primes.

    >>> primes(5)
    [2, 3, 5, 7, 11]
    """
    found: list[int] = []
    candidate = 2
    while len(found) < count:
        if all(candidate % each for each in found):
            found.append(candidate)
        candidate += 1
    return found


@functools.cache
def permutations(seed: int, dimension: int, base: int) -> NDArray[np.int64]:
    """Return a permutation of the digits for each place that matters in a float64, shape (places, base)."""
    places = math.ceil(SIGNIFICANT_BITS / math.log2(base))
    high, low, _, _ = random_words(seed, SCRAMBLES, dimension, np.arange(places * base))
    keys = (high << np.uint64(32) | low).reshape(places, base)
    return np.argsort(keys, axis=1, kind="stable")


class Halton(Design):
    """Halton points with random digits."""

    kind = "halton"

    def unit(self, dimension: int, points: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return a coordinate of some points."""
        base = primes(dimension + 1)[dimension]
        u = np.zeros(len(points))
        weight = 1.0
        for permutation in permutations(self._seed, dimension, base):
            points, digit = np.divmod(points, base)
            weight /= base
            u += permutation[digit] * weight
        return closed_off(u)


def halton(n: int, seed: int = 0, **ranges: Any) -> Space:
    """Make a design of randomised Halton points; a larger `n` adds points at the end.

    Parameters
    ----------
    n
        How many points.
    seed
        Of the digits' permutations, ``0 <= seed < 2**64``.
    **ranges
        By parameter: ``(low, high)``, a list to choose from, or a frozen distribution of scipy.stats.

    Raises
    ------
    SpaceError
        If a range is none of these.
    """
    return Halton(n, seed, unmistaken(ranges))
