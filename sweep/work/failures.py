"""Trials that have failed, as rows: which, why, and the last that they said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep.work import keys
from sweep.work.label import create_labelled, label
from sweep.work.parquet import encode

if TYPE_CHECKING:
    import pyarrow as pa

    from sweep.ledger import Wave
    from sweep.programs.trial import Outcome
    from sweep.store import Store

__all__ = ["Failures", "failed_count", "failures_table", "write_failures"]

IN_FULL = 64
"""Of so many failed trials of a shard what they printed is kept; of all others the reason."""


def failures_table(rows: list[tuple[int, int, Outcome]]) -> pa.Table:
    """Lay failed trials out: point, trial and what came of each.

    Columns: ``point``, ``trial``; ``failed``: false for a sound trial of which something is to be said; ``reason``, ``code`` (null where there is
    none), ``attempts``, ``seconds`` by the clock, ``stdout`` and ``stderr``: the last that it printed.
    """
    import pyarrow as pa

    columns: dict[str, Any] = {
        "point": pa.array([point for point, _, _ in rows], pa.int64()),
        "trial": pa.array([trial for _, trial, _ in rows], pa.int64()),
        "failed": pa.array([each.values is None for _, _, each in rows], pa.bool_()),
        "reason": pa.array([_one_line(each.reason) for _, _, each in rows], pa.string()),
        "code": pa.array([each.code for _, _, each in rows], pa.int64()),
        "attempts": pa.array([each.attempts for _, _, each in rows], pa.int64()),
        "seconds": pa.array([each.seconds for _, _, each in rows], pa.float64()),
        "stdout": pa.array([each.stdout for _, _, each in rows], pa.string()),
        "stderr": pa.array([each.stderr for _, _, each in rows], pa.string()),
    }
    return pa.table(columns)


class Failures:
    """Collects the failed trials of a shard, or of a piece of one, in bounded memory."""

    def __init__(self) -> None:
        self._tables: list[Any] = []
        self._rows = 0

    def add(self, table: pa.Table | None) -> None:
        """Add those of a batch."""
        if table is None:
            return
        full = max(0, IN_FULL - self._rows)
        self._rows += table.num_rows
        self._tables.append(table.slice(0, full))
        if table.num_rows > full:
            self._tables.append(_without_output(table.slice(full)))

    def __bool__(self) -> bool:
        return bool(self._rows)

    def table(self) -> pa.Table:
        """Return them all."""
        import pyarrow as pa

        return pa.concat_tables([failures_table([]), *self._tables])


def _without_output(table: pa.Table) -> pa.Table:
    import pyarrow as pa

    for name in ("stdout", "stderr"):
        place = table.column_names.index(name)
        table = table.set_column(place, name, pa.array([""] * table.num_rows, pa.string()))
    return table


def failed_count(table: pa.Table) -> int:
    """Count those that have failed; others are there because something is to be said of them."""
    import pyarrow.compute as pc

    return pc.sum(table["failed"]).as_py() or 0  # type: ignore[attr-defined] - made at run time by pyarrow


def write_failures(store: Store, wave: Wave, shard: int, table: pa.Table, *, stopped: bool = False) -> None:
    """Write the failed trials of a shard, if there are any: before its statistics, which finish it.

    Those of a shard that is stopped because of them are written too, under a name that tells it; they are gone when the next run begins.
    """
    if not table.num_rows:
        return
    name = keys.failures_key(wave.number, shard, failed_count(table), stopped=stopped)
    data = encode(table, label(name, wave, shard))
    if stopped:
        store.replace(name, data)
    else:
        create_labelled(store, name, wave, shard, data)


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("\0", "\ufffd")
