"""The merge stage: read all reductions, finish the tree of every point, and write one row a point."""

from __future__ import annotations

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import CorruptError, ObjectNotFoundError
from sweep.work import keys
from sweep.work.counted import counted_columns
from sweep.work.joint import covariance_columns
from sweep.work.parquet import TableWriter
from sweep.work.reduce import rows_of
from sweep.work.room import for_outputs
from sweep.work.rows import Rows, concatenated, finished, without_nested
from sweep.work.summary import columns_of_rows
from sweep.work.weighted import weighted_columns
from sweep_kernels.statistics import FINITE, NONFINITE_TRIAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep.ledger import Wave
    from sweep.plan import Plan
    from sweep.store import Store

__all__ = ["merge", "result_table"]

WINDOW = 1 << 18
"""Points that are merged at a time, and rows of the result's row groups: what memory holds does not grow with the sweep."""

WINDOW_COUNTED, WINDOW_CELLS = 1 << 14, 1 << 24
"""The same where a point has counts by bin; and the bins of the histograms in a row group."""

READERS = 8
LARGE = 1 << 18
"""Bytes of an object that is worth a thread to decode it: small ones take longer where threads wait for the interpreter."""


def merge(plan: Plan, store: Store, shards: Sequence[tuple[Wave, int]], into: Store | None = None) -> None:
    """Write ``result.parquet``.

    Parameters
    ----------
    plan
        What is to be covered.
    store
        Where the reductions are and the result goes.
    shards
        The finished shards; what they hold may overlap.
    into
        Another store for the result; the same one when left out.

    Raises
    ------
    CorruptError
        If a reduction is damaged, or a point is not covered.
    """
    reader = _Reader(plan, store, shards)
    writer: TableWriter | None = None
    nonfinite: dict[str, dict[str, int]] = {}
    metadata = {b"sweep.plan": _described(plan)}
    with tempfile.TemporaryDirectory(prefix="sweep-merge-") as folder:
        path = Path(folder) / "result.parquet"
        window = for_outputs(_window(plan), len(plan.kernel.columns))
        for first in range(0, plan.points, window):
            last = min(first + window, plan.points)
            rows, kinds = reader.read(first, last)
            _check_cover(plan, rows, first, last)
            table = result_table(plan, rows, kinds, first, last)
            if writer is None:
                writer = TableWriter(path, table.schema, metadata)
            writer.write(table)
            _count_nonfinite(plan, rows, kinds, nonfinite)
        if writer is not None:
            writer.close({b"sweep.nonfinite": json.dumps(nonfinite, sort_keys=True).encode()})
        (into or store).replace_file(keys.RESULT, path)
    if into is None:
        _discard_parts(store, {wave.number for wave, _ in shards})


def _discard_parts(store: Store, waves: set[int]) -> None:
    """Delete what stopped workers had finished of these waves' shards: the result holds it."""
    found = [entry.key for entry in store.list(keys.PARTS)]
    store.delete([key for key in found if any(key.startswith(keys.parts_of(wave)) for wave in waves)])


