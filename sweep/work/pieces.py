"""Pieces of a shard: a run of the blocks of its wave's walk, and what came of it.

A worker that is stopped leaves its finished pieces in the store as **parts**, and whoever is given the shard next begins with them. A part is
no shard: the ledger knows nothing of it, and to lose one costs time only.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep.errors import CorruptError, ObjectExistsError, ObjectNotFoundError
from sweep.rectangle import cut
from sweep.work import keys
from sweep.work.failures import Failures
from sweep.work.label import LABEL
from sweep.work.parquet import decode, encode
from sweep.work.room import for_outputs
from sweep.work.rows import Rows, concatenated, merged
from sweep.work.simulate import BESIDE_HELD, ROWS_HELD, Done, allow, map_levels, run_blocks
from sweep.work.tallied import tallied
from sweep.work.timings import Took

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sweep.ledger import Wave
    from sweep.work.study import Study

TOOK = b"sweep.took"

__all__ = ["Piece", "discard_parts", "gaps", "joined", "read_parts", "run_piece", "write_part"]


@dataclass(frozen=True)
class Piece:
    """Blocks ``start <= i < stop`` of a wave's walk.

    Attributes
    ----------
    start, stop
        Which.
    rows
        Their statistics, merged as far as map does.
    kept
        Tables of the trials that are kept, in the walk's order; none in a plan that keeps nothing.
    failures
        Tables of the trials that failed, in the same order.
    took
        What it took to run them; None if that is not known.
    """

    start: int
    stop: int
    rows: Rows
    kept: tuple[Any, ...]
    failures: tuple[Any, ...] = ()
    took: Took | None = None


class _StoppedError(BaseException):
    """A program was ended because its trial is not wanted any more; nothing in between may take it for an error."""


def run_piece(
    study: Study,
    wave: Wave,
    shard: int,
    start: int,
    stop: int,
    report: Callable[[int], None],
    ends: Callable[[], bool],
    stopped: Callable[[], bool] = lambda: False,
) -> Piece | None:
    """Run blocks until there are no more, or `ends` says so after a batch; at least one batch is run, unless it was `stopped`.

    Parameters
    ----------
    study, wave, shard, start, stop
        What to run.
    report
        Called after each batch with the number of trials run.
    ends
        Asked after each batch.
    stopped
        Asked now and then while a program runs: whether to end it, and leave its batch.

    Returns
    -------
    Piece
        None if nothing was finished.

    Raises
    ------
    TrialError
        If a trial raised.
    FailuresError
        If more failed than may.
    """
    pieces: list[Rows] = []
    kept: list[Any] = []
    failures = Failures()
    done, begun = start, Took.now()
    with suppress(_StoppedError):
        for rows, table, failed in _batches(study, wave, start, stop, stopped):
            pieces.append(rows)
            if table is not None:
                kept.append(table)
            allow(study, wave, shard, failures, failed)
            done += int(rows.blocks.sum())
            report(int(rows.trials.sum()))
            if ends():
                break
            if _is_much(study, pieces):
                pieces = [_merged(study, pieces)]
    if not pieces:
        return None
    return Piece(start, done, _merged(study, pieces), tuple(kept), (failures.table(),), Took.since(begun))


def _batches(study: Study, wave: Wave, start: int, stop: int, stopped: Callable[[], bool]) -> Iterator[Done]:
    def alive() -> None:
        if stopped():
            raise _StoppedError

    for each, first, last in cut(wave.rectangles, start, stop):
        yield from run_blocks(study, each.slice(first, last), alive)


def _is_much(study: Study, pieces: list[Rows]) -> bool:
    most = for_outputs(ROWS_HELD, len(study.kernel.columns))
    return len(pieces) > 1 and (sum(map(len, pieces)) > most or sum(each.beside for each in pieces) > BESIDE_HELD)


def _merged(study: Study, pieces: list[Rows]) -> Rows:
    return merged(concatenated(pieces), study.plan.block_size, map_levels(study))


def joined(study: Study, pieces: Sequence[Piece]) -> list[Piece]:
    """Join neighbours, so that what is left are runs with gaps between them; in the order of the walk."""
    runs: list[list[Piece]] = []
    for each in sorted(pieces, key=lambda each: each.start):
        if runs and runs[-1][-1].stop == each.start:
            runs[-1].append(each)
        else:
            runs.append([each])
    return [_one(study, run) for run in runs]


def _one(study: Study, run: list[Piece]) -> Piece:
    if len(run) == 1:
        return run[0]
    kept = tuple(table for each in run for table in each.kept)
    failures = tuple(table for each in run for table in each.failures)
    took = Took.total(each.took for each in run)
    return Piece(run[0].start, run[-1].stop, _merged(study, [each.rows for each in run]), kept, failures, took)


def gaps(start: int, stop: int, pieces: Sequence[Piece]) -> list[tuple[int, int]]:
    """Return what of the blocks ``start <= i < stop`` is in none of these disjoint pieces."""
    found: list[tuple[int, int]] = []
    for each in sorted(pieces, key=lambda each: each.start):
        if start < each.start:
            found.append((start, each.start))
        start = each.stop
    return [*found, (start, stop)] if start < stop else found


def write_part(study: Study, wave: Wave, shard: int, piece: Piece) -> None:
    """Keep a piece for whoever is given the shard next; its statistics are written last, and are what makes it a part."""
    import pyarrow as pa

    kinds = study.output_kinds
    if study.plan.keep:
        _create(study, wave, shard, piece, pa.concat_tables(piece.kept), beside="trials")
    if study.plan.kernel.is_program:
        _create(study, wave, shard, piece, pa.concat_tables(piece.failures), beside="failures")
    table = piece.rows.to_arrow(study.kernel.columns, kinds, tallied(study.plan, kinds))
    _create(study, wave, shard, piece, table)


def _create(study: Study, wave: Wave, shard: int, piece: Piece, table: Any, *, beside: str = "") -> None:
    name = keys.part_key(wave.number, shard, piece.start, piece.stop, beside=beside)
    with suppress(ObjectExistsError):  # another attempt at this shard was as far
        study.store.create(name, encode(table, _label(name, wave) | _taken(piece)))


def _taken(piece: Piece) -> dict[bytes, bytes]:
    return {} if piece.took is None else {TOOK: json.dumps(piece.took).encode()}


def _label(name: str, wave: Wave) -> dict[bytes, bytes]:
    return {LABEL: json.dumps({"name": name, "wave": wave.digest}).encode()}


def read_parts(study: Study, wave: Wave, shard: int) -> list[Piece]:
    """Read the parts of a shard, none of which overlap; those that are damaged are deleted."""
    found = [parsed for e in study.store.list(keys.parts_of(wave.number, shard)) if (parsed := keys.parse_part(e.key))]
    taken: list[Piece] = []
    reached = 0
    for start, stop in sorted(found, key=lambda each: (each[0], -each[1])):
        if start >= reached:
            piece = _read_part(study, wave, shard, start, stop)
            if piece is not None:
                taken.append(piece)
                reached = stop
    return taken


def _read_part(study: Study, wave: Wave, shard: int, start: int, stop: int) -> Piece | None:
    names = [keys.part_key(wave.number, shard, start, stop, beside=beside) for beside in ("", "trials", "failures")]
    kinds = study.output_kinds
    try:
        table, took = _read(study, wave, names[0])
        rows = Rows.from_arrow(table, study.kernel.columns, kinds, tallied(study.plan, kinds))
        kept = (_read(study, wave, names[1])[0],) if study.plan.keep else ()
        failures = (_read(study, wave, names[2])[0],) if study.plan.kernel.is_program else ()
    except (CorruptError, ObjectNotFoundError):
        study.store.delete(names)
        return None
    return Piece(start, stop, rows, kept, failures, took)


def _read(study: Study, wave: Wave, name: str) -> tuple[Any, Took | None]:
    table = decode(study.store.get(name), name)
    metadata = table.schema.metadata or {}
    if metadata.get(LABEL) != _label(name, wave)[LABEL]:
        raise CorruptError(f"{name} is not of its wave")
    took = Took(*json.loads(metadata[TOOK])) if TOOK in metadata else None
    return table.replace_schema_metadata(None), took


def discard_parts(study: Study, wave: Wave, shard: int) -> None:
    """Delete the parts of a shard that is finished."""
    study.store.delete([entry.key for entry in study.store.list(keys.parts_of(wave.number, shard))])
