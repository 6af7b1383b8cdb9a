"""The bridge: carry out a plan in a store, whatever of it is missing, and give back the result."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.aside import started
from sweep.device import check_device, gpus, on_faster, seats, seconds_per_trial
from sweep.errors import CorruptError, ObjectNotFoundError, StoreError, UsageError
from sweep.failed import drop_stopped
from sweep.handover import hand_over
from sweep.holdings import Holdings, discard_other
from sweep.jobs.environment import Environment
from sweep.kept import settle
from sweep.ledger import MAX_SHARDS
from sweep.machine import processors
from sweep.neighbours import modules_of
from sweep.progress import Progress, Silent
from sweep.result import Result
from sweep.shares import Cut
from sweep.stages import Stage, run_stages
from sweep.store import open_store
from sweep.waves import lead
from sweep.work import keys
from sweep.work.allowance import Allowance
from sweep.work.entry import Map, Merge, Reduce
from sweep.work.merge import merge
from sweep.work.parquet import decode
from sweep.work.pilot import choose_faster, cut_of
from sweep.work.ran import Batch
from sweep.work.study import Study
from sweep.work.tables import require_unchanged, write_tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.executors.cluster import Cluster
    from sweep.jobs.work import Functions, Tell, Worker
    from sweep.plan import Plan
    from sweep.programs import Command
    from sweep.rectangle import Rectangle
    from sweep.store import Store
    from sweep_kernels.declaration import Kernel
    from sweep_kernels.tables import Table

__all__ = ["EXECUTORS", "look_at", "run_plan", "trials_of"]

EXECUTORS = ("auto", "inprocess", "ray")
HERE = "local"
"""The address of a Ray that is started for this run, and ends with it."""

LOOKED_AT = 8
"""Trials of a program that are timed at most before shards are cut; they count."""

SETTLE_SECONDS = 10.0
"""Seconds of work from which on it pays to find out how trials that part ways run fastest."""


def run_plan(
    kernel: Kernel | Command,
    plan: Plan,
    store: Store,
    *,
    executor: str = "auto",
    device: str = "cpu",
    workers: int | None = None,
    shards: int | None = None,
    ray_address: str = HERE,
    replace: bool = False,
    progress: Progress | None = None,
    data: Mapping[str, Table] | None = None,
    max_failures: int | None = None,
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
        ``"inprocess"`` (threads), ``"ray"``, or ``"auto"``: Ray when the address of a cluster is given, else threads.
    device
        ``"cpu"``, ``"cuda"`` for this machine's GPUs, or those of a Ray cluster, or ``"auto"``: this machine's GPUs where they are faster.
        It changes no byte of the result.
    workers
        How many work at a time; all processors of this machine or of the cluster when left out, and on GPUs two for each, or one for each
        of a Ray cluster.
    shards
        Into how many shards to cut what is missing, at most 10,000; chosen from a short timed pilot when left out. It changes no
        byte of the result.
    ray_address
        ``"local"`` to start Ray here, ``"nodes"`` for the nodes of the AWS Batch multi-node job that this process is the main node of, else
        the address of a cluster.
    replace
        Throw away what the store holds if it is another sweep, once the kernel of this one is compiled.
    progress
        Who listens.
    data
        The plan's tables; read from the store when left out.
    max_failures
        How many trials of a command may fail before the run is stopped; any number when left out. Those that others are at may come on top.

    Raises
    ------
    PlanError
        If the store holds a plan that this one does not continue.
    KernelError
        If the kernel cannot be compiled, or a table's file was written to while it ran.
    DeviceError
        If GPUs were asked for, and cannot be had.
    TrialError
        If a trial raises.
    FailuresError
        If more trials of a command failed than may.
    StoreError
        If the store cannot be read or written.
    WorkerError
        If a shard lost its worker too often.
    """
    _check_options(executor, workers, shards)
    check_device(device)
    if max_failures is not None and max_failures < 0:
        raise UsageError(f"max_failures={max_failures} is not 0 or more")
    executor = _chosen(executor, store, ray_address)
    progress = progress or Silent()
    allowance = None if max_failures is None else Allowance(max_failures)
    study = Study(kernel, plan, store, data, "cuda" if device == "cuda" else "cpu", allowance)
    if plan.kernel.is_program:
        study.check()
    with contextlib.closing(study):
        return _carried_out(study, executor, device, workers, shards, ray_address, progress, replace=replace)


