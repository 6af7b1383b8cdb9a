"""All that the engine knows. Events change it, and nothing else does."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sweep.jobs.definition import Definition
from sweep.jobs.dependents import Dependents
from sweep.jobs.environment import Environment
from sweep.jobs.ids import parted
from sweep.jobs.job import Job
from sweep.jobs.lease import Lease
from sweep.jobs.queue import Policy, Queue

__all__ = ["Share", "State"]


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
    dependents, waiting
        Derived from the jobs by `index`: who waits for a job; jobs of a queue that have RUNNABLE children, as (order, id).
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
    dependents: dict[str, Dependents] = field(default_factory=dict[str, Dependents], metadata={"derived": True})
    waiting: dict[str, list[tuple[int, str]]] = field(
        default_factory=dict[str, list[tuple[int, str]]], metadata={"derived": True}
    )

    def index(self) -> None:
        """Work out what is derived from the jobs; after a snapshot has been read."""
        self.dependents, self.waiting = {}, {}
        for job in self.jobs.values():
            if job.live:
                self.add_dependent(job)
                self.mark(job)

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
        """Note whether a job has children to be placed."""
        line = self.waiting.setdefault(job.request.queue, [])
        entry = (job.order, job.id)
        at = bisect.bisect_left(line, entry)
        there = at < len(line) and line[at] == entry
        if job.wants_room and not there:
            line.insert(at, entry)
        elif there and not job.wants_room:
            del line[at]

    def job_leases(self, job: Job) -> Iterator[Lease]:
        """Go through the leases of a job."""
        return (each for each in self.leases.values() if each.job == job.id)

    def find(self, job_id: str) -> tuple[Job, int | None] | None:
        """Find a job, a child of an array (``id:3``) or a node (``id#3``) by its id."""
        whole, mark, index = parted(job_id)
        job = self.jobs.get(whole)
        if job is None or mark not in {"", job.shape.mark} or (index or 0) >= job.size:
            return None
        return job, index
