"""A job in the engine: what was asked for, and one compact row a child."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntFlag

import numpy as np

from sweep.jobs.definition import Container, Nodes, Retry
from sweep.jobs.ids import ARRAY_MARK, NODE_MARK
from sweep.jobs.reasons import FIXED, TOO_MANY
from sweep.jobs.request import Request
from sweep.jobs.status import Status

__all__ = ["CALLERS_REASONS", "CHILD", "STOPPED", "Attempt", "Flag", "Job", "Shape", "Spec"]

CHILD = np.dtype(
    [
        ("started", "<i8"),  # of the last attempt, ms since 1970; 0 if it never ran
        ("stopped", "<i8"),  # when it became terminal
        ("status_reason", "<u2"),  # both: an index into the job's reasons
        ("reason", "<u2"),
        ("status", "u1"),
        ("attempt", "u1"),  # how many attempts were begun
        ("exit", "u1"),  # of the last attempt, where HAS_EXIT is set
        ("flags", "u1"),
    ]
)
"""24 bytes a child: an array of a million costs 24 MB."""

MOST_REASONS = 4000
"""Different texts that are kept of a job's attempts."""

CALLERS_REASONS = 8000
"""Callers' texts find room until there are so many in all."""


class Shape(Enum):
    """What a job is made of."""

    PLAIN = 0
    ARRAY = 1
    NODES = 2

    def child_id(self, job_id: str, index: int) -> str:
        """Name one child as AWS does: ``id:3`` in an array, ``id#3`` for a node; a plain job is its own."""
        return f"{job_id}{self.mark}{index}" if self.mark else job_id

    @property
    def mark(self) -> str:
        """What stands between the job's id and the index."""
        return {Shape.PLAIN: "", Shape.ARRAY: ARRAY_MARK, Shape.NODES: NODE_MARK}[self]


class Flag(IntFlag):
    """What was asked of a child, and what is known of it."""

    CANCELLED = 1
    TERMINATED = 2
    TIMED_OUT = 4
    HAS_EXIT = 8
    DONE_BEFORE = 16
    MAIN_ENDED = 32
    RECALLED = 64


STOPPED = Flag.TERMINATED | Flag.TIMED_OUT | Flag.MAIN_ENDED
"""Its worker was told to stop it: it fails, for the reason given then, whatever comes of it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that has ended and was followed by another. Times in ms since 1970."""

    started: int
    stopped: int
    exit_code: int | None
    reason: str
    status_reason: str


@dataclass(frozen=True, slots=True)
class Spec:
    """What a job runs, once the definition and the request have been merged. Timeout in seconds."""

    definition: str
    container: Container | None = None
    nodes: Nodes | None = None
    retry: Retry = field(default_factory=Retry)
    timeout: float | None = None
    priority: int = 0
    tags: dict[str, str] = field(default_factory=dict[str, str])
    propagate_tags: bool = False


@dataclass(slots=True)
class Job:
    """A job: plain (one row), an array (a row a child) or multi-node (a row a node).

    Attributes
    ----------
    order
        Counts submissions.
    created, stopped
        When it was submitted and when all of it had ended, ms since 1970; `stopped` is 0 until then.
    children
        Rows of dtype `CHILD`.
    reasons
        Texts that rows refer to; the first is empty.
    places
        Derived: where each text stands among `reasons`.
    past
        Attempts before the last, of the children that had any.
    counts
        Children in each of the seven states.
    cursor
        No child before it is RUNNABLE.
    ended, pace
        Attempts that have run, and the seconds that one took lately, to know how much work to hand out at once.
    careful
        Hand out no more than can run at once: a worker was lost with this job.
    """

    id: str
    order: int
    created: int
    request: Request
    spec: Spec
    shape: Shape
    children: np.ndarray = field(metadata={"dtype": CHILD})
    reasons: list[str] = field(default_factory=lambda: [""])
    past: dict[int, list[Attempt]] = field(default_factory=dict[int, list[Attempt]])
    counts: list[int] = field(default_factory=lambda: [0] * len(Status))
    stopped: int = 0
    cursor: int = 0
    ended: int = 0
    pace: float = 0.0
    careful: bool = False
    cancelled: bool = False
    terminated: bool = False
    places: dict[str, int] = field(default_factory=dict[str, int], metadata={"derived": True})

    @property
    def size(self) -> int:
        """How many children or nodes; 1 for a plain job."""
        return len(self.children)

    @property
    def live(self) -> int:
        """How many have not ended."""
        return self.size - self.counts[Status.SUCCEEDED] - self.counts[Status.FAILED]

    @property
    def status(self) -> Status:
        """The state of the whole, derived from the rows."""
        if self.shape is Shape.ARRAY:
            if self.live:
                return Status.SUBMITTED if self.counts[Status.SUBMITTED] == self.size else Status.PENDING
            return Status.FAILED if self.counts[Status.FAILED] else Status.SUCCEEDED
        status = Status(int(self.children["status"][self.main]))
        return Status.RUNNING if status.is_terminal and self.live else status

    @property
    def wants_room(self) -> bool:
        """Whether it has children to be placed; the nodes of a job are placed together."""
        runnable = self.counts[Status.RUNNABLE]
        return runnable == self.size if self.shape is Shape.NODES else runnable > 0

    @property
    def main(self) -> int:
        """The row that stands for the whole: a plain job's one, or the main node's."""
        return self.spec.nodes.main if self.spec.nodes else 0

    def child_id(self, index: int) -> str:
        """Name one child; see `Shape.child_id`."""
        return self.shape.child_id(self.id, index)

    def intern(self, text: str, most: int = MOST_REASONS) -> int:
        """Return where a text stands among the job's reasons, which it joins if it is new; of others than our own, only up to `most`."""
        if len(self.places) != len(self.reasons):
            self.places = {each: place for place, each in enumerate(self.reasons)}
        if text in self.places:
            return self.places[text]
        if len(self.reasons) >= most and text not in FIXED:
            return self.intern(TOO_MANY)
        self.reasons.append(text)
        self.places[text] = len(self.reasons) - 1
        return self.places[text]

    def flag(self, indices: np.ndarray, flags: Flag) -> None:
        """Set flags of children."""
        self.children["flags"][indices] |= int(flags)

    def unflag(self, indices: np.ndarray, flags: Flag) -> None:
        """Clear flags of children."""
        self.children["flags"][indices] &= 0xFF - int(flags)

    def flagged(self, indices: np.ndarray, flags: Flag) -> np.ndarray:
        """Return which children have any of some flags: bool, shape (n,)."""
        return (self.children["flags"][indices] & int(flags)) != 0

    def container(self, index: int) -> Container:
        """Return what a child or node runs."""
        if self.spec.nodes is not None:
            return self.spec.nodes.container(index)
        assert self.spec.container is not None
        return self.spec.container
