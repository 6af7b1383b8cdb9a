"""How much may be held in memory at a time: limits that are right for a few outputs, for many."""

from __future__ import annotations

__all__ = ["for_outputs"]

FEW = 8


def for_outputs(most: int, outputs: int) -> int:
    """Return how many rows may be held, where `most` may be of a few outputs.

    >>> for_outputs(1000, 3), for_outputs(1000, 200)
    (1000, 40)
    """
    return max(1, most // max(1, outputs // FEW))
