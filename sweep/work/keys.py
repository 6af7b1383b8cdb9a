"""Names of the objects in a store.

::

    plan.json                       the plan as it is now
    tables/<sha256>.parquet         an explicit table of the space
    waves/000001.json               what each run found missing, and into how many shards it cut that
    map/000001/00042.parquet        block statistics of a shard; exists once the shard is finished
    trials/000001/00042.parquet     the trials that a shard kept, of whole blocks
    trials/000001/00042-partial.parquet     those of each point's partial last block: gone once that block is computed in full
    reduce/000001/00042.parquet     the shard's statistics merged as far as it holds whole subtrees
    result.parquet                  one row a point
"""

from __future__ import annotations

__all__ = [
    "EVERYTHING",
    "MAP",
    "PLAN",
    "REDUCE",
    "RESULT",
    "TRIALS",
    "WAVES",
    "parse_shard",
    "partial_key",
    "shard_key",
    "table_key",
    "wave_key",
]

PLAN = "plan.json"
RESULT = "result.parquet"
TABLES = "tables/"
WAVES = "waves/"
MAP = "map/"
TRIALS = "trials/"
REDUCE = "reduce/"


EVERYTHING = (PLAN, RESULT, TABLES, WAVES, MAP, TRIALS, REDUCE)
"""Prefixes of all that a sweep writes; whatever else is in the store is not ours."""


def wave_key(wave: int) -> str:
    """Name of a wave's description."""
    return f"{WAVES}{wave:06d}.json"


def shard_key(folder: str, wave: int, shard: int) -> str:
    """Name of what a shard wrote into `folder`, one of `MAP`, `TRIALS`, `REDUCE`.

    >>> shard_key(MAP, 1, 42)
    'map/000001/00042.parquet'
    """
    return f"{folder}{wave:06d}/{shard:05d}.parquet"


def partial_key(wave: int, shard: int) -> str:
    """Name of the kept trials of a shard's partial blocks.

    >>> partial_key(1, 42)
    'trials/000001/00042-partial.parquet'
    """
    return f"{TRIALS}{wave:06d}/{shard:05d}-partial.parquet"


def parse_shard(key: str) -> tuple[int, int] | None:
    """Read wave and shard back from a name; None for a file that is not ours.

    >>> parse_shard("map/000001/00042.parquet")
    (1, 42)
    """
    parts = key.removesuffix(".parquet").removesuffix("-partial").split("/")
    if len(parts) != len(("folder", "wave", "shard")) or not key.endswith(".parquet"):
        return None
    return (int(parts[1]), int(parts[2])) if parts[1].isdigit() and parts[2].isdigit() else None


def table_key(digest: str) -> str:
    """Name of an explicit table."""
    return f"{TABLES}{digest}.parquet"
