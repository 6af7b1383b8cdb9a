"""The bridge: carry out a plan in a store, whatever of it is missing, and give back the result."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sweep.errors import CorruptError, ObjectNotFoundError, StoreError, UsageError
from sweep.handover import hand_over
from sweep.holdings import Holdings, discard_other
from sweep.kept import settle
from sweep.ledger import MAX_SHARDS, Wave
from sweep.progress import Progress, Silent
from sweep.result import Result
from sweep.store import open_store
from sweep.waves import lead
from sweep.work import keys
from sweep.work.entry import MapAndReduce, ReduceOnly
from sweep.work.merge import merge
from sweep.work.parquet import decode
from sweep.work.pilot import pilot, shard_count
from sweep.work.study import Study

if TYPE_CHECKING:
    from sweep.executors.base import Executor
    from sweep.plan import Plan
    from sweep.rectangle import Rectangle
    from sweep.store import Store
    from sweep_kernels.kernel import Kernel

__all__ = ["EXECUTORS", "run_plan"]

EXECUTORS = ("auto", "inprocess", "ray")

RAY_PAYS_AFTER = 60.0
"""Seconds of work for each worker above which ``auto`` takes Ray: its start takes five to six."""


def run_plan(
    kernel: Kernel,
    plan: Plan,
    store: Store,
    *,
    executor: str = "auto",
    workers: int | None = None,
    shards: int | None = None,
    ray_address: str = "local",
    replace: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Compute what is missing of a plan and return its result.

    Parameters
    ----------
    kernel
        The kernel that the plan names.
    plan
        What to compute.
    store
        Where everything is kept; it may hold part of the plan already, or a smaller one that this one extends.
    executor
        ``"inprocess"`` (threads), ``"ray"``, or ``"auto"``: Ray when each worker has more than a minute of work.
    workers
        How many work at a time; all processors when left out.
    shards
        Into how many shards to cut what is missing, at most 10,000; chosen from a short timed pilot when left out. It changes no
        byte of the result.
    ray_address
        ``"local"`` to start Ray here, else the address of a cluster.
    replace
        Throw away what the store holds if it is another sweep, once the kernel of this one is compiled.
    progress
        Who listens.

    Raises
    ------
    PlanError
        If the store holds a plan that this one does not continue.
    KernelError
        If the kernel cannot be compiled.
    TrialError
        If a trial raises.
    StoreError
        If the store cannot be read or written.
    WorkerError
        If a shard lost its worker too often.
    """
    _check_options(executor, workers, shards)
    progress = progress or Silent()
    study = Study(kernel, plan, store)
    progress.stage("check")
    if replace:
        _ = study.driver  # what cannot be compiled must not cost the results that are there
        discard_other(store, plan)
    held = _held(study, progress)
    rectangles = held.missing(plan)
    if not rectangles and held.has_result:
        known = _known_result(study, progress)
        if known is not None:
            return known
    count = workers or _processors()
    if rectangles:
        _map(study, held, rectangles, executor, count, shards, ray_address, progress)
    _reduce(study, held, count, progress)
    progress.stage("merge")
    held.require_made(store)
    merge(plan, store, held.shards())
    return _finished(study, held, progress)


def _check_options(executor: str, workers: int | None, shards: int | None) -> None:
    if executor not in EXECUTORS:
        raise UsageError(f"executor={executor!r} is not one of {', '.join(EXECUTORS)}")
    if workers is not None and workers < 1:
        raise UsageError(f"workers={workers} is not 1 or more")
    if shards is not None and not 1 <= shards <= MAX_SHARDS:
        raise UsageError(
            f"shards={shards} is not between 1 and {MAX_SHARDS:,}, the most children that an array job may have"
        )


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _held(study: Study, progress: Progress) -> Holdings:
    """Look at the store, check that the plan may be kept there, and drop what is damaged."""
    store, plan = study.store, study.plan
    held = Holdings.look(store, progress.note, plan)
    held.claim(store, plan, progress.note)
    held.verify(store, progress.note)
    return settle(store, plan, held) if plan.keep else held


def _finished(study: Study, held: Holdings, progress: Progress) -> Result:
    """Return this plan's result, and leave no trial kept twice, and the store to a larger plan if another run went on to one."""
    store, plan = study.store, study.plan
    held.require_made(store)
    result = _own_result(study, progress)
    if plan.keep:
        settle(store, plan, Holdings.look(store, progress.note, plan))
    hand_over(store, plan, progress.note)
    return result


