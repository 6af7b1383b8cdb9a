"""Who gets room next.

Queues of higher priority first; within one, first in first out, or the share that has used least; the compute environments of a queue in
their order. A job that could fit an environment but does not now closes it to all that come after it, in its own queue and in those of lower
priority: so a large job is not overtaken for ever by small ones. A job that fits no environment of its queue closes nothing.
"""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sweep.jobs.effects import Start
from sweep.jobs.environment import Purchase
from sweep.jobs.job import Flag, Shape
from sweep.jobs.lease import Lease, Span, runs_of
from sweep.jobs.shares import active_shares, running, weighted_use
from sweep.jobs.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep.jobs.definition import Resources
    from sweep.jobs.environment import Environment
    from sweep.jobs.job import Job
    from sweep.jobs.queue import Queue
    from sweep.jobs.state import State
    from sweep.jobs.turn import Turn

__all__ = ["begin", "could_ever_fit", "in_use", "schedule"]

AHEAD = 0.1
AHEAD_FAR = 0.5
"""Seconds of work that a worker is given at once, on this machine and on a cluster: children of milliseconds are handed out by the hundred."""

GROWTH = 2
"""Never hand out more than so many times what has ended: nothing is known of the first children's length."""

SEARCH = 4096
"""How many children to look at together when searching for RUNNABLE ones."""


@dataclass(slots=True)
class Room:
    """What is free in an environment."""

    environment: Environment
    vcpus: float
    memory: int
    gpus: list[int]
    closed: bool = False

    def fits(self, need: Resources, limit: float = math.inf) -> int:
        """Return how many children fit; `limit` in vCPUs."""
        counts = [min(self.vcpus, limit) / need.vcpus + 1e-9, self.memory / need.memory]
        if need.gpus:
            counts.append(len(self.gpus) / need.gpus)
        return max(0, math.floor(min(counts)))

    def beyond(self, kept: float) -> float:
        """Return the vCPUs free beyond a reserved part; all of them when nothing is in use, else a large job could never run."""
        everything = self.environment.vcpus
        return self.vcpus if self.vcpus >= everything - 1e-9 else self.vcpus - kept * everything

    def take(self, need: Resources, slots: int) -> tuple[int, ...]:
        """Take room for so many children; return which GPUs."""
        self.vcpus -= need.vcpus * slots
        self.memory -= need.memory * slots
        taken, self.gpus = self.gpus[: need.gpus * slots], self.gpus[need.gpus * slots :]
        return tuple(taken)


@dataclass(slots=True)
class Cycle:
    """One look at all queues."""

    turn: Turn
    rooms: dict[str, Room] = field(default_factory=dict[str, Room])

    def room(self, name: str) -> Room:
        """Return what is free in an environment."""
        if name not in self.rooms:
            self.rooms[name] = _room(self.turn.state, self.turn.state.environments[name])
        return self.rooms[name]


def in_use(state: State, environment: str) -> tuple[float, int, list[int]]:
    """Return what is held in an environment: vCPUs, MiB, GPUs."""
    vcpus, memory, gpus = 0.0, 0, list[int]()
    for lease in state.leases.values():
        if lease.environment == environment:
            need = state.jobs[lease.job].container(lease.spans[0][0]).resources
            vcpus += lease.slots * need.vcpus
            memory += lease.slots * need.memory
            gpus.extend(lease.gpus)
    return vcpus, memory, gpus


def _room(state: State, environment: Environment) -> Room:
    vcpus, memory, gpus = in_use(state, environment.name)
    free = [each for each in range(environment.gpus) if each not in gpus]
    closed = not environment.enabled or environment.name in state.invalid
    return Room(environment, environment.vcpus - vcpus, environment.memory - memory, free, closed=closed)


def _needs(job: Job) -> list[Resources]:
    """Return what a job needs at once: one child's, or those of all its nodes."""
    if job.spec.nodes is None:
        return [job.container(0).resources]
    return [job.container(node).resources for node in range(job.size)]


