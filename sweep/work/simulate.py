"""The map stage: run one shard's blocks and write their statistics, and the trials that are to be kept."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sweep.errors import FailuresError
from sweep.work import keys
from sweep.work.compiled import run_compiled
from sweep.work.counts import counts_of
from sweep.work.failures import Failures, failed_count, write_failures
from sweep.work.label import create_labelled, label
from sweep.work.parquet import encode
from sweep.work.programmed import run_programs
from sweep.work.ran import Batch
from sweep.work.room import for_outputs
from sweep.work.rows import ALL_LEVELS, Rows, concatenated, merged
from sweep.work.tallied import tallied
from sweep_kernels.driver import Blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from sweep.ledger import Wave
    from sweep.work.ran import Ran
    from sweep.work.study import Study

__all__ = ["KINDS", "batches", "map_levels", "run_blocks", "simulate", "write_shard"]

KINDS = b"sweep.kinds"
MAP_LEVELS = 10
"""A shard's map object holds subtrees of at most ``2**10`` blocks: few rows at 10**12 trials, and some work left for reduce."""

BATCH_SECONDS = 0.05
PROGRAMS_SECONDS = 0.5
"""Of a batch of runs of a program: what a batch takes by itself is much beside trials of 10 ms, and what is stopped leaves its batch."""
MOST_FIRST = 64
"""Trials of a first batch: those that were timed may have been of other points, and quicker."""
BATCH_BLOCKS = 1 << 16
BATCH_KEPT = 1 << 22
BATCH_OBSERVED = 1 << 11
"""Blocks of a batch whose trials are counted: in the worst case there is an entry for each trial."""
BATCH_MOMENTS = 1 << 17
"""Blocks times pairs of outputs."""
ROWS_HELD = 1 << 17
BESIDE_HELD = 1 << 22


def simulate(study: Study, wave: Wave, shard: int, report: Callable[[int], None]) -> int:
    """Run a shard and write its objects.

    Parameters
    ----------
    study
        Kernel, plan and store.
    wave, shard
        Which blocks.
    report
        Called after each batch with the number of trials run; may raise to stop.

    Returns
    -------
    int
        How many trials were run.

    Raises
    ------
    TrialError
        If a trial raised.
    FailuresError
        If more failed than may.
    """
    study.prepare()
    block_size, kinds = study.plan.block_size, study.output_kinds
    pieces: list[Rows] = []
    kept: list[Any] = []
    failures = Failures()
    trials, held, most_held = 0, 0, BESIDE_HELD
    levels = map_levels(study)
    for blocks in wave.slices(shard):
        for rows, table, failed in run_blocks(study, blocks, lambda: report(0)):
            pieces.append(rows)
            if table is not None:
                kept.append(table)
            allow(study, wave, shard, failures, failed)
            ran = int(rows.trials.sum())
            trials += ran
            report(ran)
            held += rows.beside
            if sum(map(len, pieces)) > for_outputs(ROWS_HELD, len(kinds)) or held > most_held:
                pieces = [merged(concatenated(pieces), block_size, levels)]
                held = pieces[0].beside
                most_held = max(BESIDE_HELD, 2 * held)
    write_shard(study, wave, shard, concatenated(pieces), kept, failures)
    return trials


def allow(study: Study, wave: Wave, shard: int, failures: Failures, more: Any) -> None:
    """Add the failed trials of a batch to those of a shard, or of a piece of one, if they are not too many.

    Raises
    ------
    FailuresError
        If they are.
    """
    failures.add(more)
    failed = 0 if more is None else failed_count(more)
    if more is None or not failed or study.allowance is None:
        return
    row = next(row for row in more.to_pylist() if row["failed"])
    first = f"trial {row['trial']} of point {row['point']} {row['reason']}"
    try:
        study.allowance.take(study.store, wave, shard, failed, failed_count(failures.table()), first)
    except FailuresError:
        write_failures(study.store, wave, shard, failures.table(), stopped=True)
        raise


def map_levels(study: Study) -> int:
    """Return how far a shard's rows are merged in map: all the way with counts, which are larger than statistics."""
    return ALL_LEVELS if study.plan.request.counts else MAP_LEVELS


def write_shard(study: Study, wave: Wave, shard: int, rows: Rows, kept: list[Any], failures: Failures) -> None:
    """Write a shard's objects: its rows, in the order of the wave's walk, the tables of trials that it kept, and those that failed."""
    if failures:
        write_failures(study.store, wave, shard, failures.table())
    kinds = study.output_kinds
    rows = merged(rows, study.plan.block_size, map_levels(study))
    name = keys.shard_key(keys.MAP, wave.number, shard)
    _create(study, wave, shard, name, rows.to_arrow(study.kernel.columns, kinds, tallied(study.plan, kinds)))
    if study.plan.keep:
        _write_kept(study, wave, shard, kept)


def _write_kept(study: Study, wave: Wave, shard: int, kept: list[Any]) -> None:
    """Write kept trials last, since they finish the shard; those of partial blocks apart, for more trials replace them."""
    import pyarrow as pa

    table, block_size = pa.concat_tables(kept), study.plan.block_size
    partial = table["trial"].to_numpy() >= study.plan.trials // block_size * block_size
    for rows, is_partial in ((~partial, False), (partial, True)):
        if wave.clipped([shard], block_size, partial=is_partial):
            name = keys.shard_key(keys.TRIALS, wave.number, shard, partial=is_partial)
            _create(study, wave, shard, name, table.filter(pa.array(rows)))


