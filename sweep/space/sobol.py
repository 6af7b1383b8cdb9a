"""Sobol' points with Owen scrambling, by index.

The generator matrices are those of Joe and Kuo (2008, https://doi.org/10.1137/070709359), read from scipy's unscrambled sequence, which is
fixed for ever; the scrambling is ours, so a design does not change with scipy's version. Points are taken in their natural order, not in Gray
code order: aligned runs of ``2**k`` points are the same sets.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import SpaceError
from sweep.space.bits import SCRAMBLES, random_words
from sweep.space.designs import Design
from sweep.space.dimension import unmistaken

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep.space.base import Space

__all__ = ["Sobol", "sobol"]

BITS = 32
LARGEST = 1 << 24


@functools.cache
def generators(dimensions: int, bits: int) -> NDArray[np.uint32]:
    """Return the columns of the generator matrices, shape (dimensions, bits).

    In Gray code order, point ``2**(k + 1) - 1`` is column `k` alone.
    """
    from scipy.stats import qmc

    engine = qmc.Sobol(dimensions, scramble=False, bits=BITS)
    columns = np.empty((dimensions, bits), dtype=np.uint32)
    passed = 0
    for k in range(bits):
        at = (1 << (k + 1)) - 1
        engine.fast_forward(at - passed)
        columns[:, k] = (engine.random(1)[0] * 2.0**BITS).astype(np.uint32)
        passed = at + 1
    return columns


class Sobol(Design):
    """Scrambled Sobol' points."""

    kind = "sobol"

    def __init__(self, n: Any, seed: Any, ranges: dict[str, Any]) -> None:
        super().__init__(n, seed, ranges)
        if self.size > LARGEST:
            raise SpaceError(
                f"sobol(n={self.size}): at most 2**24 = {LARGEST:,} points; independent(...) has no such limit"
            )

    def unit(self, dimension: int, points: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return a coordinate of some points."""
        bits = max((self.size - 1).bit_length(), 1)
        columns = generators(len(self._dimensions), bits)[dimension]
        digits = np.zeros(len(points), dtype=np.uint32)
        for k in range(bits):
            digits ^= np.where((points >> k) & 1 == 1, columns[k], np.uint32(0))
        scramble = int(random_words(self._seed, SCRAMBLES, dimension, np.zeros(1, np.int64))[0][0])
        return (owen(digits, scramble).astype(np.float64) + 0.5) * 2.0**-BITS


def reversed_bits(x: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Reverse the bits of 32-bit integers."""
    for shift, mask in ((1, 0x55555555), (2, 0x33333333), (4, 0x0F0F0F0F), (8, 0x00FF00FF), (16, 0x0000FFFF)):
        low, by = np.uint32(mask), np.uint32(shift)
        x = (x >> by & low) | (x & low) << by
    return x


def owen(x: NDArray[np.uint32], seed: int) -> NDArray[np.uint32]:
    """Scramble each bit by a hash of the bits above it.

    S. Laine and T. Karras, "Stratified sampling for stochastic transparency" (2011), with the constants of N. Vegdahl and the use of B. Burley,
    "Practical hash-based Owen scrambling", JCGT 9 (2020): on reversed bits, a sum or a product with an even factor carries upward only.
    """
    x = reversed_bits(x)
    x = x ^ x * np.uint32(0x3D20ADEA)
    x = x + np.uint32(seed)
    x = x * np.uint32(seed >> 16 | 1)
    x = x ^ x * np.uint32(0x05526C56)
    x = x ^ x * np.uint32(0x53A22864)
    return reversed_bits(x)


def sobol(n: int, seed: int = 0, **ranges: Any) -> Space:
    """Make a design of scrambled Sobol' points: more even than chance in every projection.

    Parameters
    ----------
    n
        How many points, at most ``2**24``; powers of two are the most even. A larger `n` adds points at the end.
    seed
        Of the scrambling, ``0 <= seed < 2**64``.
    **ranges
        By parameter: ``(low, high)``, a list to choose from, or a frozen distribution of scipy.stats.

    Raises
    ------
    SpaceError
        If a range is none of these, or `n` is too large.
    """
    return Sobol(n, seed, unmistaken(ranges))
