"""How the blocks of a wave are shared out among its shards: evenly, or in shards that grow shorter towards the end.

A few long shards and then ever shorter ones let workers end together without many shards: S. F. Hummel, E. Schonberg, L. E. Flynn (1992),
Factoring: a method for scheduling parallel loops, https://doi.org/10.1145/135226.135232.
"""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ["LEAST_FULL", "STEPS", "Cut", "tapered"]

STEPS = 4
"""The last steps of a cut that tapers: each has shards half as long as those of the step before."""

LEAST_FULL = 8
"""Shards of full length of each worker: one of them may hold points that cost nine times the mean before all others wait for it."""

_WEIGHTS = [1 << (STEPS - step) for step in range(STEPS + 1)]
"""Of a shard of full length, and of those of each step."""


class Cut(NamedTuple):
    """Into what blocks are cut.

    Attributes
    ----------
    shards
        How many, at least one.
    taper
        How many shards each of the last `STEPS` steps has, ``0 <= STEPS * taper <= shards``; 0 where all shards are alike.
    """

    shards: int
    taper: int = 0

    def bounds(self, shard: int, blocks: int) -> tuple[int, int]:
        """Return the half-open range of the blocks that a shard holds.

        >>> [Cut(3).bounds(shard, 10) for shard in range(3)]
        [(0, 3), (3, 6), (6, 10)]
        >>> [stop - start for start, stop in (Cut(6, 1).bounds(shard, 470) for shard in range(6))]
        [160, 160, 80, 40, 20, 10]
        """
        return self._before(shard) * blocks // self.weight, self._before(shard + 1) * blocks // self.weight

    @property
    def weight(self) -> int:
        """The length of all shards, in those of the shortest: as many blocks give each shard one at least."""
        return self._before(self.shards)

    def _before(self, shard: int) -> int:
        """Return the length of the shards before this one."""
        if not self.taper:
            return shard
        full = self.shards - STEPS * self.taper
        lengths = (min(shard, full), *(min(max(shard - full - i * self.taper, 0), self.taper) for i in range(STEPS)))
        return sum(weight * length for weight, length in zip(_WEIGHTS, lengths, strict=True))


def tapered(seconds: float, workers: int, longest: float) -> Cut:
    """Cut work of so many seconds of one core for workers that all begin at once.

    Parameters
    ----------
    seconds
        Of all the work, more than 0.
    workers
        How many there are.
    longest
        Seconds that a shard may take.

    Returns
    -------
    Cut
        At least `LEAST_FULL` shards of full length a worker, before the steps.

    Examples
    --------
    >>> tapered(23.5, workers=2, longest=4.0)
    Cut(shards=24, taper=2)
    >>> tapered(3600.0, workers=2, longest=4.0)
    Cut(shards=908, taper=2)
    """
    tail = 1.0 - 1.0 / (1 << STEPS)  # of each worker, in shards of full length
    full = max(LEAST_FULL, math.ceil(seconds / workers / longest - tail))
    return Cut((full + STEPS) * workers, workers)
