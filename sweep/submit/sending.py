"""Send a sweep to a queue: what is missing of it, or all that a store lacks of what was submitted before."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from sweep.child.work import Range
from sweep.errors import (
    CorruptError,
    JobError,
    ObjectExistsError,
    ObjectNotFoundError,
    SweepError,
    UnansweredError,
    UsageError,
)
from sweep.holdings import Holdings, discard_other, require_plan
from sweep.ledger import MAX_SHARDS
from sweep.progress import Progress, Silent
from sweep.run import look_at, trials_of
from sweep.submit.begun import Begun
from sweep.submit.beside import refuse_beside
from sweep.submit.definition import definition_of
from sweep.submit.live import found_again
from sweep.submit.package import pack
from sweep.submit.record import new_record, read_records, write_record
from sweep.submit.rehearsal import SUBMISSION
from sweep.submit.requests import Job, check_sizes, jobs_of, request_of
from sweep.submit.share import as_before, child_count, left_over, work_of
from sweep.work import keys
from sweep.work.parquet import decode
from sweep.work.tables import write_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sweep.child.work import Work
    from sweep.plan import Plan
    from sweep.rectangle import Rectangle
    from sweep.store import Store
    from sweep.submit.batch import Batch
    from sweep.submit.options import Containers, Target
    from sweep.submit.order import Order
    from sweep.submit.record import Record
    from sweep.submit.rehearsal import Rehearsal

__all__ = ["export", "rehearse", "resume", "submit"]

T = TypeVar("T")

GRACE = 30.0
"""Seconds that AWS gives a container between SIGTERM and SIGKILL."""


def submit(order: Order, batch: Batch, progress: Progress | None = None) -> Record | None:
    """Send what a store lacks of a plan; None if it lacks nothing.

    Everything that can be refused is looked at first: the study, its package, the queue, the store, the sizes. Then the package, the tables and
    the wave are written, and the jobs submitted; if one is refused, those before it are terminated and the wave is withdrawn.

    Raises
    ------
    SweepError
        One line.
    """
    return _prepared(order, batch, progress or Silent(), _send)


def _prepared(
    order: Order,
    batch: Batch,
    progress: Progress,
    send: Callable[[Store, Work, Batch, Containers, str], T],
) -> T | None:
    """Look at all that can be refused, write what the jobs need, and `send` them."""
    plan, store = order.plan, order.store
    order.work_study.check()  # what cannot be compiled is told here
    packed = pack(order.study, plan)
    definition = definition_of(plan.kernel.name, order.containers)
    batch.require_queue()
    store.check_writable()
    refuse_beside(store, batch, progress)
    if order.replace:  # what is refused must not cost the results that are there
        _check(order, batch.target.queue, packed.sha256, Holdings(), (Range(1, 0, order.shards or MAX_SHARDS),))
        batch.definition(definition)
        _paced(order, progress)
        discard_other(store, plan)
    progress.stage("check")
    held = look_at(store, plan, progress)
    missing = held.missing(plan)
    if not missing and held.has_result and _has_result(store, plan):
        return None
    begun = Begun(store, plan, held)
    with begun:
        count, ranges = _children(order, held, missing, progress)
        foreseen = ranges or ((Range(held.last + 1, 0, count),) if missing else ())
        _check(order, batch.target.queue, packed.sha256, held, foreseen)
        definition_name = batch.definition(definition)
        packed.write(store)
        write_tables(store, order.data)
        if missing and not ranges:
            ranges = begun.begin(count, missing)
        work = work_of(plan, packed.sha256, held, ranges)
        return send(store, work, batch, order.containers, definition_name)


def resume(store: Store, batch_of: Callable[[Target], Batch], progress: Progress | None = None) -> Record | None:
    """Send what a store lacks of what was submitted from it last; None if it lacks nothing.

    Parameters
    ----------
    store
        Which; code and plan are read from it.
    batch_of
        Makes a `Batch` of the target of the last submission.
    progress
        Who listens.

    Raises
    ------
    UsageError
        If nothing was submitted from there.
    JobError
        If jobs of it have not ended.
    """
    progress = progress or Silent()
    plan = require_plan(store)
    records = list(read_records(store, plan.hash))
    if not records:
        raise UsageError(f"nothing of the plan in {store.url} was submitted: `sweep submit STUDY --store {store.url}`")
    last = records[-1]
    batch = batch_of(last.target)
    batch.require_queue()
    store.check_writable()
    refuse_beside(store, batch, progress)
    held = look_at(store, plan, progress)
    missing = held.missing(plan)
    if not missing and held.has_result and _has_result(store, plan):
        return None
    begun = Begun(store, plan, held)
    with begun:
        definition = batch.definition(definition_of(plan.kernel.name, last.containers))
        ranges = left_over(held, plan, missing) if missing else ()
        if missing and not ranges:
            ranges = begun.begin(as_before(held, sum(each.blocks for each in missing)), missing)
        return _send(store, work_of(plan, last.code, held, ranges), batch, last.containers, definition)


def rehearse(order: Order, rehearsal: Rehearsal, progress: Progress | None = None) -> list[tuple[Job, str]]:
    """Go through a submission without asking or writing anything; what would be asked of AWS Batch is in `rehearsal`.

    A bucket is not looked into: the store is taken for empty. Return the jobs with what stands for their ids.
    """
    plan, store = order.plan, order.store
    order.work_study.check()
    packed = pack(order.study, plan)
    definition = definition_of(plan.kernel.name, order.containers)
    rehearsal.require_queue()
    held = Holdings() if store.url.startswith("s3:") else Holdings.look(store, lambda _: None, plan)
    missing = held.missing(plan)
    count, ranges = _children(order, held, missing, progress or Silent())
    name = rehearsal.definition(definition)
    work = work_of(plan, packed.sha256, held, ranges or ((Range(held.last + 1, 0, count),) if missing else ()))
    return list(_submitted(jobs_of(work, store.url, order.containers), rehearsal, order.containers, name, SUBMISSION))


def export(order: Order, batch: Batch, progress: Progress | None = None) -> tuple[list[Job], str] | None:
    """Write and register all that the jobs need, and submit none.

    Returns
    -------
    tuple or None
        The jobs, and ``name:revision`` of their definition; None if the store lacks nothing.
    """

    def keep(store: Store, work: Work, _: Batch, containers: Containers, definition: str) -> tuple[list[Job], str]:
        _write_work(store, work)
        return jobs_of(work, store.url, containers), definition

    return _prepared(order, batch, progress or Silent(), keep)


def _children(
    order: Order, held: Holdings, missing: list[Rectangle], progress: Progress
) -> tuple[int, tuple[Range, ...]]:
    """Decide how many children there are, and which shards they are given if these are there already."""
    if not missing:
        return 0, ()
    blocks = sum(each.blocks for each in missing)
    if order.shards is not None:
        return min(order.shards, blocks), ()
    ranges = left_over(held, order.plan, missing)
    if ranges:
        return sum(each.last - each.first for each in ranges), ranges
    trials = sum(trials_of(order.plan, each) for each in missing)
    kept = trials if order.plan.keep == "all" else 0
    return child_count(_paced(order, progress) * trials, blocks, order.containers.vcpus, kept), ()


def _paced(order: Order, progress: Progress) -> float:
    """Return what a trial takes; warn of blocks that a child cannot finish when it is told to stop."""
    if order.shards is not None:
        return 0.0
    progress.stage("pilot")
    each = order.seconds_per_trial
    block = each * min(order.plan.block_size, order.plan.trials)
    if block > GRACE:
        progress.note(
            f"a block of trials takes about {block:,.0f} s, and a child that is to stop has {GRACE:.0f}: "
            "a spot machine that is taken away costs the blocks it is in"
        )
    return each


def _check(order: Order, queue: str, code: str, held: Holdings, ranges: tuple[Range, ...]) -> None:
    """See that no job will be too large, before anything is written."""
    jobs = jobs_of(work_of(order.plan, code, held, ranges), order.store.url, order.containers)
    ids = ["0" * 36] * len(jobs)
    check_sizes([request_of(each, ids, queue, "x" * 128, order.containers, submission="x" * 20) for each in jobs])


def _has_result(store: Store, plan: Plan) -> bool:
    with suppress(CorruptError, ObjectNotFoundError):
        table = decode(store.get(keys.RESULT), keys.RESULT)
        return json.loads(table.schema.metadata[b"sweep.plan"])["hash"] == plan.hash
    return False


def _send(store: Store, work: Work, batch: Batch, containers: Containers, definition: str) -> Record:
    _write_work(store, work)
    jobs = jobs_of(work, store.url, containers)
    record = new_record(work, jobs, batch, containers, definition)
    try:
        write_record(store, record)
        for job, id_ in _submitted(jobs, batch, containers, definition, record.name):
            record = record.with_job(job, id_)
            write_record(store, record)
            if len(record.jobs) == 1:  # of two who submit at once, one at least sees the other here, and gives way
                refuse_beside(store, batch, Silent(), besides=record.name)
    except BaseException as error:
        is_known = isinstance(error, SweepError) and not isinstance(error, UnansweredError)
        said = _take_back(store, batch, record, forget=is_known)
        if said and isinstance(error, SweepError):
            raise JobError(f"{error}; {said}") from None
        raise
    return record


def _write_work(store: Store, work: Work) -> None:
    with suppress(ObjectExistsError):
        store.create(keys.work_key(work.sha256), work.to_json())


def _submitted(
    jobs: list[Job], batch: Batch | Rehearsal, containers: Containers, definition: str, submission: str
) -> Iterator[tuple[Job, str]]:
    """Submit jobs one after the other; yield each with its id."""
    ids: list[str] = []
    for each in jobs:
        request = request_of(each, ids, batch.target.queue, definition, containers, submission=submission)
        ids.append(batch.submit(request))
        yield each, ids[-1]


def _take_back(store: Store, batch: Batch, record: Record, *, forget: bool) -> str:
    """Terminate what was submitted before something failed, and say so.

    The record stays where something could not be terminated, and unless it is to be forgotten: AWS may list a job a while after it has taken it.
    """
    ids = record.ids
    noun = "the job" if len(ids) == 1 else f"the {len(ids)} jobs"
    try:
        ids = found_again(record, batch).ids  # AWS may have taken the job whose answer never came
        noun = "the job" if len(ids) == 1 else f"the {len(ids)} jobs"
        batch.terminate(reversed(ids), "the submission failed")
    except JobError as error:
        return f"{noun} submitted before it could not be terminated ({error}): {' '.join(ids)}" if ids else ""
    if forget:
        store.delete([keys.submission_key(record.name)])
    if not ids:
        return ""
    return f"{noun} submitted before it {'is' if len(ids) == 1 else 'are'} terminated"
