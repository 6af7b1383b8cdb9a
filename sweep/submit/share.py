"""What is missing of a plan, cut into children of jobs: as an earlier wave was cut, if that is what is left of it, else anew."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sweep.child.work import Range, Work, ranges_of, work_of_plan
from sweep.ledger import MAX_SHARDS
from sweep.rectangle import common
from sweep.work.pilot import KEPT_ROWS

if TYPE_CHECKING:
    from sweep.holdings import Holdings
    from sweep.ledger import Wave
    from sweep.plan import Plan
    from sweep.rectangle import Rectangle

__all__ = ["as_before", "child_count", "left_over", "work_of"]

CHILD_SECONDS = 120.0
"""Of work for each child, on its processors: a container takes some tens of seconds to come up."""


def child_count(seconds: float, blocks: int, vcpus: int, rows_kept: int = 0) -> int:
    """Choose how many children to make.

    Parameters
    ----------
    seconds
        Expected time of all the work on one core.
    blocks
        How many there are; a child has at least one.
    vcpus
        Processors of a child.
    rows_kept
        How many trials will be kept, at most: a child holds its own in memory.

    Examples
    --------
    >>> child_count(3600.0, blocks=500_000, vcpus=4), child_count(1.0, blocks=500, vcpus=1)
    (8, 1)
    """
    wanted = max(round(seconds / vcpus / CHILD_SECONDS), -(-rows_kept // KEPT_ROWS), 1)
    return min(wanted, blocks, MAX_SHARDS)


def left_over(held: Holdings, plan: Plan, missing: list[Rectangle]) -> tuple[Range, ...]:
    """Return the unfinished shards of the wave that they are all that is missing of; empty if there is no such wave.

    To go on with a wave keeps what its stopped children had finished, and adds nothing to the store.
    """
    for number in sorted(held.waves, reverse=True):
        wave = held.waves[number]
        left = [shard for shard in range(wave.shards) if (number, shard) not in held.simulated]
        if left and json.loads(wave.plan)["hash"] == plan.hash and _covers(wave, left, missing):
            return ranges_of((number, shard) for shard in left)
    return ()


def _covers(wave: Wave, shards: list[int], missing: list[Rectangle]) -> bool:
    covered = list(wave.covered(shards))
    blocks = sum(each.blocks for each in missing)
    return sum(each.blocks for each in covered) == blocks == sum(each.blocks for each in common(covered, missing))


def as_before(held: Holdings, blocks: int) -> int:
    """Return how many children make as large a share as those of the last wave had."""
    if not held.waves:
        return min(blocks, MAX_SHARDS)
    last = held.waves[max(held.waves)]
    return min(blocks, MAX_SHARDS, max(1, -(-blocks * last.shards // last.blocks)))


def work_of(plan: Plan, code: str, held: Holdings, map_: tuple[Range, ...]) -> Work:
    """Return what a submission has to do: these shards, and the reductions that are not there."""
    return work_of_plan(plan, code, map_, ranges_of(sorted(held.simulated - held.reduced)))