def _holds(environment: Environment, job: Job) -> bool:
    """Whether an environment, were it empty, would have room for one child or for all nodes."""
    if job.shape is Shape.NODES and (environment.purchase is not Purchase.EC2 or not environment.managed):
        return False
    needs = _needs(job)
    return (
        sum(each.vcpus for each in needs) <= environment.vcpus + 1e-9
        and sum(each.memory for each in needs) <= environment.memory
        and sum(each.gpus for each in needs) <= environment.gpus
    )


def could_ever_fit(state: State, job: Job) -> bool:
    """Whether any environment of a job's queue is large enough."""
    queue = state.queues[job.request.queue]
    return any(_holds(state.environments[name], job) for name in queue.environments)


def schedule(turn: Turn) -> None:
    """Give what room there is to those whose turn it is."""
    cycle = Cycle(turn)
    waiting = [name for name, line in turn.state.waiting.items() if line]
    queues = sorted((turn.state.queues[name] for name in waiting), key=lambda each: (-each.priority, each.name))
    for queue in queues:
        if queue.policy is None:
            _first_in_first_out(cycle, queue)
        else:
            _fair_share(cycle, queue)
        _note_head(turn, queue)
    for name in [name for name in turn.state.heads if not turn.state.waiting.get(name)]:
        del turn.state.heads[name]


def _first_in_first_out(cycle: Cycle, queue: Queue) -> None:
    for _, job_id in list(cycle.turn.state.waiting[queue.name]):
        if not _open_rooms(cycle, queue):
            return
        _place_all(cycle, queue, cycle.turn.state.jobs[job_id])


def _open_rooms(cycle: Cycle, queue: Queue) -> list[Room]:
    rooms = [cycle.room(name) for name in queue.environments]
    return [each for each in rooms if not each.closed and each.vcpus > 1e-9]


def _place_all(cycle: Cycle, queue: Queue, job: Job) -> None:
    """Place as many children of a job as there is room for; close the environments that it waits for."""
    if job.shape is Shape.NODES:
        _place_nodes(cycle, queue, job)
        return
    need = job.container(0).resources
    rooms = _open_rooms(cycle, queue)
    for room in rooms:
        for each in _portions(need, min(room.fits(need), job.counts[Status.RUNNABLE])):
            _give(cycle.turn, job, room, each)
        if not job.wants_room:
            return
    _close(rooms, job)


def _close(rooms: list[Room], job: Job) -> None:
    """Let nobody take what a job waits for."""
    for room in rooms:
        room.closed = room.closed or _holds(room.environment, job)


def _portions(need: Resources, slots: int) -> Iterator[int]:
    """One lease for all slots; one a child where GPUs are pinned."""
    if need.gpus:
        yield from [1] * slots
    elif slots:
        yield slots


def _fair_share(cycle: Cycle, queue: Queue) -> None:
    """Place one child at a time, each of the share that has used least by then."""
    if not _open_rooms(cycle, queue):
        return
    state = cycle.turn.state
    policy = state.policies[queue.policy or ""]
    held = running(state, queue.name)
    kept = (policy.reservation / 100.0) ** max(1, len(active_shares(state, queue.name))) if policy.reservation else 0.0
    lines = _lines(state, queue)
    while lines and _open_rooms(cycle, queue):
        share = _next_share(cycle.turn, queue, lines, held)
        job = lines[share][-1]
        placed = _place_one(cycle, queue, job, kept)
        held[share] = held.get(share, 0.0) + placed
        if not placed or not job.wants_room:
            lines[share].pop()
        if not lines[share]:
            del lines[share]


def _next_share(turn: Turn, queue: Queue, lines: dict[str, list[Job]], held: dict[str, float]) -> str:
    """Return the share that has used least; `held` is what each holds now, in vCPUs."""
    policy = turn.state.policies[queue.policy or ""]
    use = {each: weighted_use(turn.state, queue.name, policy, each, held.get(each, 0.0), turn.now) for each in lines}
    return min(lines, key=lambda each: (use[each], each))


def _lines(state: State, queue: Queue) -> dict[str, list[Job]]:
    """Return the waiting jobs of each share, the next one last."""
    lines: dict[str, list[Job]] = {}
    for _, job_id in reversed(state.waiting[queue.name]):
        job = state.jobs[job_id]
        lines.setdefault(job.request.share or "", []).append(job)
    for line in lines.values():
        line.sort(key=lambda each: each.spec.priority)
    return lines