def _carried_out(
    study: Study,
    executor: str,
    device: str,
    workers: int | None,
    shards: int | None,
    ray_address: str,
    progress: Progress,
    *,
    replace: bool,
) -> Result:
    """Look at the store, run what is missing, and return the result."""
    plan, store = study.plan, study.store
    if device == "cuda" and executor != "ray":
        progress.note(f"runs on CUDA: {', '.join(gpus())}")
    progress.stage("check")
    if replace:
        study.check()  # what cannot be compiled must not cost the results that are there
        discard_other(store, plan)
    held = look_at(store, plan, progress)
    if plan.kernel.is_program:
        drop_stopped(store, held)
    rectangles = held.missing(plan)
    if not rectangles and held.has_result:
        known = _known_result(study, progress)
        if known is not None:
            return known
    where = _Where("inprocess", workers or processors())
    with contextlib.ExitStack() as stack:
        stages: list[Stage] = []
        if rectangles:
            work = _measured(study, rectangles, executor, where.workers, progress)
            if device == "auto" and executor != "ray" and not plan.kernel.is_program:
                study, work = _on_faster(study, work, where.workers, progress)
            if executor == "ray":
                cluster = _cluster(stack, where.workers, ray_address, progress)
                there = where.workers if ray_address == HERE else max(1, int(cluster.processors))
                where = _Where(executor, workers or there, cluster)
            if study.device == "cuda":
                where = dataclasses.replace(where, **seats(where.cluster, workers))
            stages = _map_stages(study, held, work, where, shards, progress)
        stages = _with_rest(study, held, stages)
        run_stages(stages, where.environment, functools.partial(_worker, study, where), progress)
    return _finished(study, held, progress)


@dataclass(frozen=True)
class _Work:
    """What is missing: trials, and how long they would take on one core."""

    rectangles: list[Rectangle]
    trials: int
    seconds: float


@dataclass(frozen=True)
class _Where:
    """Where a run's jobs go: on so many threads, or so many processors of a Ray cluster."""

    executor: str
    workers: int
    cluster: Cluster | None = None
    gpus: int = 0
    """That the engine hands out: those of a Ray cluster. Threads of this process share theirs by themselves."""

    @property
    def environment(self) -> Environment:
        """The compute environment that it comes to. A shard's memory is small, and the kernel's own business."""
        address = None if self.cluster is None else "local"
        return Environment("workers", vcpus=float(self.workers), memory=(1 << 31) - 1, gpus=self.gpus, address=address)


def _check_options(executor: str, workers: int | None, shards: int | None) -> None:
    if executor not in EXECUTORS:
        raise UsageError(f"executor={executor!r} is not one of {', '.join(EXECUTORS)}")
    if workers is not None and workers < 1:
        raise UsageError(f"workers={workers} is not 1 or more")
    if shards is not None and not 1 <= shards <= MAX_SHARDS:
        raise UsageError(
            f"shards={shards} is not between 1 and {MAX_SHARDS:,}, the most children that an array job may have"
        )


def look_at(store: Store, plan: Plan, progress: Progress) -> Holdings:
    """Look at a store, check that the plan may be kept there, and drop what is damaged.

    Raises
    ------
    PlanError
        If the store holds a plan that this one does not continue.
    """
    held = Holdings.look(store, progress.note, plan)
    held.claim(store, plan, progress.note)
    held.verify(store, progress.note)
    return settle(store, plan, held) if plan.keep else held


def _finished(study: Study, held: Holdings, progress: Progress) -> Result:
    """Return this plan's result, and leave no trial kept twice, and the store to a larger plan if another run went on to one."""
    store, plan = study.store, study.plan
    held.require_made(store)
    require_unchanged(study.tables)
    result = _own_result(study, progress)
    if plan.keep:
        settle(store, plan, Holdings.look(store, progress.note, plan))
    hand_over(store, plan, progress.note)
    return result


def _own_result(study: Study, progress: Progress) -> Result:
    """Return the result that was just written; made again aside if another run has replaced it."""
    with contextlib.suppress(CorruptError, ObjectNotFoundError):
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


