"""Philox4x32-10: a 128-bit counter and a 64-bit key to four random 32-bit words.

J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC '11,
https://doi.org/10.1145/2063384.2063405. Known answers are in ``tests/golden/philox4x32_10.txt``.
"""

from __future__ import annotations

__all__ = ["philox4x32"]

MASK = 0xFFFFFFFF
MULTIPLIER_0 = 0xD2511F53
MULTIPLIER_1 = 0xCD9E8D57
WEYL_0 = 0x9E3779B9
WEYL_1 = 0xBB67AE85


def philox4x32(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> tuple[int, int, int, int]:
    """Encrypt a counter with ten rounds of Philox.

    Every argument and result is a word, ``0 <= word < 2**32``. Compiled code holds words in signed 64-bit integers, where a
    product wraps: the masks after each shift make that, plain Python and NumPy's ``uint64`` arrays agree.

    Parameters
    ----------
    c0, c1, c2, c3
        The counter, lowest word first.
    k0, k1
        The key, lowest word first.

    Returns
    -------
    tuple of four int
        The random words.

    Examples
    --------
    >>> [f"{word:08x}" for word in philox4x32(0, 0, 0, 0, 0, 0)]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    for _ in range(10):
        p = (c0 & MASK) * MULTIPLIER_0
        q = (c2 & MASK) * MULTIPLIER_1
        c0 = (q >> 32) ^ c1 ^ k0
        c1 = q
        c2 = (p >> 32) ^ c3 ^ k1
        c3 = p
        k0 = k0 + WEYL_0
        k1 = k1 + WEYL_1
    return c0 & MASK, c1 & MASK, c2 & MASK, c3 & MASK
