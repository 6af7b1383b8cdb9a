"""What time alone brings about: timeouts, lost SPOT workers, jobs stuck at the head of a queue, and forgetting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep.jobs.attempts import stop_attempts
from sweep.jobs.effects import Stop
from sweep.jobs.job import Flag
from sweep.jobs.limits import RETENTION
from sweep.jobs.reasons import NO_CAPACITY, TIMED_OUT, time_limit
from sweep.jobs.room import why_stuck
from sweep.jobs.stopping import cancel_runnable
from sweep.jobs.timing import first_start, timed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep.jobs.job import Job
    from sweep.jobs.state import State
    from sweep.jobs.turn import Turn

__all__ = ["forget", "next_alarm", "tick"]


INVALID_FOR = 60_000
"""ms until an environment is tried again for which no worker could be had."""


def next_alarm(state: State) -> int | None:
    """Return when time alone will bring something about, ms since 1970; None for never. Forgetting can wait."""
    return min(_alarms(state), default=None)


def _alarms(state: State) -> Iterator[int]:
    yield from (at + _limit(state.jobs[job_id]) for job_id, at in state.begun.items())
    yield from (each.reclaim for each in state.leases.values() if each.reclaim is not None and not each.reclaimed)
    yield from (since + INVALID_FOR for _, since in state.invalid.values())
    yield from (at for at, _, _ in _head_limits(state))


def _limit(job: Job) -> int:
    return int((job.spec.timeout or 0.0) * 1000)


def tick(turn: Turn) -> None:
    """Do what is due."""
    _end_late(turn)
    for lease in turn.state.leases.values():
        if lease.reclaim is not None and lease.reclaim <= turn.now and not lease.reclaimed:
            lease.reclaimed = True
            turn.effects.append(Stop(lease.id, lease.spans, turn.state.environments[lease.environment].notice))
    for name in [name for name, (_, since) in turn.state.invalid.items() if since + INVALID_FOR <= turn.now]:
        del turn.state.invalid[name]
    _cancel_heads(turn)
    forget(turn)


def _end_late(turn: Turn) -> None:
    """Stop what has run for too long; and look anew when that will be so of the others."""
    state = turn.state
    due = [each for each, at in state.begun.items() if at + _limit(state.jobs[each]) <= turn.now]
    for job in (state.jobs[each] for each in due):
        running = timed(job)
        late = running[job.children["started"][running] + _limit(job) <= turn.now]
        stop_attempts(turn, job, late, Flag.TIMED_OUT, TIMED_OUT)
        start = first_start(job)
        del state.begun[job.id]
        if start is not None:
            state.note_start(job, start)


def _head_limits(state: State) -> Iterator[tuple[int, str, str]]:
    """Return when the heads of queues are to be cancelled, which jobs that are, and for which reason."""
    for heads in (state.heads, state.misfits):
        for name, (job_id, since) in heads.items():
            reason = why_stuck(state, state.jobs[job_id]) or NO_CAPACITY
            for each in state.queues[name].limits:
                if reason.startswith(each.reason):
                    yield since + int(each.seconds * 1000), job_id, each.reason


def _cancel_heads(turn: Turn) -> None:
    """Cancel what is RUNNABLE of jobs that are stuck; for what becomes RUNNABLE by that, the time begins anew."""
    due = {job_id: reason for at, job_id, reason in _head_limits(turn.state) if at <= turn.now}
    for job_id, reason in due.items():
        job = turn.state.jobs[job_id]
        cancel_runnable(turn, job, time_limit(reason))
        for heads in (turn.state.heads, turn.state.misfits):
            if heads.get(job.request.queue, ("", 0))[0] == job_id:
                del heads[job.request.queue]


def forget(turn: Turn) -> None:
    """Forget jobs that ended long ago."""
    old = [job.id for job in turn.state.jobs.values() if job.stopped and turn.now - job.stopped > RETENTION]
    for each in old:
        del turn.state.jobs[each]
        turn.state.dependents.pop(each, None)
        turn.state.begun.pop(each, None)
