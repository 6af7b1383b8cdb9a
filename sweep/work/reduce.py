"""The reduce stage: merge what one map child wrote as far as it holds whole subtrees."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sweep.work import keys
from sweep.work.label import create_labelled, label, labelled, read_labelled
from sweep.work.parquet import encode
from sweep.work.rows import Rows, merged
from sweep.work.simulate import KINDS
from sweep.work.tallied import tallied

if TYPE_CHECKING:
    import pyarrow as pa

    from sweep.ledger import Wave
    from sweep.plan import Plan
    from sweep.store import Store

__all__ = ["reduce", "rows_of"]


def reduce(plan: Plan, store: Store, wave: Wave, shard: int) -> None:
    """Read map child `shard`'s object, and no other, and write its reduction.

    Raises
    ------
    CorruptError
        If what it reads is damaged.
    """
    name = keys.shard_key(keys.MAP, wave.number, shard)
    table = read_labelled(store, name, wave, shard)
    kinds = output_kinds(table)
    asked = tallied(plan, kinds)
    rows = merged(Rows.from_arrow(table, plan.kernel.columns, kinds, asked), plan.block_size)
    name = keys.shard_key(keys.REDUCE, wave.number, shard)
    metadata = {KINDS: json.dumps(kinds).encode()} | label(name, wave, shard)
    create_labelled(store, name, wave, shard, encode(rows.to_arrow(plan.kernel.columns, kinds, asked), metadata))


def output_kinds(table: pa.Table) -> tuple[str, ...]:
    """Return the kinds of a kernel's outputs as a map or reduce object records them."""
    return tuple(json.loads(table.schema.metadata[KINDS]))


def rows_of(data: bytes, plan: Plan, wave: Wave, shard: int) -> tuple[Rows, tuple[str, ...]]:
    """Read the bytes of a reduction, checked, with the kinds of the outputs."""
    table = labelled(data, keys.shard_key(keys.REDUCE, wave.number, shard), wave, shard)
    kinds = output_kinds(table)
    return Rows.from_arrow(table, plan.kernel.columns, kinds, tallied(plan, kinds)), kinds
