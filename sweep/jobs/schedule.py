"""Who gets room next.

Queues of higher priority first; within one, first in first out, or the share that has used least; the compute environments of a queue in
their order. For a job that could fit an environment but does not now, what it needs is kept back there from all that come after it, in its
own queue and in those of lower priority: so a large job is not overtaken for ever by small ones, and those that need nothing of what it
waits for go on. A job that fits no environment of its queue keeps nothing back. One that waits for
consumable resources keeps these back, and no room.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sweep.jobs.fit import consumed_at_once, holds, need_at_once
from sweep.jobs.handout import give, give_nodes
from sweep.jobs.job import Shape
from sweep.jobs.room import Room, room_in
from sweep.jobs.shares import Uses, reserved
from sweep.jobs.status import Status
from sweep.jobs.stock import Stock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sweep.jobs.definition import Resources
    from sweep.jobs.job import Job
    from sweep.jobs.queue import Queue
    from sweep.jobs.turn import Turn

__all__ = ["schedule"]

BEHIND = 1000
"""So many jobs of a queue that must wait are looked behind for others that need not."""


@dataclass(slots=True)
class Cycle:
    """One look at all queues."""

    turn: Turn
    stock: Stock
    rooms: dict[str, Room] = field(default_factory=dict[str, Room])

    def open_rooms(self, queue: Queue) -> list[Room]:
        """Return the environments of a queue where anything could be placed."""
        state = self.turn.state
        for name in queue.environments:
            if name not in self.rooms:
                self.rooms[name] = room_in(state, state.environments[name])
        return [self.rooms[name] for name in queue.environments if self.rooms[name].is_open]


def schedule(turn: Turn) -> None:
    """Give what room there is to those whose turn it is."""
    cycle = Cycle(turn, Stock(turn.state))
    queues = (turn.state.queues[name] for name in turn.state.waiting)
    for queue in sorted(queues, key=lambda each: (-each.priority, each.name)):
        if queue.policy is None:
            _first_in_first_out(cycle, queue)
        else:
            _fair_share(cycle, queue)
    _note_heads(turn)


def _first_in_first_out(cycle: Cycle, queue: Queue) -> None:
    (line,) = cycle.turn.state.waiting[queue.name].values()
    waiting = 0
    while waiting < min(len(line), BEHIND) and cycle.open_rooms(queue):
        job = cycle.turn.state.jobs[line[waiting][-1]]
        _place_all(cycle, queue, job)
        waiting += job.wants_room


def _place_all(cycle: Cycle, queue: Queue, job: Job) -> None:
    """Place as many children of a job as there is room for; keep back what the next one waits for."""
    if job.shape is Shape.NODES:
        _place_one(cycle, queue, job)
        return
    need, consumed = need_at_once(job), consumed_at_once(job)
    rooms = cycle.open_rooms(queue)
    for room in rooms:
        most = min(room.fits(need), job.counts[Status.RUNNABLE], cycle.stock.fits(consumed))
        for each in _portions(need, int(most)):
            give(cycle.turn, job, room, each)
        if not job.wants_room:
            return
    _keep(cycle, rooms, job, need, consumed)


def _keep(cycle: Cycle, rooms: list[Room], job: Job, need: Resources, consumed: Mapping[str, int]) -> None:
    """Let nobody take what a job waits for; of room nothing, if it is consumable resources that it waits for."""
    if cycle.stock.fits(consumed):
        for room in rooms:
            if holds(room.environment, job):
                room.keep(need)
    cycle.stock.keep(consumed)


def _portions(need: Resources, slots: int) -> Iterator[int]:
    """One lease for all slots; one a child where GPUs are pinned."""
    if need.gpus:
        yield from [1] * slots
    elif slots:
        yield slots


def _fair_share(cycle: Cycle, queue: Queue) -> None:
    """Place one child at a time, each of the share that has used least by then."""
    if not cycle.open_rooms(queue):
        return
    state = cycle.turn.state
    lines = state.waiting[queue.name]
    uses, kept = Uses(state, queue, cycle.turn.now), reserved(state, queue)
    in_vain = dict.fromkeys(lines, 0)
    while in_vain and sum(in_vain.values()) < BEHIND and cycle.open_rooms(queue):
        share = uses.least(in_vain)
        job = state.jobs[lines[share][in_vain[share]][-1]]
        placed = _place_one(cycle, queue, job, kept)
        uses.hold(share, placed)
        in_vain[share] += not placed
        if in_vain[share] >= len(lines.get(share, ())):
            del in_vain[share]


def _place_one(cycle: Cycle, queue: Queue, job: Job, kept: float = 0.0) -> float:
    """Place one child, or all nodes in one environment; return the vCPUs taken."""
    need, consumed = need_at_once(job), consumed_at_once(job)
    rooms = cycle.open_rooms(queue)
    stocked = cycle.stock.fits(consumed)
    for room in rooms:
        if not (stocked and room.fits(need, room.beyond(kept)) and holds(room.environment, job)):
            continue
        if job.shape is Shape.NODES:
            give_nodes(cycle.turn, job, room)
        else:
            give(cycle.turn, job, room, 1)
        return need.vcpus
    _keep(cycle, rooms, job, need, consumed)
    return 0.0


def _note_heads(turn: Turn) -> None:
    """Note which jobs stand at the heads of queues, and since when they stand there with nothing given to a worker."""
    state = turn.state
    firsts = {name: _head(turn, state.queues[name]) for name in state.waiting}
    _note(turn, state.heads, firsts)
    _note(turn, state.misfits, {name: line[0][-1] for name, line in state.aside.items()})


def _note(turn: Turn, known: dict[str, tuple[str, int]], firsts: dict[str, str]) -> None:
    for name in [name for name in known if name not in firsts]:
        del known[name]
    for name, job_id in firsts.items():
        moving = any(each.given == turn.now for each in turn.state.job_leases(job_id))
        if moving or known.get(name, ("", 0))[0] != job_id:
            known[name] = (job_id, turn.now)


def _head(turn: Turn, queue: Queue) -> str:
    """Return the job whose turn it is; of a fair share, where nobody is cancelled for standing there, any will do."""
    lines = turn.state.waiting[queue.name]
    share = Uses(turn.state, queue, turn.now).least(lines) if queue.policy and queue.limits else next(iter(lines))
    return lines[share][0][-1]
