"""Which blocks of a plan are finished: worked out from the waves of work and the shards that are there.

Each run that finds work missing writes one wave: the rectangles it is about to compute and the number of shards it cuts them into. A
shard is finished when its map object exists. Nothing else is recorded, so there is nothing that could disagree with the objects.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.errors import CorruptError
from sweep.rectangle import Rectangle, cut, subtract

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sweep_kernels.driver import Blocks

__all__ = ["MAX_SHARDS", "Wave", "missing"]

MAX_SHARDS = 10_000
"""An array job has at most this many children on AWS Batch."""


@dataclass(frozen=True)
class Wave:
    """One array job's worth of work.

    Attributes
    ----------
    number
        Counted from 1 within a store.
    trials
        Trials of each point when it was planned; tells which of its blocks was a partial one.
    shards
        How many shards it is cut into, ``1 <= shards <= MAX_SHARDS``.
    rectangles
        What it computes, walked in this order.
    """

    number: int
    trials: int
    shards: int
    rectangles: tuple[Rectangle, ...]

    @property
    def blocks(self) -> int:
        """Blocks in all."""
        return sum(each.blocks for each in self.rectangles)

    def bounds(self, shard: int) -> tuple[int, int]:
        """Return the half-open range of the walk's blocks that a shard holds."""
        return shard * self.blocks // self.shards, (shard + 1) * self.blocks // self.shards

    def slices(self, shard: int) -> Iterator[Blocks]:
        """Yield what a shard computes."""
        for each, start, stop in cut(self.rectangles, *self.bounds(shard)):
            yield each.slice(start, stop)

    def point_range(self, shard: int) -> tuple[int, int]:
        """Return the smallest half-open range of points that holds all of a shard's."""
        parts = list(self.covered([shard]))
        return min(each.first_point for each in parts), max(each.last_point for each in parts)

    def covered(self, shards: Iterable[int]) -> Iterator[Rectangle]:
        """Yield rectangles that together are what the given shards hold; neighbouring shards share theirs."""
        for first, last in _runs(sorted(shards)):
            for each, start, stop in cut(self.rectangles, self.bounds(first)[0], self.bounds(last)[1]):
                yield from each.rectangles(start, stop)

    def to_json(self) -> bytes:
        """Write it as JSON."""
        rectangles = [[r.first_point, r.last_point, r.first_block, r.last_block] for r in self.rectangles]
        fields = {"wave": self.number, "trials": self.trials, "shards": self.shards, "rectangles": rectangles}
        return (json.dumps(fields) + "\n").encode()

    @classmethod
    def from_json(cls, data: bytes, name: str) -> Wave:
        """Read what `to_json` wrote.

        Raises
        ------
        CorruptError
            If it is not that.
        """
        try:
            fields = json.loads(data)
            rectangles = tuple(Rectangle(*map(int, each)) for each in fields["rectangles"])
            return cls(int(fields["wave"]), int(fields["trials"]), int(fields["shards"]), rectangles)
        except (ValueError, KeyError, TypeError) as error:
            raise CorruptError(f"{name} is not a wave of work: {error}; delete it and run again") from None


def missing(
    points: int,
    trials: int,
    block_size: int,
    finished: Iterable[tuple[Wave, Iterable[int]]],
) -> list[Rectangle]:
    """Work out which blocks of a plan are still to be computed.

    Parameters
    ----------
    points, trials, block_size
        The plan as it is now.
    finished
        Each wave with its finished shards.

    Returns
    -------
    list of Rectangle
        In the order of points, then blocks. A partial last block counts as finished only while `trials` is what it was.
    """
    whole = Rectangle(0, points, 0, -(-trials // block_size))
    covered: list[Rectangle] = []
    for wave, shards in finished:
        last = whole.last_block if wave.trials == trials else wave.trials // block_size
        covered.extend(
            Rectangle(r.first_point, r.last_point, r.first_block, min(r.last_block, last))
            for r in wave.covered(shards)
            if min(r.last_block, last) > r.first_block
        )
    return subtract(whole, covered)


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Yield runs of consecutive numbers as (first, last), both included."""
    first = last = None
    for each in numbers:
        if last is not None and each == last + 1:
            last = each
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = each
    if first is not None and last is not None:
        yield first, last
