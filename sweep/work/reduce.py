"""The reduce stage: merge what one map child wrote as far as it holds whole subtrees."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sweep.errors import ObjectExistsError
from sweep.work import keys
from sweep.work.parquet import decode, encode
from sweep.work.rows import Rows, merged
from sweep.work.simulate import KINDS

if TYPE_CHECKING:
    import pyarrow as pa

    from sweep.ledger import Wave
    from sweep.plan import Plan
    from sweep.store import Store

__all__ = ["read_rows", "reduce"]


def reduce(plan: Plan, store: Store, wave: Wave, shard: int) -> None:
    """Read map child `shard`'s object, and no other, and write its reduction.

    Raises
    ------
    CorruptError
        If what it reads is damaged.
    """
    name = keys.shard_key(keys.MAP, wave.number, shard)
    table = decode(store.get(name), name)
    kinds = output_kinds(table)
    rows = merged(Rows.from_arrow(table, plan.kernel.outputs, kinds), plan.block_size)
    data = encode(rows.to_arrow(plan.kernel.outputs, kinds), {KINDS: json.dumps(kinds).encode()})
    try:
        store.create(keys.shard_key(keys.REDUCE, wave.number, shard), data)
    except ObjectExistsError:
        return  # the same bytes, from a worker that was faster


def output_kinds(table: pa.Table) -> tuple[str, ...]:
    """Return the kinds of a kernel's outputs as a map or reduce object records them."""
    return tuple(json.loads(table.schema.metadata[KINDS]))


def read_rows(plan: Plan, store: Store, folder: str, wave: int, shard: int) -> tuple[Rows, tuple[str, ...]]:
    """Read a map or reduce object, checked, with the kinds of the outputs."""
    name = keys.shard_key(folder, wave, shard)
    table = decode(store.get(name), name)
    kinds = output_kinds(table)
    return Rows.from_arrow(table, plan.kernel.outputs, kinds), kinds