def _place_one(cycle: Cycle, queue: Queue, job: Job, kept: float) -> float:
    """Place one child, or all nodes; return the vCPUs taken."""
    if job.shape is Shape.NODES:
        return sum(each.vcpus for each in _needs(job)) if _place_nodes(cycle, queue, job, kept) else 0.0
    need = job.container(0).resources
    rooms = _open_rooms(cycle, queue)
    for room in rooms:
        if room.fits(need, room.beyond(kept)):
            _give(cycle.turn, job, room, 1)
            return need.vcpus
    _close(rooms, job)
    return 0.0


def _give(turn: Turn, job: Job, room: Room, slots: int) -> None:
    """Lease the next RUNNABLE children of a job."""
    alone = job.careful or job.container(0).resources.gpus
    count = slots if alone else min(_ahead(job, slots, room.environment), job.counts[Status.RUNNABLE])
    indices = _next_runnable(job, count)
    _lease(turn, job, room, indices, min(slots, len(indices)))


def _ahead(job: Job, slots: int, environment: Environment) -> int:
    """Return how many children make about `AHEAD` seconds of work for so many slots."""
    if not job.ended:
        return slots
    mean = max(job.busy / job.ended, 1e-7)
    seconds = AHEAD if environment.address is None else AHEAD_FAR
    return max(slots, min(int(seconds / mean) * slots, GROWTH * job.ended))


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


def _lease(turn: Turn, job: Job, room: Room, indices: np.ndarray, slots: int, *, held: bool = False) -> None:
    need = job.container(int(indices[0])).resources
    gpus = room.take(need, slots)
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
    turn.state.leases[lease.id] = lease
    if not held:
        begin(turn, job, lease)


def begin(turn: Turn, job: Job, lease: Lease) -> None:
    """Hand a lease's children to its worker."""
    indices = np.concatenate([np.arange(first, last) for first, last, _ in lease.spans])
    lease.held = False
    job.children["attempt"][indices] += 1
    job.children["started"][indices] = 0
    job.children["reason"][indices] = 0
    job.unflag(indices, Flag.HAS_EXIT)
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
    hours = chance.expovariate(environment.interruptions_per_hour)
    return now + int(hours * 3_600_000)


def _place_nodes(cycle: Cycle, queue: Queue, job: Job, kept: float = 0.0) -> bool:
    """Place all nodes of a job in one environment: the main one at once, the others when that one runs."""
    rooms = _open_rooms(cycle, queue)
    for room in rooms:
        if not (_holds(room.environment, job) and _fits_all(room, _needs(job), kept)):
            continue
        _lease(cycle.turn, job, room, np.array([job.main]), 1)
        for node in range(job.size):
            if node != job.main:
                _lease(cycle.turn, job, room, np.array([node]), 1, held=True)
        return True
    _close(rooms, job)
    return False


def _fits_all(room: Room, needs: list[Resources], kept: float) -> bool:
    return (
        sum(each.vcpus for each in needs) <= room.beyond(kept) + 1e-9
        and sum(each.memory for each in needs) <= room.memory
        and sum(each.gpus for each in needs) <= len(room.gpus)
    )


def _note_head(turn: Turn, queue: Queue) -> None:
    """Note the job at the head of a queue, and since when it stands there with nothing given to a worker."""
    if not turn.state.waiting.get(queue.name):
        turn.state.heads.pop(queue.name, None)
        return
    head = _head(turn, queue)
    moving = any(each.given == turn.now for each in turn.state.job_leases(head))
    if moving or turn.state.heads.get(queue.name, ("", 0))[0] != head.id:
        turn.state.heads[queue.name] = (head.id, turn.now)


def _head(turn: Turn, queue: Queue) -> Job:
    """Return the job whose turn it is; of a fair share, where nobody is cancelled for standing there, the first will do."""
    if queue.policy is None or not queue.limits:
        return turn.state.jobs[turn.state.waiting[queue.name][0][1]]
    lines = _lines(turn.state, queue)
    return lines[_next_share(turn, queue, lines, running(turn.state, queue.name))][-1]
