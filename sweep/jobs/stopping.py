"""Jobs are cancelled and terminated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep.jobs.attempts import stop_attempts
from sweep.jobs.effects import Answer
from sweep.jobs.job import Flag, Job, Shape
from sweep.jobs.limits import check_reason
from sweep.jobs.status import ACTIVE, Status

if TYPE_CHECKING:
    from sweep.jobs.events import Cancel, Terminate
    from sweep.jobs.turn import Turn

__all__ = ["cancel", "terminate"]


def cancel(turn: Turn, event: Cancel) -> None:
    """Fail what no worker has yet. A PENDING child fails when its dependencies have ended; what runs is left alone."""
    _stop(turn, event.job_id, event.reason, Flag.CANCELLED)


def terminate(turn: Turn, event: Terminate) -> None:
    """Fail what no worker has yet, and end what runs."""
    _stop(turn, event.job_id, event.reason, Flag.TERMINATED)


def _stop(turn: Turn, job_id: str, reason: str, flag: Flag) -> None:
    """Stop a job or a child; of one that is not known, or has ended, nothing is said (AWS answers 200)."""
    check_reason(reason)
    found = turn.state.find(job_id)
    turn.effects.append(Answer(None))
    if found is None:
        return
    job, index = found
    indices = np.arange(job.size) if index is None else np.array([index])
    if index is None:
        job.cancelled = job.cancelled or flag is Flag.CANCELLED
        job.terminated = job.terminated or flag is Flag.TERMINATED
    _stop_waiting(turn, job, indices, reason, flag)
    running = indices[np.isin(job.children["status"][indices], ACTIVE)]
    if flag is Flag.TERMINATED:
        stop_attempts(turn, job, running, flag, reason)
    else:
        job.flag(running, flag)


def _stop_waiting(turn: Turn, job: Job, indices: np.ndarray, reason: str, flag: Flag) -> None:
    rows = job.children
    pending = indices[rows["status"][indices] == Status.PENDING]
    runnable = indices[rows["status"][indices] == Status.RUNNABLE]
    if job.shape is Shape.NODES and len(runnable) != job.size:
        runnable = runnable[:0]  # they wait for the main node, which runs
    waiting = np.concatenate([pending, runnable])
    fresh = waiting[~job.flagged(waiting, Flag.CANCELLED | Flag.TERMINATED)]
    job.flag(fresh, flag)
    rows["status_reason"][fresh] = job.intern(reason)
    turn.move(job, runnable, Status.FAILED)
