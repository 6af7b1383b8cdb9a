"""What time alone brings about: timeouts, lost SPOT workers, jobs stuck at the head of a queue, and forgetting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep.jobs.attempts import stop_attempts
from sweep.jobs.effects import Stop
from sweep.jobs.job import STOPPED, Flag, Job, Shape
from sweep.jobs.limits import RETENTION
from sweep.jobs.reasons import TIMED_OUT, time_limit
from sweep.jobs.status import Status
from sweep.jobs.stopping import cancel_runnable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep.jobs.state import State
    from sweep.jobs.turn import Turn

__all__ = ["forget", "next_alarm", "tick"]


INVALID_FOR = 60_000
"""ms until an environment is tried again for which no worker could be had."""


def next_alarm(state: State) -> int | None:
    """Return when time alone will bring something about, ms since 1970; None for never. Forgetting can wait."""
    return min(_alarms(state), default=None)


def _alarms(state: State) -> Iterator[int]:
    for job in _timed(state):
        running = _running(job)
        if len(running):
            yield int(job.children["started"][running].min() + _limit(job))
    yield from (each.reclaim for each in state.leases.values() if each.reclaim is not None and not each.reclaimed)
    yield from (since + INVALID_FOR for _, since in state.invalid.values())
    for name, (_, since) in state.heads.items():
        yield from (since + int(each.seconds * 1000) for each in state.queues[name].limits)


def _timed(state: State) -> Iterator[Job]:
    leased = {lease.job: state.jobs[lease.job] for lease in state.leases.values()}
    return (job for job in leased.values() if job.spec.timeout is not None and job.counts[Status.RUNNING])


def _limit(job: Job) -> int:
    return int((job.spec.timeout or 0.0) * 1000)


def _running(job: Job) -> np.ndarray:
    """Return the children whose time counts and that have not been stopped yet; of nodes, the main one."""
    rows = job.children
    running = np.flatnonzero(rows["status"] == Status.RUNNING)
    if job.shape is Shape.NODES:
        running = running[running == job.main]
    return running[~job.flagged(running, STOPPED)]


def tick(turn: Turn) -> None:
    """Do what is due."""
    for job in _timed(turn.state):
        running = _running(job)
        late = running[job.children["started"][running] + _limit(job) <= turn.now]
        stop_attempts(turn, job, late, Flag.TIMED_OUT, TIMED_OUT)
    for lease in turn.state.leases.values():
        if lease.reclaim is not None and lease.reclaim <= turn.now and not lease.reclaimed:
            lease.reclaimed = True
            turn.effects.append(Stop(lease.id, lease.spans, turn.state.environments[lease.environment].notice))
    for name in [name for name, (_, since) in turn.state.invalid.items() if since + INVALID_FOR <= turn.now]:
        del turn.state.invalid[name]
    _cancel_heads(turn)
    forget(turn)


def _cancel_heads(turn: Turn) -> None:
    """Cancel what is RUNNABLE of jobs that are stuck; for what becomes RUNNABLE by that, the time begins anew."""
    for name, (job_id, since) in list(turn.state.heads.items()):
        for each in turn.state.queues[name].limits:
            if since + each.seconds * 1000 <= turn.now:
                cancel_runnable(turn, turn.state.jobs[job_id], time_limit(each.reason))
                del turn.state.heads[name]
                break


def forget(turn: Turn) -> None:
    """Forget jobs that ended long ago."""
    old = [job.id for job in turn.state.jobs.values() if job.stopped and turn.now - job.stopped > RETENTION]
    for each in old:
        del turn.state.jobs[each]
        turn.state.dependents.pop(each, None)
