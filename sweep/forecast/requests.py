"""How many requests a run makes of its store: a fresh one, and nothing goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweep.ledger import Wave
    from sweep.plan import Plan

__all__ = ["Requests", "requests_of"]

PAGE = 1000
"""Objects that one LIST answers."""

PART = 8 << 20
"""Bytes from which on boto3 writes an object in parts of this size."""

OF_RUN = 3
"""Objects that a run writes once: the plan, its wave, and one to see whether the store can be written to."""


@dataclass(frozen=True)
class Requests:
    """Requests to S3; a folder has as many files opened. Reads of parts and repetitions of what failed are not in it.

    Attributes
    ----------
    put, get, list
        How many of each; DELETE is free of charge at AWS.
    """

    put: int
    get: int
    list: int


def requests_of(plan: Plan, wave: Wave, result_bytes: float = 0.0) -> Requests:
    """Count what one run of a whole plan asks of a fresh store.

    Parameters
    ----------
    plan, wave
        What is run, and how it is cut.
    result_bytes
        Size of ``result.parquet``: a large one is written in parts.
    """
    shards = wave.shards
    tables, data = len(plan.space.tables()), len(plan.data)
    kept = kept_objects(plan, wave)
    of_result = 1 if result_bytes < PART else 2 + -(-int(result_bytes) // PART)
    of_shards = 3 * shards + kept  # map, timing, reduce
    put = of_shards + OF_RUN + of_result + tables + data
    get = 2 * shards + 7 + tables + (1 if plan.keep else 0)
    listed = 9 + data
    if plan.keep:  # looked at once more in the end
        listed += 2 + sum(max(1, -(-each // PAGE)) for each in (shards, shards, kept))
    return Requests(put, get, listed)


def kept_objects(plan: Plan, wave: Wave) -> int:
    """Count the objects of kept trials: a shard has one of whole blocks and one of partial ones, where it has such blocks."""
    if not plan.keep:
        return 0
    size = plan.block_size
    return sum(
        bool(wave.clipped([shard], size, partial=partial)) for shard in range(wave.shards) for partial in (False, True)
    )
