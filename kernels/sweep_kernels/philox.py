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
    product wraps: masks make that, plain Python and NumPy's ``uint64`` arrays agree. The rounds are written out, for LLVM would keep them in a loop.

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
    a, b, c, d = mixed(c0, c1, c2, c3, k0, k1)
    a, b, c, d = mixed(a, b, c, d, k0 + WEYL_0, k1 + WEYL_1)
    a, b, c, d = mixed(a, b, c, d, k0 + 2 * WEYL_0, k1 + 2 * WEYL_1)
    a, b, c, d = mixed(a, b, c, d, k0 + 3 * WEYL_0, k1 + 3 * WEYL_1)
    a, b, c, d = mixed(a, b, c, d, k0 + 4 * WEYL_0, k1 + 4 * WEYL_1)
    a, b, c, d = mixed(a, b, c, d, k0 + 5 * WEYL_0, k1 + 5 * WEYL_1)
    a, b, c, d = mixed(a, b, c, d, k0 + 6 * WEYL_0, k1 + 6 * WEYL_1)
    a, b, c, d = mixed(a, b, c, d, k0 + 7 * WEYL_0, k1 + 7 * WEYL_1)
    a, b, c, d = mixed(a, b, c, d, k0 + 8 * WEYL_0, k1 + 8 * WEYL_1)
    a, b, c, d = mixed(a, b, c, d, k0 + 9 * WEYL_0, k1 + 9 * WEYL_1)
    return a & MASK, b & MASK, c & MASK, d & MASK


def mixed(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> tuple[int, int, int, int]:
    """Do one round. Of each number the lowest 32 bits count; what is above them is masked where it is multiplied, so LLVM sees products of words."""
    p = (c0 & MASK) * MULTIPLIER_0
    q = (c2 & MASK) * MULTIPLIER_1
    return (q >> 32) ^ c1 ^ k0, q, (p >> 32) ^ c3 ^ k1, p
