"""Which copy of a kept trial stays, when runs at once, or a sweep that was extended, have kept it twice.

Whole blocks rank before partial ones, partial ones of more trials before those of fewer, and of equal copies that of the earlier wave stays.
The order never changes, and an object is there only when its shard is finished: so what is redundant once is redundant for ever, any
run may delete it at any time, and the best copy is nobody's to delete.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sweep.errors import CorruptError, ObjectNotFoundError
from sweep.holdings import LACKS, Holdings, Kept, lacking
from sweep.work.label import label, read_labelled
from sweep.work.parquet import encode

if TYPE_CHECKING:
    from sweep.ledger import Layer
    from sweep.plan import Plan
    from sweep.rectangle import Rectangle
    from sweep.store import Store

__all__ = ["settle"]


def settle(store: Store, plan: Plan, held: Holdings) -> Holdings:
    """Delete what is kept twice; return `held`, or a new look if anything had to be cut.

    Ends with a look that finds nothing to cut: a run that writes back what another has cut further sees that, and cuts again.
    """
    _drop_unfinished(store, held)
    while _cut(store, plan, held):
        held = Holdings.look(store, lambda _: None, plan)
        _drop_unfinished(store, held)
        _read_lacks(store, held)
    return held


def _drop_unfinished(store: Store, held: Holdings) -> None:
    """Delete kept trials without a map object or a wave. A shard writes its map object first, so these are nobody's."""
    lost = held.unfinished()
    held.kept -= lost
    store.delete(sorted(each.name for each in lost))


def _cut(store: Store, plan: Plan, held: Holdings) -> bool:
    if not _redundant(held.layers(plan.block_size)):
        return False
    _read_lacks(store, held)
    redundant = _redundant(held.layers(plan.block_size))
    for layer, shards in redundant:
        for shard, blocks in shards.items():
            _give_up(store, layer, shard, blocks)
    return bool(redundant)


def _redundant(layers: list[Layer]) -> list[tuple[Layer, dict[int, list[Rectangle]]]]:
    """Find in each layer, by shard, the blocks of which a better one holds a copy."""
    found, better = [], []
    for layer in layers:
        shards = layer.redundant(better)
        if shards:
            found.append((layer, shards))
        better.extend(layer.rectangles)
    return found


def _read_lacks(store: Store, held: Holdings) -> None:
    """Read what each object has given up; one that cannot be read holds nothing."""
    waves = held.waves | held.larger
    for each in sorted(each for each in held.kept if each.wave in waves):
        try:
            lacks = lacking(read_labelled(store, each.name, waves[each.wave], each.shard))
        except (CorruptError, ObjectNotFoundError):
            held.kept.discard(each)
            continue
        if lacks:
            held.lacks[each] = lacks


def _give_up(store: Store, layer: Layer, shard: int, blocks: list[Rectangle]) -> None:
    """Cut blocks out of an object, or delete it if nothing would be left."""
    name = Kept(layer.wave.number, shard, layer.partial).name
    if _count(layer.of(shard)) == _count(blocks):
        store.delete([name])
        return
    with suppress(CorruptError, ObjectNotFoundError):  # another run was faster, or the next look leaves it out
        table = read_labelled(store, name, layer.wave, shard)
        lacks = [*lacking(table), *blocks]
        said = [(r.first_point, r.last_point, r.first_block, r.last_block) for r in lacks]
        metadata = {**label(name, layer.wave, shard), LACKS: json.dumps(said).encode()}
        store.replace(name, encode(_without(table, blocks, layer.block_size), metadata))


def _count(rectangles: list[Rectangle]) -> int:
    return sum(each.blocks for each in rectangles)


def _without(table: Any, rectangles: list[Rectangle], block_size: int) -> Any:
    import numpy as np
    import pyarrow as pa

    point, block = table["point"].to_numpy(), table["trial"].to_numpy() // block_size
    stays = np.ones(len(point), dtype=np.bool_)
    for r in rectangles:
        inside = (point >= r.first_point) & (point < r.last_point) & (block >= r.first_block) & (block < r.last_block)
        stays &= ~inside
    return table.filter(pa.array(stays))
