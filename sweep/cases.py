"""The trials that a sweep has kept, found by what came of them: the cases to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import UsageError
from sweep.holdings import Holdings, require_plan
from sweep.space.expression import Expression
from sweep.space.parameter import Parameter
from sweep.work.label import read_labelled

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    import pyarrow as pa

    from sweep.plan import Plan
    from sweep.store import Store

__all__ = ["Cases", "find_cases", "kept_tables"]

ORDER = [("point", "ascending"), ("trial", "ascending")]


@dataclass(frozen=True)
class Cases:
    """Kept trials.

    Attributes
    ----------
    table
        Arrow, a row a trial, in the order of points and trials: ``point``, ``trial``, the parameters, the outputs.
    found
        How many there are, of which `table` may hold the first ones only.
    """

    table: pa.Table
    found: int

    def __len__(self) -> int:
        return self.table.num_rows


def find_cases(store: str | os.PathLike[str] | Store, where: str = "", limit: int | None = None) -> Cases:
    """Find the kept trials for which a condition holds.

    Parameters
    ----------
    store
        A folder, ``s3://bucket/prefix``, or a store. The sweep there need not be finished.
    where
        A condition on parameters and outputs, as in `sweep.space.base.Space.where`: ``"collision"``, ``"min_ttc < 0.5 and dropout > 0.2"``. All
        kept trials when left out.
    limit
        Most rows: the first ones, by point and trial.

    Raises
    ------
    PlanError
        If there is no sweep.
    UsageError
        If it keeps no trials, the condition names what is not there, or `limit` is below 1.
    CorruptError
        If an object is damaged.

    Examples
    --------
    >>> from sweep import Sweep, grid, kernel, open_store
    >>> @kernel(outputs=["rare", "x"])
    ... def tail(rng, mean):
    ...     x = rng.normal(mean)
    ...     return x > 3.0, x
    >>> result = Sweep(tail, grid(mean=[0.0, 1.0]), trials=10_000, keep="rare").run("memory://doctest-cases")
    >>> found = find_cases("memory://doctest-cases", "x > 3.5", limit=2)
    >>> len(found), found.found > 2, found.table.column_names
    (2, True, ['point', 'trial', 'mean', 'rare', 'x'])
    """
    from sweep.store import open_store

    if limit is not None and limit < 1:
        raise UsageError(f"limit={limit} is not 1 or more")
    place = open_store(store)
    plan = require_plan(place)
    chosen, found = None, 0
    for table in kept_tables(place, plan):
        passed = _passing(table, where, plan) if where else table
        found += passed.num_rows
        chosen = _first(passed if chosen is None else _joined(chosen, passed), limit)
    if chosen is None:
        raise UsageError(f"{place.url} has no kept trials yet: run the sweep first")
    return Cases(chosen, found)


def kept_tables(store: Store, plan: Plan) -> Iterator[pa.Table]:
    """Yield the tables of kept trials of all finished shards.

    Raises
    ------
    UsageError
        If the plan keeps none.
    """
    if not plan.keep:
        of = next(iter(plan.kernel.outputs))
        raise UsageError(
            f"the sweep in {store.url} keeps no trials: run it with keep={of!r}, if that is a bool, or keep='all'"
        )
    held = Holdings.look(store, lambda _: None, plan)
    for each in sorted(held.kept):
        if (each.wave, each.shard) in held.simulated:
            yield read_labelled(store, each.name, held.waves[each.wave], each.shard).replace_schema_metadata()


def _passing(table: pa.Table, where: str, plan: Plan) -> pa.Table:
    """Return the rows for which the condition holds; what trials drew as text is text in it, though it is kept as a position."""
    import pyarrow as pa

    columns, parameters = {}, []
    for name in table.column_names:
        if name.isidentifier():
            values = table[name].combine_chunks()
            categories = plan.draws[name].categories if name in plan.draws else ()
            if categories:
                values = pa.DictionaryArray.from_arrays(values.cast(pa.int64()), pa.array(categories))
            columns[name], parameter = _column(name, values)
            parameters.append(parameter)
    holds = Expression(where, tuple(parameters))(columns, table.num_rows)
    return table.filter(pa.array(holds))


def _column(name: str, values: Any) -> tuple[Any, Parameter]:
    """Return a column as expressions read it."""
    import pyarrow as pa

    kind = values.type
    if pa.types.is_boolean(kind):
        return values.to_numpy(zero_copy_only=False), Parameter(name, "bool")
    if pa.types.is_integer(kind):
        return values.to_numpy().astype(np.int64), Parameter(name, "int")
    if pa.types.is_floating(kind):
        return values.to_numpy().astype(np.float64), Parameter(name, "float")
    coded = values if pa.types.is_dictionary(kind) else values.dictionary_encode()
    return coded.indices.to_numpy().astype(np.int64), Parameter(name, "str", tuple(coded.dictionary.to_pylist()))


def _joined(first: pa.Table, second: pa.Table) -> pa.Table:
    import pyarrow as pa

    return pa.concat_tables([first, second])


def _first(table: pa.Table, limit: int | None) -> pa.Table:
    """Return the first rows by point and trial."""
    ordered = table.sort_by(ORDER)
    return ordered if limit is None else ordered.slice(0, limit)
