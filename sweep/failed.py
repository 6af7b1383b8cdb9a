"""The trials of a command that failed, as a store holds them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from sweep.errors import CorruptError, ObjectNotFoundError
from sweep.work import keys
from sweep.work.failures import failures_table
from sweep.work.label import read_labelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from sweep.holdings import Holdings
    from sweep.plan import Plan
    from sweep.store import Store

__all__ = ["count_failed", "drop_stopped", "read_failures"]


class _Object(NamedTuple):
    key: str
    name: keys.FailuresName


def _objects(store: Store, held: Holdings) -> Iterator[_Object]:
    """Yield the objects that count: those of finished shards, and of such as were given up because of them."""
    for entry in store.list(keys.FAILURES):
        name = keys.parse_failures(entry.key)
        if name is None or name.wave not in held.waves:
            continue
        if name.stopped or (name.wave, name.shard) in held.simulated:
            yield _Object(entry.key, name)


def count_failed(store: Store, held: Holdings) -> int:
    """Count failed trials by the names of their objects; where two runs did the same work, they may count twice."""
    return sum(each.name.failed for each in _objects(store, held))


def read_failures(store: Store, plan: Plan, held: Holdings) -> pa.Table:
    """Return the failed trials, by point and trial, each once; see `sweep.work.failures.failures_table`. Objects that are damaged are left out."""
    import pyarrow as pa

    tables = [failures_table([])]
    for each in sorted(_objects(store, held), key=lambda each: each.name.stopped):
        with suppress(CorruptError, ObjectNotFoundError):
            table = read_labelled(store, each.key, held.waves[each.name.wave], each.name.shard)
            tables.append(table.replace_schema_metadata(None))
    return _each_once(pa.concat_tables(tables), plan)


def _each_once(table: pa.Table, plan: Plan) -> pa.Table:
    import numpy as np

    point, trial = table["point"].to_numpy(), table["trial"].to_numpy()
    order = np.lexsort((trial, point))
    order = order[(point[order] < plan.points) & (trial[order] < plan.trials)]
    point, trial = point[order], trial[order]
    is_first = np.ones(len(order), dtype=np.bool_)
    is_first[1:] = (point[1:] != point[:-1]) | (trial[1:] != trial[:-1])
    return table.take(order[is_first])


def drop_stopped(store: Store, held: Holdings) -> None:
    """Delete what is left of shards that were given up: their trials are run again."""
    found = [(entry.key, keys.parse_failures(entry.key)) for entry in store.list(keys.FAILURES)]
    known = held.waves.keys() | held.larger.keys()
    store.delete([key for key, name in found if name is not None and (name.stopped or name.wave not in known)])
