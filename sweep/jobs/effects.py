"""What the engine wants done, or seen, after an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sweep.jobs.lease import Span
from sweep.jobs.status import Status

__all__ = ["Answer", "Effect", "Moved", "Over", "Start", "Stop", "Unneeded"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What to tell who asked: the definition as registered, the job as submitted."""

    value: Any


@dataclass(frozen=True, slots=True)
class Start:
    """Give a lease's children to a worker."""

    lease: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop children of a lease: SIGTERM, and SIGKILL after `grace` seconds."""

    lease: int
    spans: tuple[Span, ...]
    grace: float


@dataclass(frozen=True, slots=True)
class Over:
    """All children of a lease have ended: its worker need remember nothing of it."""

    lease: int
    environment: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Children ``first`` to ``last`` (not included) of a job have come to another state."""

    job_id: str
    first: int
    last: int
    status: Status


@dataclass(frozen=True, slots=True)
class Unneeded:
    """The worker of a compute environment has nothing to do, and will not do for what comes: the next lease needs another."""

    environment: str


Effect = Answer | Start | Stop | Over | Moved | Unneeded
