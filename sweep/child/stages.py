"""What a child does in each stage."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sweep.child.code import ELSEWHERE, check_requirements, fetch, find_kernel, unpack
from sweep.child.work import read_wave, shard_at
from sweep.device import seats
from sweep.errors import CorruptError, ObjectNotFoundError
from sweep.handover import hand_over
from sweep.holdings import Holdings
from sweep.kept import settle
from sweep.machine import processors
from sweep.space.listing import pinned
from sweep.work import keys
from sweep.work.allowance import Allowance
from sweep.work.label import read_labelled, require_wave
from sweep.work.merge import merge
from sweep.work.reduce import reduce
from sweep.work.spread import spread
from sweep.work.study import Study

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from sweep.child.task import Task
    from sweep.child.work import Work
    from sweep.ledger import Wave
    from sweep.plan import Plan
    from sweep.store import Store

__all__ = ["map_shard", "merge_all", "reduce_shard"]


def map_shard(
    task: Task,
    store: Store,
    work: Work,
    place: int,
    stop: threading.Event,
    report: Callable[[int], None],
    note: Callable[[str], None],
) -> bool:
    """Simulate the shard at a place of the list; return whether it is finished, or was stopped.

    Raises
    ------
    CorruptError, SpecError, PlanError
        If the code is not what was submitted, cannot be loaded here, or is not the plan's.
    TrialError
        If a trial raised.
    """
    number, shard = shard_at(work.map, place)
    wave, plan = read_wave(store, number), work.read_plan(store)
    if _is_simulated(store, plan, wave, shard):
        note(f"shard {shard} of wave {number} is in the store already")
        return True
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sweep-child-")))
        package = unpack(fetch(store, task.code), folder)
        stack.enter_context(contextlib.chdir(package.beside))
        check_requirements(package, note)
        allowance = None if task.max_failures is None else Allowance(task.max_failures)
        with pinned(plan.space.collections().values()):
            kernel = find_kernel(package.path, plan)
        study = Study(kernel, plan, store, device=task.device, allowance=allowance)
        stack.callback(study.close)
        threads = _threads(task)
        blocks = wave.bounds(shard)
        note(f"shard {shard} of wave {number}: {blocks[1] - blocks[0]:,} blocks on {threads} {task.executor}")
        if task.executor == "threads":
            return spread(study, wave, shard, threads=threads, stop=stop, report=report)
        from sweep.child.on_ray import spread_on_ray

        path = [package.beside, folder / ELSEWHERE]
        return spread_on_ray(study, wave, shard, processors=threads, path=path, stop=stop, report=report)


def _threads(task: Task) -> int:
    """Return how many work at a time: on processors no more than were asked for, on GPUs those that keep them at work."""
    if task.device == "cuda":
        return seats(None, None)["workers"]
    return min(processors(), task.cores or processors())


def _is_simulated(store: Store, plan: Plan, wave: Wave, shard: int) -> bool:
    """Tell whether another attempt has finished a shard: its statistics are there, and the trials that it keeps."""
    wanted = [keys.shard_key(keys.MAP, wave.number, shard)]
    if plan.keep:
        wanted += [
            keys.shard_key(keys.TRIALS, wave.number, shard, partial=partial)
            for partial in (False, True)
            if wave.clipped([shard], plan.block_size, partial=partial)
        ]
    try:
        for name in wanted:
            read_labelled(store, name, wave, shard)
    except (CorruptError, ObjectNotFoundError):
        return False
    return True


def reduce_shard(store: Store, work: Work, place: int, *, rest: bool) -> None:
    """Reduce the shard at a place of map's list, or of those that were left out earlier."""
    number, shard = shard_at(work.rest if rest else work.map, place)
    reduce(work.read_plan(store), store, read_wave(store, number), shard)


def merge_all(store: Store, work: Work, note: Callable[[str], None]) -> None:
    """Write the result of everything that the store holds of the plan, and leave no trial kept twice.

    Raises
    ------
    CorruptError
        If something is missing.
    PlanError
        If the store was given to another sweep.
    """
    plan = work.read_plan(store)
    for number in sorted({each.wave for each in work.map}):
        require_wave(store, read_wave(store, number))
    held = _complete(store, plan, note)
    merge(plan, store, held.shards())
    if plan.keep:
        settle(store, plan, Holdings.look(store, note, plan))
    hand_over(store, plan, note)


def _complete(store: Store, plan: Plan, note: Callable[[str], None]) -> Holdings:
    """Look at the store, and reduce what another run has simulated and not reduced yet."""
    held = Holdings.look(store, note, plan)
    missing = held.missing(plan)
    if missing:
        first = missing[0]
        raise CorruptError(
            f"{sum(each.blocks for each in missing):,} blocks of the plan are not in {store.url}, the first of point {first.first_point}: "
            f"`sweep resume {store.url}` submits them"
        )
    for wave, shard in sorted(held.simulated - held.reduced):
        reduce(plan, store, held.waves[wave], shard)
    return held
