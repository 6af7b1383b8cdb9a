"""How many rows the objects of a wave hold: worked out, not counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep.work.rows import ALL_LEVELS
from sweep.work.simulate import MAP_LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep.ledger import Wave
    from sweep.plan import Plan

__all__ = ["map_rows", "reduce_rows", "subtrees"]


def subtrees(first: int, last: int, levels: int) -> int:
    """Return into how many aligned subtrees of at most ``2**levels`` blocks the blocks ``first <= k < last`` merge.

    >>> subtrees(0, 5, 10), subtrees(3, 9, 10), subtrees(0, 4096, 10)
    (2, 3, 4)
    """
    found = 0
    while first < last:
        size = min(first & -first if first else 1 << levels, 1 << levels)
        while size > last - first:
            size >>= 1
        if size == 1 << levels:  # many of the largest, one after the other
            many = (last - first) // size
            found, first = found + many, first + many * size
        else:
            found, first = found + 1, first + size
    return found


def map_rows(plan: Plan, wave: Wave) -> list[int]:
    """Return the rows of each shard's map object."""
    levels = ALL_LEVELS if plan.request.counts else MAP_LEVELS
    return [_rows(plan, wave, shard, levels) for shard in range(wave.shards)]


def reduce_rows(plan: Plan, wave: Wave) -> list[int]:
    """Return the rows of each shard's reduction."""
    return [_rows(plan, wave, shard, ALL_LEVELS) for shard in range(wave.shards)]


def _rows(plan: Plan, wave: Wave, shard: int, levels: int) -> int:
    return sum(points * subtrees(first, last, levels) for points, first, last in _runs(plan, wave, shard))


def _runs(plan: Plan, wave: Wave, shard: int) -> Iterator[tuple[int, int, int]]:
    """Yield numbers of points with the blocks that a shard holds of each; a partial last block merges with no other."""
    whole = plan.trials // plan.block_size
    for each in wave.covered([shard]):
        points = each.last_point - each.first_point
        if each.first_block < min(each.last_block, whole):
            yield points, each.first_block, min(each.last_block, whole)
        if each.last_block > whole:
            yield points, 0, 1
