"""Jobs are cancelled and terminated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep.jobs.attempts import stop_attempts
from sweep.jobs.effects import Answer
from sweep.jobs.job import CALLERS_REASONS, STOPPED, Flag, Job, Shape
from sweep.jobs.limits import check_reason
from sweep.jobs.status import Status, is_active

if TYPE_CHECKING:
    from sweep.jobs.events import Cancel, Terminate
    from sweep.jobs.turn import Turn

__all__ = ["cancel", "cancel_runnable", "stop", "terminate"]


def cancel(turn: Turn, event: Cancel) -> None:
    """Fail what no worker has yet. A PENDING child fails when its dependencies have ended; what runs is left alone."""
    check_reason(event.reason)
    stop(turn, event.job_id, event.reason, Flag.CANCELLED)
    turn.effects.append(Answer(None))


def terminate(turn: Turn, event: Terminate) -> None:
    """Fail what no worker has yet, and end what runs."""
    check_reason(event.reason)
    stop(turn, event.job_id, event.reason, Flag.TERMINATED)
    turn.effects.append(Answer(None))


def stop(turn: Turn, job_id: str, reason: str, flag: Flag) -> None:
    """Stop a job or a child; a node stands for its whole job. Of one that is not known, or has ended, nothing is said (AWS answers 200)."""
    found = turn.state.find(job_id)
    if found is None or not found[0].live:
        return
    job, index = found
    if index is None or job.shape is Shape.NODES:
        indices = np.arange(job.size)
        job.cancelled = job.cancelled or flag is Flag.CANCELLED
        job.terminated = job.terminated or flag is Flag.TERMINATED
    else:
        indices = np.array([index])
    running = indices[is_active(job.children["status"][indices])]
    _stop_waiting(turn, job, indices, reason, flag)
    if flag is Flag.TERMINATED:
        stop_attempts(turn, job, running, flag, reason)
    else:
        _spare(job, running, reason)


def cancel_runnable(turn: Turn, job: Job, reason: str) -> None:
    """Fail the RUNNABLE children of a job, and leave the others alone."""
    _stop_waiting(turn, job, turn.everything(job, Status.RUNNABLE), reason, Flag.CANCELLED)


def _spare(job: Job, running: np.ndarray, reason: str) -> None:
    """Let what is with workers end, but not be tried again, nor handed out again if its worker gives it back."""
    fresh = running[~job.flagged(running, Flag.CANCELLED | STOPPED)]
    job.children["status_reason"][fresh] = job.intern(reason, CALLERS_REASONS)
    job.flag(running, Flag.CANCELLED)


def _stop_waiting(turn: Turn, job: Job, indices: np.ndarray, reason: str, flag: Flag) -> None:
    rows = job.children
    pending = indices[rows["status"][indices] == Status.PENDING]
    runnable = indices[rows["status"][indices] == Status.RUNNABLE]
    if job.shape is Shape.NODES and len(runnable) != job.size:
        runnable = runnable[runnable == job.main]  # it waits for the others to stop; else they for it
    waiting = np.concatenate([pending, runnable])
    fresh = waiting[~job.flagged(waiting, Flag.CANCELLED | Flag.TERMINATED)]
    job.flag(waiting, flag)
    rows["status_reason"][fresh] = job.intern(reason, CALLERS_REASONS)
    turn.move(job, runnable, Status.FAILED)