def _own_result(study: Study, progress: Progress) -> Result:
    """Return the result that was just written; made again aside if another run has replaced it."""
    with suppress(CorruptError, ObjectNotFoundError):
        result = _result(study)
        if result.plan.get("hash") == study.plan.hash:
            return result
    aside = open_store("memory://")
    shards = Holdings.look(study.store, progress.note, study.plan).shards()
    merge(study.plan, study.store, shards, into=aside)
    return Result(decode(aside.get(keys.RESULT), keys.RESULT), study.store.url)


def _known_result(study: Study, progress: Progress) -> Result | None:
    """Return the result that is there, if it is this plan's and sound."""
    try:
        result = _result(study)
    except CorruptError as error:
        progress.note(f"{error}; it is made again")
        return None
    if result.plan.get("hash") != study.plan.hash:
        return None
    lead(study.store, study.plan)
    return result


def _result(study: Study) -> Result:
    return Result(decode(study.store.get(keys.RESULT), keys.RESULT), study.store.url)


def _map(
    study: Study,
    held: Holdings,
    rectangles: list[Rectangle],
    executor: str,
    workers: int,
    shards: int | None,
    ray_address: str,
    progress: Progress,
) -> None:
    """Run map and reduce over what is missing."""
    progress.stage("pilot")
    trials = sum(_trials(study.plan, each) for each in rectangles)
    seconds = pilot(study).seconds_per_trial * trials
    study.store.check_writable()
    with _executor(_chosen(executor, study, seconds, workers), workers, ray_address, study) as chosen:
        blocks = sum(each.blocks for each in rectangles)
        kept = trials if study.plan.keep == "all" else 0
        count = min(shards, blocks) if shards else shard_count(seconds, blocks, chosen.workers, kept, MAX_SHARDS)
        wave = _new_wave(study, held, rectangles, count)
        finished = study.plan.points * study.plan.trials - trials
        progress.started(trials=trials, finished=finished, shards=count, executor=chosen.name, workers=chosen.workers)
        progress.stage("map")
        for shard in chosen.run(MapAndReduce(study, wave), range(count), progress.advance):
            held.simulated.add((wave.number, shard))
            held.reduced.add((wave.number, shard))


def _trials(plan: Plan, rectangle: Rectangle) -> int:
    """Trials of a rectangle: whole blocks, but for each point's last one."""
    last = min(rectangle.last_block * plan.block_size, plan.trials)
    return (rectangle.last_point - rectangle.first_point) * (last - rectangle.first_block * plan.block_size)


def _new_wave(study: Study, held: Holdings, rectangles: list[Rectangle], shards: int) -> Wave:
    """Write down what is about to be computed; another run of the same sweep at the same time takes another number."""
    return held.begin(study.store, study.plan, shards, rectangles)


def _chosen(executor: str, study: Study, seconds: float, workers: int) -> str:
    in_memory = study.store.url.startswith("memory:")
    if executor == "ray" and in_memory:
        raise StoreError(
            "Ray's workers cannot reach a store in this process's memory; use a folder or s3://bucket/prefix"
        )
    if executor != "auto":
        return executor
    return "ray" if seconds / workers > RAY_PAYS_AFTER and workers > 1 and not in_memory else "inprocess"


def _executor(name: str, workers: int, ray_address: str, study: Study) -> Executor:
    if name == "ray":
        from sweep.executors.ray import RayExecutor

        return RayExecutor(workers, ray_address, carry=_modules_of(study.kernel))
    from sweep.executors.inprocess import InProcess

    return InProcess(workers)


def _modules_of(kernel: Kernel) -> list[Any]:
    """Modules that workers cannot import by name: the study's own file."""
    module = sys.modules.get(kernel.function.__module__)
    return [module] if module is not None and getattr(module, "__sweep_study__", False) else []


def _reduce(study: Study, held: Holdings, workers: int, progress: Progress) -> None:
    """Run the reduce children that a crash left out."""
    from sweep.executors.inprocess import InProcess

    left = sorted(held.simulated - held.reduced)
    if not left:
        return
    progress.stage("reduce")
    task = ReduceOnly(study, tuple((held.waves[wave], shard) for wave, shard in left))
    with InProcess(workers) as executor:
        for index in executor.run(task, range(len(left)), progress.advance):
            held.reduced.add(left[index])
