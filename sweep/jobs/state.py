"""All that the engine knows. Events change it, and nothing else does."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from sweep.jobs.consumable import Consumable
from sweep.jobs.definition import Container, Definition, Resources
from sweep.jobs.dependents import Dependents
from sweep.jobs.environment import Environment
from sweep.jobs.fit import holds
from sweep.jobs.held import Held
from sweep.jobs.ids import parted
from sweep.jobs.job import Job
from sweep.jobs.lease import Lease
from sweep.jobs.queue import Policy, Queue
from sweep.jobs.timing import first_start

__all__ = ["Order", "Share", "State"]


DERIVED = {"derived": True}
Order = tuple[int, str]
Place = tuple[int, int, str]
Entry = TypeVar("Entry", Order, Place)


@dataclass(slots=True)
class Share:
    """What a share identifier has used of a queue: decayed vCPU-seconds, as of `at` (ms since 1970)."""

    used: float = 0.0
    at: int = 0


@dataclass(slots=True)
class State:
    """The engine's state.

    Attributes
    ----------
    relaxed
        Names of limits that this engine does not hold to; see `sweep.jobs.limits`.
    definitions
        By name, in the order of their revisions.
    leases
        Work that is with workers now.
    heads
        By queue: the job at its head that waits for room, and since when (ms since 1970).
    invalid
        By compute environment: why no worker could be had for it, and when (ms since 1970).
    now
        When the last event was, ms since 1970.
    deleting
        Queues that go when their last job has ended.
    misfits
        By queue: the first job that fits none of its enabled environments, and since when it is that (ms since 1970).
    consumables
        Consumable resources by name.
    tokens
        When changes of these were asked for with a token, ms since 1970.
    dependents, waiting, aside, held, share_held, leased, begun, deep, consumed
        Derived by `index`: who waits for a job; by queue and share, the jobs with children to be placed; by queue, those of them
        that fit no enabled environment, as (order, id); what leases hold, by environment, and by queue and share; the leases of a job;
        the first start (ms since 1970, or earlier) of children whose time counts, by job; leases of more children than can run at
        once; how much leases hold of replenishable resources.
    """

    relaxed: tuple[str, ...] = ()
    definitions: dict[str, list[Definition]] = field(default_factory=dict[str, list[Definition]])
    environments: dict[str, Environment] = field(default_factory=dict[str, Environment])
    queues: dict[str, Queue] = field(default_factory=dict[str, Queue])
    policies: dict[str, Policy] = field(default_factory=dict[str, Policy])
    jobs: dict[str, Job] = field(default_factory=dict[str, Job])
    leases: dict[int, Lease] = field(default_factory=dict[int, Lease])
    shares: dict[str, dict[str, Share]] = field(default_factory=dict[str, dict[str, Share]])
    heads: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    invalid: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    deleting: list[str] = field(default_factory=list[str])
    now: int = 0
    next_lease: int = 1
    next_order: int = 1
    misfits: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    consumables: dict[str, Consumable] = field(default_factory=dict[str, Consumable])
    tokens: dict[str, int] = field(default_factory=dict[str, int])
    dependents: dict[str, Dependents] = field(default_factory=dict[str, Dependents], metadata=DERIVED)
    waiting: dict[str, dict[str, list[Place]]] = field(
        default_factory=dict[str, dict[str, list[Place]]], metadata=DERIVED
    )
    aside: dict[str, list[Order]] = field(default_factory=dict[str, list[Order]], metadata=DERIVED)
    held: dict[str, Held] = field(default_factory=dict[str, Held], metadata=DERIVED)
    share_held: dict[str, dict[str, Held]] = field(default_factory=dict[str, dict[str, Held]], metadata=DERIVED)
    leased: dict[str, dict[int, Lease]] = field(default_factory=dict[str, dict[int, Lease]], metadata=DERIVED)
    begun: dict[str, int] = field(default_factory=dict[str, int], metadata=DERIVED)
    deep: dict[int, Lease] = field(default_factory=dict[int, Lease], metadata=DERIVED)
    consumed: dict[str, int] = field(default_factory=dict[str, int], metadata=DERIVED)

    def index(self) -> None:
        """Work out all that is derived; after a snapshot has been read."""
        for each in (
            self.dependents,
            self.waiting,
            self.aside,
            self.held,
            self.share_held,
            self.leased,
            self.begun,
            self.deep,
            self.consumed,
        ):
            each.clear()
        for job in self.jobs.values():
            if job.live:
                self.add_dependent(job)
                self.mark(job)
        for lease in self.leases.values():
            self.add_lease(lease)
        for job_id in self.leased:
            start = first_start(self.jobs[job_id])
            if start is not None:
                self.begun[job_id] = start

    def add_dependent(self, job: Job) -> None:
        """Note what a job waits for."""
        for each in job.request.depends_on:
            target, _, _ = parted(each.job_id or "")
            if target in self.jobs and self.jobs[target].live:
                self.dependents.setdefault(target, Dependents()).add(job.id, each)

    def known(self, job_ids: Iterable[str]) -> list[Job]:
        """Return those of some jobs that have not been forgotten."""
        return [self.jobs[each] for each in job_ids if each in self.jobs]

    def mark(self, job: Job) -> None:
        """Note whether a job has children to be placed, and whether they could be."""
        queue, wanted = job.request.queue, job.wants_room
        lines = self.waiting.setdefault(queue, {})
        share, place = job.request.share or "", _place(job)
        if not (wanted and _stands(lines.get(share, []), place)):
            fits = wanted and self._has_place(job)
            _note(lines, share, place, wanted=fits)
            _note(self.aside, queue, place[1:], wanted=wanted and not fits)
        if not lines:
            del self.waiting[queue]

    def mark_again(self, queue: str) -> None:
        """Look at all jobs of a queue that wait for room, since its environments have changed."""
        lines = self.waiting.pop(queue, {})
        for *_, job_id in [*self.aside.pop(queue, []), *(each for line in lines.values() for each in line)]:
            self.mark(self.jobs[job_id])

    def _has_place(self, job: Job) -> bool:
        """Whether an enabled environment of its queue could have room for a job."""
        environments = (self.environments[name] for name in self.queues[job.request.queue].environments)
        return any(each.enabled and holds(each, job) for each in environments)

    def job_leases(self, job_id: str) -> list[Lease]:
        """Return the leases of a job."""
        return list(self.leased.get(job_id, {}).values())

    def add_lease(self, lease: Lease) -> None:
        """Take a new lease in."""
        self.leases[lease.id] = lease
        self.leased.setdefault(lease.job, {})[lease.id] = lease
        self._hold(lease, lease.slots)
        if lease.left > lease.slots:
            self.deep[lease.id] = lease

    def shrink_lease(self, lease: Lease, slots: int) -> None:
        """Have a lease hold room for fewer children at a time; for none, it is over."""
        self._hold(lease, slots - lease.slots)
        lease.slots = slots
        if lease.left <= slots:
            self.deep.pop(lease.id, None)
        if not slots:
            del self.leases[lease.id]
            del self.leased[lease.job][lease.id]
            if not self.leased[lease.job]:
                del self.leased[lease.job]

    def _hold(self, lease: Lease, slots: int) -> None:
        """Count so many more slots, or fewer if below 0, as held by a lease."""
        job = self.jobs[lease.job]
        container = job.container(lease.spans[0][0])
        need = container.resources
        for name, quantity in container.consumables.items():
            self._consume(name, quantity * slots)
        held = self.held.setdefault(lease.environment, Held())
        held.add(need, slots)
        if slots > 0:
            held.gpus.update(lease.gpus)
        elif lease.slots + slots == 0:
            held.gpus.difference_update(lease.gpus)
        if not held.slots:
            del self.held[lease.environment]
        if job.request.share is not None:
            self._hold_share(job, need, slots)

    def _consume(self, name: str, quantity: int) -> None:
        """Count what leases hold of a resource, if it is one that they give back."""
        if not self.consumables[name].replenishable:
            return
        left = self.consumed.get(name, 0) + quantity
        if left:
            self.consumed[name] = left
        else:
            self.consumed.pop(name, None)

    def use_up(self, container: Container, times: int) -> None:
        """Have some children of a container use up what they do not give back; below 0, have it back from who never began."""
        for name, quantity in container.consumables.items():
            known = self.consumables[name]
            if not known.replenishable:
                self.consumables[name] = replace(known, total=known.total - quantity * times)

    def available(self, name: str) -> int:
        """Return how much of a consumable resource nobody holds; below 0 if it was made less than what is held."""
        return self.consumables[name].total - self.consumed.get(name, 0)

    def _hold_share(self, job: Job, need: Resources, slots: int) -> None:
        shares = self.share_held.setdefault(job.request.queue, {})
        held = shares.setdefault(job.request.share or "", Held())
        held.add(need, slots)
        if not held.slots:
            del shares[job.request.share or ""]
        if not shares:
            del self.share_held[job.request.queue]

    def note_start(self, job: Job, at: int) -> None:
        """Note that children of a job with a timeout have begun, ms since 1970."""
        if job.spec.timeout is not None:
            self.begun[job.id] = min(self.begun.get(job.id, at), at)

    def find(self, job_id: str) -> tuple[Job, int | None] | None:
        """Find a job, a child of an array (``id:3``) or a node (``id#3``) by its id."""
        whole, mark, index = parted(job_id)
        job = self.jobs.get(whole)
        if job is None or mark not in {"", job.shape.mark} or (index or 0) >= job.size:
            return None
        return job, index


def _place(job: Job) -> Place:
    """Return where a job stands among those of its share: those of a higher priority before it, then those that came earlier."""
    return (-job.spec.priority if job.request.share is not None else 0, job.order, job.id)


def _stands(line: list[Entry], entry: Entry) -> bool:
    at = bisect.bisect_left(line, entry)
    return at < len(line) and line[at] == entry


def _note(lines: dict[str, list[Entry]], name: str, entry: Entry, *, wanted: bool) -> None:
    """Have an entry stand in a sorted line, or not; no line is empty."""
    there = name in lines and _stands(lines[name], entry)
    if wanted and not there:
        bisect.insort(lines.setdefault(name, []), entry)
    elif there and not wanted:
        lines[name].remove(entry)
        if not lines[name]:
            del lines[name]
