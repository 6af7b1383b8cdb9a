"""Children are handed to workers: how many at once, which ones, and until when."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import numpy as np

from sweep.jobs.effects import Start
from sweep.jobs.job import Flag
from sweep.jobs.lease import Lease, Span, runs_of
from sweep.jobs.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep.jobs.environment import Environment
    from sweep.jobs.job import Job
    from sweep.jobs.room import Room
    from sweep.jobs.turn import Turn

__all__ = ["begin", "give", "give_nodes"]

AHEAD = 0.1
AHEAD_FAR = 0.5
"""Seconds of work that a worker is given at once, on this machine and on a cluster: children of milliseconds are handed out by the hundred."""

GROWTH = 2
"""Never hand out more than so many times what has ended: nothing is known of the first children's length."""

SEARCH = 4096
"""How many children to look at together when searching for RUNNABLE ones."""

LONGEST_HOURS = 1e6
"""After which SPOT capacity is taken away at the latest."""


def give(turn: Turn, job: Job, room: Room, slots: int) -> None:
    """Lease the next RUNNABLE children of a job."""
    container = job.container(0)
    alone = job.careful or container.resources.gpus or container.consumables
    count = slots if alone else min(_ahead(job, slots, room.environment), job.counts[Status.RUNNABLE])
    indices = _next_runnable(job, count)
    _lease(turn, job, room, indices, min(slots, len(indices)))


def _ahead(job: Job, slots: int, environment: Environment) -> int:
    """Return how many children make about `AHEAD` seconds of work for so many slots."""
    if not job.ended:
        return slots
    seconds = AHEAD if environment.address is None else AHEAD_FAR
    return max(slots, min(int(seconds / max(job.pace, 1e-7)) * slots, GROWTH * job.ended))


def _next_runnable(job: Job, count: int) -> np.ndarray:
    """Return the first RUNNABLE children; the search begins at the cursor."""
    status = job.children["status"]
    found: list[np.ndarray] = []
    at, left, width = job.cursor, count, max(count, SEARCH)
    while left > 0 and at < job.size:
        piece = np.flatnonzero(status[at : at + width] == Status.RUNNABLE)[:left] + at
        found.append(piece)
        left -= len(piece)
        at += width
    indices = np.concatenate(found) if found else np.empty(0, np.int64)
    job.cursor = int(indices[-1]) + 1 if len(indices) else job.cursor
    return indices


def give_nodes(turn: Turn, job: Job, room: Room) -> None:
    """Lease all nodes of a job: the main one at once, the others to begin when that one runs."""
    _lease(turn, job, room, np.array([job.main]), 1)
    for node in range(job.size):
        if node != job.main:
            _lease(turn, job, room, np.array([node]), 1, held=True)


def _lease(turn: Turn, job: Job, room: Room, indices: np.ndarray, slots: int, *, held: bool = False) -> None:
    container = job.container(int(indices[0]))
    gpus = room.take(container.resources, slots)
    lease = Lease(
        id=turn.state.next_lease,
        job=job.id,
        environment=room.environment.name,
        spans=tuple(_spans(job, indices)),
        slots=slots,
        left=len(indices),
        given=turn.now,
        gpus=gpus,
        reclaim=_reclaim(room.environment, turn.state.next_lease, turn.now),
        held=held,
    )
    turn.state.next_lease += 1
    turn.state.add_lease(lease)
    turn.state.use_up(container, len(indices))
    if not held:
        begin(turn, job, lease)


def begin(turn: Turn, job: Job, lease: Lease) -> None:
    """Hand a lease's children to its worker."""
    indices = np.concatenate([np.arange(first, last) for first, last, _ in lease.spans])
    lease.held = False
    job.children["attempt"][indices] += 1
    job.children["started"][indices] = 0
    job.children["reason"][indices] = 0
    job.unflag(indices, Flag.HAS_EXIT | Flag.RECALLED)
    turn.move(job, indices, Status.STARTING)
    turn.effects.append(Start(lease.id))


def _spans(job: Job, indices: np.ndarray) -> Iterator[Span]:
    """Cut indices into runs of neighbours of which it is the same attempt."""
    attempts = job.children["attempt"]
    for first, last in runs_of(indices):
        breaks = np.flatnonzero(np.diff(attempts[first:last])) + 1 + first
        edges = [first, *(int(each) for each in breaks), last]
        for low, high in itertools.pairwise(edges):
            yield low, high, int(attempts[low]) + 1


def _reclaim(environment: Environment, lease: int, now: int) -> int | None:
    """Draw when a SPOT worker is taken away: exponential, of the environment's seed and the lease alone."""
    if not (environment.purchase.is_spot and environment.interruptions_per_hour):
        return None
    chance = random.Random(f"{environment.seed}:{environment.name}:{lease}")  # noqa: S311 - a rehearsal, no secret
    hours = min(chance.expovariate(environment.interruptions_per_hour), LONGEST_HOURS)
    return now + int(hours * 3_600_000)