def _create(study: Study, wave: Wave, shard: int, name: str, table: Any) -> None:
    metadata = {KINDS: json.dumps(study.output_kinds).encode()} | label(name, wave, shard)
    create_labelled(study.store, name, wave, shard, encode(table, metadata))


def batches(
    blocks: Blocks, most: int = BATCH_BLOCKS, seconds: float = BATCH_SECONDS, first: int = 1
) -> Iterator[Blocks]:
    """Cut a slice into batches that take about `seconds` each, by the clock, and hold at most `most` blocks; the cut changes no byte.

    The `first` has so many: one where nobody knows what a block takes.
    """
    done, count = 0, first
    while done < blocks.count:
        count = min(count, blocks.count - done, most)
        point = (blocks.start + done) // blocks.width
        start = blocks.start + done - point * blocks.width
        begun = time.perf_counter()
        yield Blocks(blocks.first_point + point, blocks.first_block, blocks.width, start, count)
        elapsed = time.perf_counter() - begun
        done += count
        count = max(1, int(count * min(8.0, seconds / max(elapsed, 1e-9))))


class Done(NamedTuple):
    """What came of a batch.

    Attributes
    ----------
    rows
        Its statistics.
    kept
        In a plan that keeps trials, a table of those that are kept, else None.
    failures
        A table of the trials that failed, if any did.
    """

    rows: Rows
    kept: Any
    failures: Any


def _go_on() -> None:
    """Ask nobody whether to stop."""


def run_blocks(study: Study, blocks: Blocks, alive: Callable[[], None] = _go_on) -> Iterator[Done]:
    """Run blocks, batch by batch, and yield what came of each.

    Parameters
    ----------
    study, blocks
        What to run.
    alive
        Called now and then while a program runs; what it raises ends it, and is raised.

    Raises
    ------
    TrialError
        If a trial raised.
    """
    most = for_outputs(_most_blocks(study), len(study.kernel.columns))
    runner = study.runner
    seconds, first = (
        (BATCH_SECONDS, 1)
        if runner is None
        else (PROGRAMS_SECONDS, min(runner.trials_within(PROGRAMS_SECONDS), MOST_FIRST))
    )
    for blocks_of_batch in batches(blocks, most, seconds, first):
        batch = Batch.of(blocks_of_batch, study.plan)
        ran = run_compiled(study, batch) if runner is None else run_programs(study, runner, batch, alive)
        observed = ran.observed
        rows = Rows.of_blocks(
            batch.point,
            batch.block,
            batch.trials,
            ran.statistics,
            study.output_kinds,
            observed.comoments if observed else None,
        )
        if observed is not None and study.plan.request.counts:
            rows = replace(merged(rows, study.plan.block_size), counts=counts_of(observed))
        yield Done(rows, _kept(study, batch, ran) if study.plan.keep else None, ran.failures)


def _most_blocks(study: Study) -> int:
    """Return how many blocks a batch may have, for what it holds in memory."""
    most, request = BATCH_BLOCKS, study.plan.request
    if study.plan.keep:
        most = min(most, BATCH_KEPT // study.plan.block_size)
    if request.counts:
        most = min(most, BATCH_OBSERVED)
    if request.covariance:
        most = min(most, BATCH_MOMENTS // len(request.covariance))
    return max(1, most)


def _kept(study: Study, batch: Batch, ran: Ran) -> Any:
    """Lay the trials that are to be kept out as a table: point, trial, parameters, outputs."""
    import pyarrow as pa

    plan, kernel, values = study.plan, study.kernel, ran.values
    assert values is not None  # noqa: S101 - our mistake: a plan that keeps trials asks for them
    points, trial = batch.each_point, batch.each_trial
    chosen = _chosen(study, ran)
    if chosen is not None:
        points, trial, values = points[chosen], trial[chosen], values[:, chosen]
    parameters = plan.space.arrow(batch.first_point, batch.last_point).take(pa.array(points - batch.first_point))
    columns: dict[str, Any] = {"point": points, "trial": trial}
    columns.update(zip(parameters.column_names, parameters.combine_chunks().columns, strict=True))
    for name, kind, value in zip(
        kernel.outputs, study.output_kinds, values, strict=False
    ):  # without the columns that are counted only
        columns[name] = _typed(kind, value, may_lack=ran.failed is not None)
    return pa.table(columns)


def _chosen(study: Study, ran: Ran) -> Any:
    """Return the places of the trials that are kept; None for all."""
    keep, values = study.plan.keep, ran.values
    if ran.failed is None and keep == "all":
        return None
    wanted = True if keep == "all" or values is None else values[study.kernel.outputs.index(keep)] != 0.0
    if ran.failed is None:
        return np.flatnonzero(wanted)
    lacks = False if keep == "all" or values is None else np.isnan(values[study.kernel.outputs.index(keep)])
    return np.flatnonzero(wanted & ~ran.failed & ~np.asarray(lacks))


def _typed(kind: str, value: NDArray[np.float64], *, may_lack: bool) -> Any:
    """Return an output's values as what they are; null where a program's trial has none."""
    if kind == "float":
        return value
    lacks = np.isnan(value) if may_lack else np.zeros(0, dtype=np.bool_)
    known = np.where(lacks, 0.0, value) if lacks.any() else value
    typed = known != 0.0 if kind == "bool" else known.astype(np.int64, copy=False)
    return np.ma.masked_array(typed, lacks) if lacks.any() else typed
