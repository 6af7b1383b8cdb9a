"""Latin hypercube designs, by index: each parameter's n strata are visited once, in an order of its own.

M. D. McKay, R. J. Beckman and W. J. Conover (1979), https://doi.org/10.1080/00401706.1979.10489755. The order is a keyed permutation of
``0 .. n - 1``: a Feistel network over the next power of four, applied again while it leads outside (J. Black and P. Rogaway, "Ciphers with arbitrary
finite domains", 2002, https://doi.org/10.1007/3-540-45760-7_9).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.space.bits import POINTS, SCRAMBLES, random_words
from sweep.space.designs import Design, closed_off
from sweep.space.dimension import unmistaken

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep.space.base import Space

__all__ = ["LatinHypercube", "latin_hypercube", "permuted"]

ROUNDS = 6


def permuted(index: NDArray[np.int64], n: int, seed: int, dimension: int) -> NDArray[np.int64]:
    """Permute ``0 <= index < n``."""
    half = max((n - 1).bit_length() + 1, 2) // 2
    out = _feistel(index, half, seed, dimension)
    outside = np.flatnonzero(out >= n)
    while len(outside):
        out[outside] = _feistel(out[outside], half, seed, dimension)
        outside = outside[out[outside] >= n]
    return out


def _feistel(index: NDArray[np.int64], half: int, seed: int, dimension: int) -> NDArray[np.int64]:
    mask = (1 << half) - 1
    left, right = index >> half, index & mask
    for number in range(ROUNDS):
        word = random_words(seed, SCRAMBLES, dimension, right | (number + 1) << 40)[0].astype(np.int64)
        left, right = right, left ^ (word & mask)
    return left << half | right


class LatinHypercube(Design):
    """A Latin hypercube."""

    kind = "latin_hypercube"

    def unit(self, dimension: int, points: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return a coordinate of some points."""
        high, low, _, _ = random_words(self._seed, POINTS, dimension, points)
        within = ((high << np.uint64(20) | low >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
        stratum = permuted(points, self.size, self._seed, dimension)
        return closed_off((stratum + within) / self.size)


def latin_hypercube(n: int, seed: int = 0, **ranges: Any) -> Space:
    """Make a Latin hypercube design. It cannot be extended: another `n` is another design.

    Parameters
    ----------
    n
        How many points, and strata of each parameter.
    seed
        ``0 <= seed < 2**64``.
    **ranges
        By parameter: ``(low, high)``, a list to choose from, or a frozen distribution of scipy.stats.

    Raises
    ------
    SpaceError
        If a range is none of these.
    """
    return LatinHypercube(n, seed, unmistaken(ranges))