def _window(plan: Plan) -> int:
    """Return how many points are merged at a time: what the plan alone decides, for the result's bytes show it."""
    if not plan.request.counts:
        return WINDOW
    cells = sum(bins for _, (_, _, bins) in plan.request.histograms)
    return max(1, min(WINDOW_COUNTED, WINDOW_CELLS // max(cells, 1)))


def _described(plan: Plan) -> bytes:
    """Write the plan as JSON without the place where its kernel was found: the result must not depend on that."""
    fields = json.loads(plan.to_json())
    del fields["kernel"]["source"]
    return json.dumps(fields).encode()


class _Reader:
    """Reads the reductions that touch a window of points; keeps those that reach into the next one."""

    def __init__(self, plan: Plan, store: Store, shards: Sequence[tuple[Wave, int]]) -> None:
        self._plan, self._store = plan, store
        self._waves = {wave.number: wave for wave, _ in shards}
        self._waiting = [(*wave.point_range(shard), wave.number, shard) for wave, shard in shards]
        self._waiting.sort(reverse=True)
        self._held: list[tuple[int, Rows]] = []
        self._kinds: tuple[str, ...] = ()

    def read(self, first: int, last: int) -> tuple[Rows, tuple[str, ...]]:
        wanted: list[tuple[int, int, int]] = []
        while self._waiting and self._waiting[-1][0] < last:
            _, end, wave, shard = self._waiting.pop()
            wanted.append((end, wave, shard))
        with ThreadPoolExecutor(min(READERS, max(len(wanted), 1))) as pool:
            for (end, wave, shard), found in zip(wanted, pool.map(self._one, wanted), strict=True):
                rows, self._kinds = self._rows(found, wave, shard) if isinstance(found, bytes) else found
                self._held.append((end, rows))
        pieces = [_within(rows, first, last) for _, rows in self._held]
        self._held = [(end, rows) for end, rows in self._held if end > last]
        rows = _current(concatenated(pieces), self._plan) if pieces else None
        if rows is None or not len(rows):
            raise CorruptError(f"no statistics for points {first} to {last - 1} are in the store: run again")
        return finished(without_nested(rows), self._plan.block_size), self._kinds

    def _one(self, wanted: tuple[int, int, int]) -> bytes | tuple[Rows, tuple[str, ...]]:
        """Get a reduction, and decode it if it is large."""
        _, wave, shard = wanted
        try:
            data = self._store.get(keys.shard_key(keys.REDUCE, wave, shard))
        except ObjectNotFoundError as error:
            raise CorruptError(f"{error}: run again") from None
        return self._rows(data, wave, shard) if len(data) > LARGE else data

    def _rows(self, data: bytes, wave: int, shard: int) -> tuple[Rows, tuple[str, ...]]:
        return rows_of(data, self._plan, self._waves[wave], shard)


def _within(rows: Rows, first: int, last: int) -> Rows:
    if len(rows) and rows.point[0] >= first and rows.point[-1] < last and np.all(np.diff(rows.point) >= 0):
        return rows
    return rows.take((rows.point >= first) & (rows.point < last))


def _current(rows: Rows, plan: Plan) -> Rows:
    """Drop partial blocks of an earlier, smaller number of trials."""
    expected = np.minimum(rows.blocks * plan.block_size, plan.trials - rows.block * plan.block_size)
    holds = rows.trials == expected
    return rows if np.all(holds) else rows.take(holds)


def _check_cover(plan: Plan, rows: Rows, first: int, last: int) -> None:
    """Each point must have come out as one row of all its trials."""
    if len(rows) == last - first and np.all(rows.trials == plan.trials):
        return
    whole = np.zeros(last - first, dtype=np.bool_)
    whole[rows.point[rows.trials == plan.trials] - first] = True
    point = first + int(np.argmin(whole))
    raise CorruptError(f"the store does not hold all trials of point {point}: run again")


def result_table(plan: Plan, rows: Rows, kinds: tuple[str, ...], first: int, last: int) -> Any:
    """Return the rows of a result: the parameters of the points ``first <= p < last``, of which `rows` holds one each, and their statistics."""
    import pyarrow as pa

    parameters = plan.space.arrow(first, last)
    columns: dict[str, Any] = dict(zip(parameters.column_names, parameters.combine_chunks().columns, strict=True))
    columns["n"] = rows.trials
    counted = counted_columns(plan, rows, kinds)
    if plan.kernel.is_weighted:
        return pa.table(columns | weighted_columns(plan, rows, kinds))
    for output, kind in enumerate(kinds):
        columns.update(columns_of_rows(plan, rows, output, kind))
        columns.update(counted[output])
    for (a, b), comoments in zip(plan.request.covariance, rows.comoments.swapaxes(0, 1), strict=True):
        columns.update(covariance_columns(f"{a}_{b}", comoments, plan.confidence))
    return pa.table(columns)


def _count_nonfinite(plan: Plan, rows: Rows, kinds: tuple[str, ...], into: dict[str, dict[str, int]]) -> None:
    """Add up the trials that gave NaN or inf, with the first one as an example."""
    for output, (name, kind) in enumerate(zip(plan.kernel.outputs, kinds, strict=False)):
        may_lack = kind == "float" or plan.kernel.is_program
        count = int((rows.trials - rows.statistics[:, output, FINITE]).sum()) if may_lack else 0
        if not count:
            continue
        found = into.setdefault(name, {"count": 0})
        found["count"] += count
        if "point" not in found:
            row = int(np.argmax(rows.statistics[:, output, NONFINITE_TRIAL] >= 0))
            found.update(point=int(rows.point[row]), trial=int(rows.statistics[row, output, NONFINITE_TRIAL]))
