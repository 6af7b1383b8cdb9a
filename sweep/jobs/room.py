"""What is free in compute environments during one look at the queues."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.jobs.definition import Resources
from sweep.jobs.fit import SLACK, covers, misfit
from sweep.jobs.held import Held

if TYPE_CHECKING:
    from sweep.jobs.environment import Environment
    from sweep.jobs.job import Job
    from sweep.jobs.state import State

__all__ = ["Room", "could_ever_fit", "in_use", "room_in", "why_stuck"]


@dataclass(slots=True)
class Room:
    """What is free in an environment, less what is kept back for those whose turn comes first.

    Attributes
    ----------
    vcpus, memory
        May be below 0: then what runs must end before those for whom it is kept have what they need.
    gpus
        Which ones.
    unkept
        What would be free if nothing ran and all had been given what is kept for them.
    closed
        Whether nothing is placed there.
    """

    environment: Environment
    vcpus: float
    memory: int
    gpus: list[int]
    unkept: Resources
    closed: bool = False

    @property
    def is_open(self) -> bool:
        """Whether anything at all could be placed there."""
        return not self.closed and self.vcpus > SLACK

    def fits(self, need: Resources, limit: float = math.inf) -> int:
        """Return how many times a need fits; `limit` in vCPUs."""
        counts = [min(self.vcpus, limit) / need.vcpus + SLACK, self.memory / need.memory]
        if need.gpus:
            counts.append(len(self.gpus) / need.gpus)
        return max(0, math.floor(min(counts)))

    def beyond(self, reserved: float) -> float:
        """Return the vCPUs free beyond a reserved part; all of them when nothing is in use, else a large job could never run."""
        everything = self.environment.vcpus
        return self.vcpus if self.vcpus >= everything - SLACK else self.vcpus - reserved * everything

    def take(self, need: Resources, slots: int) -> tuple[int, ...]:
        """Take room for so many children; return which GPUs."""
        self.vcpus -= need.vcpus * slots
        self.memory -= need.memory * slots
        taken, self.gpus = self.gpus[: need.gpus * slots], self.gpus[need.gpus * slots :]
        return tuple(taken)

    def keep(self, need: Resources) -> None:
        """Keep back what a job waits for. For who could not run before those that wait already, nothing need be kept yet."""
        if not covers(self.unkept, need):
            return
        left = self.unkept
        self.unkept = Resources(left.vcpus - need.vcpus, left.memory - need.memory, left.gpus - need.gpus)
        self.take(need, 1)


def room_in(state: State, environment: Environment) -> Room:
    """Return what is free in an environment now."""
    held = state.held.get(environment.name) or Held()
    return Room(
        environment,
        environment.vcpus - held.vcpus,
        environment.memory - held.memory,
        [each for each in range(environment.gpus) if each not in held.gpus],
        Resources(environment.vcpus, environment.memory, environment.gpus),
        closed=not environment.enabled or environment.name in state.invalid,
    )


def in_use(state: State, environment: str) -> tuple[float, int, list[int]]:
    """Return what is held in an environment: vCPUs, MiB, GPUs."""
    held = state.held.get(environment) or Held()
    return held.vcpus, held.memory, sorted(held.gpus)


def why_stuck(state: State, job: Job) -> str:
    """Say why a job's children cannot run in any environment of its queue, were it empty; ``""`` where they can."""
    queue = state.queues[job.request.queue]
    return misfit([state.environments[name] for name in queue.environments], job)


def could_ever_fit(state: State, job: Job) -> bool:
    """Whether any environment of a job's queue is large enough."""
    return not why_stuck(state, job)