def _measured(study: Study, rectangles: list[Rectangle], executor: str, workers: int, progress: Progress) -> _Work:
    """Time a few trials of what is missing."""
    progress.stage("pilot")
    if executor == "ray":
        study.check()
    trials = sum(trials_of(study.plan, each) for each in rectangles)
    some = Batch.of(rectangles[0].slice(0, min(rectangles[0].blocks, LOOKED_AT)), study.plan)
    first = list(zip(some.point.tolist(), some.block.tolist(), strict=True))
    timed = started(
        lambda: seconds_per_trial(study, in_cluster=executor == "ray", first=first, workers=min(workers, trials))
    )
    seconds = timed.result() * trials
    if seconds > SETTLE_SECONDS and study.device == "cpu" and not study.plan.kernel.is_program:
        started(lambda: choose_faster(study)).result()
    return _Work(rectangles, trials, seconds)


def _on_faster(study: Study, work: _Work, workers: int, progress: Progress) -> tuple[Study, _Work]:
    """Take GPUs where they are faster, and say why or why not."""
    found, seconds, told = started(lambda: on_faster(study, work.seconds, work.trials, workers)).result()
    progress.note(told)
    return found, dataclasses.replace(work, seconds=seconds)


def _map_stages(
    study: Study, held: Holdings, work: _Work, where: _Where, shards: int | None, progress: Progress
) -> list[Stage]:
    """Write down what is about to be computed, and return map and reduce over it."""
    plan = study.plan
    study.store.check_writable()
    write_tables(study.store, study.tables)
    blocks = sum(each.blocks for each in work.rectangles)
    kept = work.trials if plan.keep == "all" else 0
    cut = Cut(min(shards, blocks)) if shards else cut_of(work.seconds, blocks, where.workers, kept, MAX_SHARDS)
    wave = held.begin(study.store, plan, cut, work.rectangles)
    finished = plan.points * plan.trials - work.trials
    progress.started(
        trials=work.trials, finished=finished, shards=wave.shards, executor=where.executor, workers=where.workers
    )
    each = 1 if where.gpus else 0
    return [
        Stage("map", wave.shards, Map(study, wave), gpus=each),
        Stage("reduce", wave.shards, Reduce(study, wave), n_to_n=(0,)),
    ]


def _with_rest(study: Study, held: Holdings, stages: list[Stage]) -> list[Stage]:
    """Add the reductions that a crash left out, and the merge of everything."""
    left = sorted(held.simulated - held.reduced)
    for first in range(0, len(left), MAX_SHARDS):
        shards = tuple((held.waves[wave], shard) for wave, shard in left[first : first + MAX_SHARDS])
        stages = [*stages, Stage("reduce", len(shards), Reduce(study, shards=shards))]
    begun = [each.task.wave for each in stages if isinstance(each.task, Map)]
    finished = [*held.shards(), *((wave, shard) for wave in begun for shard in range(wave.shards))]
    after = tuple(place for place, each in enumerate(stages) if each.name == "reduce")
    return [*stages, Stage("merge", 1, Merge(study, tuple(finished), tuple(begun)), after=after)]


def trials_of(plan: Plan, rectangle: Rectangle) -> int:
    """Trials of a rectangle: whole blocks, but for each point's last one."""
    last = min(rectangle.last_block * plan.block_size, plan.trials)
    return (rectangle.last_point - rectangle.first_point) * (last - rectangle.first_block * plan.block_size)


def _chosen(executor: str, store: Store, ray_address: str) -> str:
    """Decide where to run: threads let go of the interpreter while they work, so on one machine Ray has nothing to add."""
    if executor == "auto":
        executor = "inprocess" if ray_address == HERE else "ray"
    if executor == "ray" and store.url.startswith("memory:"):
        raise StoreError(
            "Ray's workers cannot reach a store in this process's memory; use a folder or s3://bucket/prefix"
        )
    return executor


def _cluster(stack: contextlib.ExitStack, workers: int, address: str, progress: Progress) -> Cluster:
    """Reach Ray, before anything is written."""
    from sweep.executors.cluster import Cluster
    from sweep.executors.nodes import NODES, Node, gathered, head

    if address != NODES:
        return stack.enter_context(Cluster(workers, address))
    node = Node.here()
    cluster = stack.enter_context(Cluster(workers, stack.enter_context(head(node))))
    there = gathered(node)
    if there < node.count:
        progress.note(f"runs on {there} of {node.count} nodes: the others did not come")
    cluster.count()
    return cluster


def _worker(study: Study, where: _Where, functions: Functions, environment: Environment, tell: Tell) -> Worker:
    if where.cluster is None:
        from sweep.executors.inprocess import InProcess

        return InProcess(functions, tell)
    from sweep.executors.ray import RayWorker

    return RayWorker(functions, environment, tell, where.cluster, carry=modules_of(study.kernel))
