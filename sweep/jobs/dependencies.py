"""Who may run now that others have ended, and whom a failure takes along.

Whether a child may run is worked out from the states of what it waits for, each time; no counter could drift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep.jobs.ids import parted
from sweep.jobs.job import Flag, Job, Shape
from sweep.jobs.reasons import DEPENDENCY_FAILED
from sweep.jobs.request import Dependency, Kind
from sweep.jobs.status import Status

if TYPE_CHECKING:
    from sweep.jobs.state import State
    from sweep.jobs.turn import Turn

__all__ = ["settle", "spread"]


def spread(turn: Turn) -> None:
    """Look at everything that waits for children that have ended, until nothing changes."""
    while turn.ended:
        job, indices = turn.ended.popleft()
        if any(each.among_siblings for each in job.request.depends_on):
            settle(turn, job, _followers(job, indices))
        _settle_dependents(turn, job, indices)


def _settle_dependents(turn: Turn, job: Job, indices: np.ndarray) -> None:
    """Look at those that wait for these children, and at those that wait for the whole job if it has ended."""
    known = turn.state.dependents.get(job.id)
    if known is None:
        return
    for each in turn.state.known(known.pairs):
        settle(turn, each, indices)
    others = list(known.on_children(indices))
    if not job.live:
        others += known.whole
        known.whole.clear()
    for each in turn.state.known(others):
        settle(turn, each, np.arange(each.size))


def _followers(job: Job, indices: np.ndarray) -> np.ndarray:
    """Children after those that ended: the next ones, or all later ones when a failure takes them along."""
    strict = any(each.among_siblings and not each.even_if_failed for each in job.request.depends_on)
    if strict and (job.children["status"][indices] == Status.FAILED).any():
        return np.arange(int(indices[0]) + 1, job.size)
    after = indices + 1
    return after[after < job.size]


def settle(turn: Turn, job: Job, among: np.ndarray) -> None:
    """Free, fail, or leave waiting the PENDING children among some.

    A child of which one dependency has failed fails at once. One that was cancelled fails when all its dependencies have ended, and for the
    reason that was given then.
    """
    waiting = among[job.children["status"][among] == Status.PENDING]
    if not len(waiting):
        return
    ended, met = _look(turn.state, job, waiting)
    lost, free = (ended & ~met).any(axis=0), met.all(axis=0)
    stopped = job.flagged(waiting, Flag.CANCELLED | Flag.TERMINATED)
    turn.fail(job, waiting[lost & ~stopped], DEPENDENCY_FAILED)
    turn.move(job, waiting[ended.all(axis=0) & stopped], Status.FAILED)
    _release(turn, job, waiting[free & ~stopped])


def _release(turn: Turn, job: Job, free: np.ndarray) -> None:
    """Make children RUNNABLE; the nodes of a job only together."""
    if job.shape is Shape.NODES and len(free) != job.size:
        return
    turn.move(job, free, Status.RUNNABLE)


def _look(state: State, job: Job, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each dependency (rows) and child (columns) whether what it waits for has ended, and whether it lets the child go."""
    shape = (max(1, len(job.request.depends_on)), len(indices))
    ended, met = np.ones(shape, bool), np.ones(shape, bool)
    for row, each in enumerate(job.request.depends_on):
        status = _awaited(state, job, each, indices)
        ended[row] = status >= Status.SUCCEEDED
        met[row] = ended[row] if each.even_if_failed else status == Status.SUCCEEDED
    return ended, met


def _awaited(state: State, job: Job, dependency: Dependency, indices: np.ndarray) -> np.ndarray:
    """Return the state that each child waits on; SUCCEEDED where it waits for nothing."""
    if dependency.among_siblings:
        return _before(job, indices, strict=not dependency.even_if_failed)
    whole, _, child = parted(dependency.job_id or "")
    target = state.jobs.get(whole)
    if target is None:  # it ended so long ago that it was forgotten; had it failed, this child would have failed then
        return np.full(len(indices), Status.SUCCEEDED, np.uint8)
    if dependency.kind is Kind.N_TO_N:
        return target.children["status"][indices]
    status = target.status if child is None else target.children["status"][child]
    return np.full(len(indices), status, np.uint8)


def _before(job: Job, indices: np.ndarray, *, strict: bool) -> np.ndarray:
    """Return the states of the children just before; FAILED for all after the first failure when `strict`."""
    status = job.children["status"]
    before = np.where(indices > 0, status[np.maximum(indices - 1, 0)], np.uint8(Status.SUCCEEDED))
    if strict and job.counts[Status.FAILED]:
        first = int(np.argmax(status == Status.FAILED))
        before[indices > first] = Status.FAILED
    return before
