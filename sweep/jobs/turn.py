"""One event being handled: the state, the time, and what is to be done about it. All moves of children are made here."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from sweep.jobs.effects import Effect, Moved
from sweep.jobs.job import Job
from sweep.jobs.lease import runs_of
from sweep.jobs.state import State
from sweep.jobs.status import ALLOWED, Status

__all__ = ["Turn"]


@dataclass(slots=True)
class Turn:
    """What handling one event passes along.

    Attributes
    ----------
    now
        ms since 1970.
    ended
        Children that have become terminal, whose dependents have not been looked at yet.
    """

    state: State
    now: int
    effects: list[Effect] = field(default_factory=list[Effect])
    ended: deque[tuple[Job, np.ndarray]] = field(default_factory=deque[tuple[Job, np.ndarray]])

    def move(self, job: Job, indices: np.ndarray, to: Status) -> None:
        """Move children to a state. A move that is not in the table is a mistake of ours.

        Parameters
        ----------
        indices
            int, ascending, shape (n,).
        """
        if not len(indices):
            return
        status = job.children["status"]
        before = status[indices]
        if not ALLOWED[before, to].all():
            raise RuntimeError(f"job {job.id}: children {indices} cannot come from states {before} to {to!r}")
        status[indices] = to
        counts = np.bincount(before, minlength=len(Status))
        for each in Status:
            job.counts[each] -= int(counts[each])
        job.counts[to] += len(indices)
        if to is Status.RUNNABLE:
            job.cursor = min(job.cursor, int(indices[0]))
        if to.is_terminal:
            job.children["stopped"][indices] = self.now
            self.ended.append((job, indices))
            if not job.live:
                job.stopped = self.now
        if to is Status.RUNNABLE or counts[Status.RUNNABLE]:
            self.state.mark(job)
        self.effects.extend(Moved(job.id, first, last, to) for first, last in runs_of(indices))

    def restart(self, job: Job) -> None:
        """Have all nodes of a job begin anew: its main node failed and is tried again. The one move out of a terminal state."""
        rows = job.children
        others = np.flatnonzero(rows["status"] != Status.RUNNABLE)
        rows["status"] = Status.RUNNABLE
        rows["attempt"] = rows["attempt"][job.main]
        for each in ("flags", "stopped", "status_reason"):
            rows[each] = 0
        job.counts = [0] * len(Status)
        job.counts[Status.RUNNABLE] = job.size
        job.cursor = 0
        self.state.mark(job)
        self.effects.extend(Moved(job.id, first, last, Status.RUNNABLE) for first, last in runs_of(others))

    def fail(self, job: Job, indices: np.ndarray, reason: str) -> None:
        """Move children to FAILED, with the reason why."""
        if len(indices):
            job.children["status_reason"][indices] = job.intern(reason)
            self.move(job, indices, Status.FAILED)

    def everything(self, job: Job, *states: Status) -> np.ndarray:
        """Return the indices of a job's children in some states."""
        if not any(job.counts[each] for each in states):
            return np.empty(0, np.int64)
        return np.flatnonzero(np.isin(job.children["status"], states))
