"""The seed that a program is given: a number for each trial, out of the same counter as a kernel's draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels.counter import SEED_STREAM, high_word, key_of
from sweep_kernels.philox import philox4x32

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MOST_BITS", "seed_of", "seeds_of"]

MOST_BITS = 63
_WORD = 0xFFFFFFFF


def seed_of(seed: int, point: int, trial: int, bits: int = MOST_BITS) -> int:
    """Return a trial's seed.

    Parameters
    ----------
    seed
        The sweep's, ``0 <= seed < 2**64``.
    point, trial
        Which trial, each ``< 2**44``; point 0 for all where random numbers are common.
    bits
        How many it has, 1 to 63.

    Returns
    -------
    int
        ``0 <= s < 2**bits``: the lowest bits of the first two words of the trial's block 0 of stream `SEED_STREAM`.

    Examples
    --------
    >>> seed_of(1, 0, 0), seed_of(1, 0, 0, 31) == seed_of(1, 0, 0) % 2**31
    (4723248377802178653, True)
    """
    return _seeds(seed, point, trial, bits)


def seeds_of(seed: int, points: Sequence[int], trials: Sequence[int], bits: int = MOST_BITS) -> list[int]:
    """Return the seeds of many trials at a time; see `seed_of`.

    >>> seeds_of(1, [0, 3], [0, 5]) == [seed_of(1, 0, 0), seed_of(1, 3, 5)]
    True
    """
    return _seeds(seed, np.array(points, dtype=np.uint64), np.array(trials, dtype=np.uint64), bits).tolist()


def _seeds(seed: int, point: Any, trial: Any, bits: int) -> Any:
    """Do it for one number or for arrays of them."""
    low, high, _, _ = philox4x32(0, SEED_STREAM | high_word(point, trial), trial & _WORD, point & _WORD, *key_of(seed))
    return (low | high << 32) & ((1 << bits) - 1)
