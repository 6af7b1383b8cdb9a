"""What workers tell: attempts have begun, and have ended."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sweep.jobs.effects import Over, Stop
from sweep.jobs.events import Fate
from sweep.jobs.handout import begin
from sweep.jobs.job import CALLERS_REASONS, STOPPED, Attempt, Flag, Job, Shape
from sweep.jobs.lease import runs_of
from sweep.jobs.limits import GRACE
from sweep.jobs.reasons import EXITED, MAIN_ENDED, NOT_STARTED, host_terminated
from sweep.jobs.retry import tries_again
from sweep.jobs.shares import charge
from sweep.jobs.status import ACTIVE, Status, is_active

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep.jobs.effects import Effect
    from sweep.jobs.events import Begun, Ended
    from sweep.jobs.lease import Lease, Span
    from sweep.jobs.state import State
    from sweep.jobs.turn import Turn

__all__ = ["begun", "ended", "stop_attempts", "stops", "stops_due"]

MAX_REASON = 255

KILLED = (137, 143)
"""Exit codes of what was ended by SIGKILL or SIGTERM."""

RECENT = 1000
"""Of so many attempts, roughly, the length is remembered."""


def begun(turn: Turn, event: Begun) -> None:
    """Children run. What is told twice, or of an attempt long over, is ignored."""
    lease = turn.state.leases.get(event.lease)
    if lease is None:
        return
    job = turn.state.jobs[lease.job]
    rows = job.children[event.first : event.last]
    ours = (rows["attempt"] == event.attempt) & lease.holds(event.first, event.last, event.attempt)
    fresh = ours & (rows["status"] == Status.STARTING)
    _run(turn, job, np.flatnonzero(fresh) + event.first, _seen(lease, event.at, turn.now))


def _seen(lease: Lease, at: int, now: int) -> int:
    """Return when a worker saw something, by our clock: not before it was given the lease, and not after now."""
    return min(max(at, lease.given), now)


def _run(turn: Turn, job: Job, indices: np.ndarray, at: int) -> None:
    if not len(indices):
        return
    job.children["started"][indices] = at
    turn.state.note_start(job, at)
    turn.move(job, indices, Status.RUNNING)
    if job.shape is Shape.NODES and job.main in indices:
        for lease in turn.state.job_leases(job.id):
            if lease.held:
                begin(turn, job, lease)


def ended(turn: Turn, event: Ended) -> None:
    """Children have ended: they succeed, fail, or are tried again; their room is free."""
    lease = turn.state.leases.get(event.lease)
    if lease is None:
        return
    job = turn.state.jobs[lease.job]
    rows = job.children[event.first : event.last]
    ours = (rows["attempt"] == event.attempt) & lease.holds(event.first, event.last, event.attempt)
    indices = np.flatnonzero(ours & is_active(rows["status"])) + event.first
    if not len(indices):
        return
    if event.fate is not Fate.RETURNED:
        _charge(turn, job, lease, event, len(indices))
    else:
        turn.state.use_up(job.container(lease.spans[0][0]), -len(indices))
    _free(turn, lease, len(indices))
    back = _given_back(job, indices, event)
    lease.give_up(indices[back])
    _take_back(turn, job, indices[back])
    _judge(turn, job, lease, indices[~back], event)
    if job.shape is Shape.NODES:
        _after_node(turn, job)


def _given_back(job: Job, indices: np.ndarray, event: Ended) -> np.ndarray:
    """Return which children are to be handed out once more as if they had not been: bool, shape (n,)."""
    if event.fate is Fate.RETURNED:
        return np.full(len(indices), job.shape is not Shape.NODES or job.main in indices)
    if event.fate is Fate.EXITED and event.exit_code in KILLED:
        return job.flagged(indices, Flag.RECALLED) & ~job.flagged(indices, STOPPED | Flag.CANCELLED)
    return np.zeros(len(indices), bool)


def _charge(turn: Turn, job: Job, lease: Lease, event: Ended, count: int) -> None:
    """Remember how long children of this job take, and what their share has used."""
    busy = event.busy if 0.0 <= event.busy < math.inf else 0.0
    job.ended += count
    job.pace += (busy / count - job.pace) * min(1.0, count / min(job.ended, RECENT))
    job.careful = job.careful or event.fate is Fate.LOST
    queue = turn.state.queues.get(job.request.queue)
    if queue is not None and queue.policy is not None and job.request.share is not None:
        vcpus = job.container(lease.spans[0][0]).resources.vcpus
        policy = turn.state.policies[queue.policy]
        charge(turn.state, queue.name, policy, job.request.share, busy * vcpus, turn.now)


def _free(turn: Turn, lease: Lease, count: int) -> None:
    lease.left -= count
    turn.state.shrink_lease(lease, min(lease.slots, lease.left))
    if not lease.left:
        turn.effects.append(Over(lease.id, lease.environment))


def _take_back(turn: Turn, job: Job, indices: np.ndarray) -> None:
    """Children that never began: their attempt does not count."""
    job.children["attempt"][indices] -= 1
    stopped = job.flagged(indices, STOPPED | Flag.CANCELLED)
    turn.move(job, indices[stopped], Status.FAILED)
    turn.move(job, indices[~stopped], Status.RUNNABLE)


def _judge(turn: Turn, job: Job, lease: Lease, indices: np.ndarray, event: Ended) -> None:
    """Decide on children that have ended alike."""
    if not len(indices):
        return
    rows = job.children
    if event.started or event.exit_code == 0:
        started = _seen(lease, event.started or turn.now, turn.now)
        starting = indices[rows["status"][indices] == Status.STARTING]
        _run(turn, job, starting, started)
        if event.started:
            rows["started"][indices] = started
    if event.exit_code is not None:
        rows["exit"][indices] = event.exit_code & 0xFF
        job.flag(indices, Flag.HAS_EXIT)
    rows["reason"][indices] = job.intern(event.reason[:MAX_REASON])
    stopped = job.flagged(indices, STOPPED)
    if event.fate is Fate.EXITED and event.exit_code == 0:
        good = indices[~stopped]
        rows["status_reason"][good] = job.intern(EXITED)
        turn.move(job, good, Status.SUCCEEDED)
    else:
        _judge_failed(turn, job, lease, indices[~stopped], event)
    turn.move(job, indices[stopped], Status.FAILED)
    if event.stopped:
        _note_end(job, indices, _seen(lease, event.stopped, turn.now))


def _note_end(job: Job, indices: np.ndarray, stopped: int) -> None:
    """Write down when the worker saw children end: an engine that was away learns of it later."""
    over = indices[job.children["stopped"][indices] > stopped]
    if len(over):
        job.children["stopped"][over] = np.maximum(stopped, job.children["started"][over])
        if not job.live:
            job.stopped = int(job.children["stopped"].max())


def _judge_failed(turn: Turn, job: Job, lease: Lease, indices: np.ndarray, event: Ended) -> None:
    """Fail children, or put them back for another attempt. What was cancelled is not tried again."""
    status_reason = _status_reason(lease, event)
    again = np.zeros(len(indices), bool)
    if tries_again(job.spec.retry, event.attempt, event.exit_code, event.reason, status_reason):
        again = ~job.flagged(indices, Flag.CANCELLED)
        if job.shape is Shape.NODES:
            again &= indices == job.main
    _remember(turn, job, lease, indices[again], event, status_reason)
    turn.move(job, indices[again], Status.RUNNABLE)
    turn.fail(job, indices[~again], status_reason)


def _status_reason(lease: Lease, event: Ended) -> str:
    if event.fate is Fate.LOST or lease.reclaimed:
        return host_terminated(lease.instance)
    return NOT_STARTED if event.fate is Fate.NOT_STARTED else EXITED


def _remember(turn: Turn, job: Job, lease: Lease, indices: np.ndarray, event: Ended, status_reason: str) -> None:
    stopped, reason = _seen(lease, event.stopped or turn.now, turn.now), event.reason[:MAX_REASON]
    for index, started in zip(indices.tolist(), job.children["started"][indices].tolist(), strict=True):
        attempt = Attempt(started, stopped, event.exit_code, reason, status_reason)
        job.past.setdefault(index, []).append(attempt)


def _after_node(turn: Turn, job: Job) -> None:
    """When the main node has ended, stop the others; when these have ended too, all begin anew if it is to be tried again."""
    main = Status(int(job.children["status"][job.main]))
    if main in ACTIVE:
        return
    for lease in turn.state.job_leases(job.id):
        if lease.held:
            turn.state.use_up(job.container(lease.spans[0][0]), -1)
            turn.state.shrink_lease(lease, 0)
    stop_attempts(turn, job, turn.everything(job, *ACTIVE), Flag.MAIN_ENDED, MAIN_ENDED)
    if main.is_terminal:
        turn.fail(job, turn.everything(job, Status.RUNNABLE), MAIN_ENDED)
    elif not turn.everything(job, *ACTIVE).size:
        turn.restart(job)


def stop_attempts(turn: Turn, job: Job, indices: np.ndarray, flag: Flag, reason: str, grace: float = GRACE) -> None:
    """Have running children stopped, once."""
    fresh = indices[~job.flagged(indices, STOPPED)]
    job.flag(indices, flag)
    if not len(fresh):
        return
    job.children["status_reason"][fresh] = job.intern(reason, CALLERS_REASONS)
    turn.effects.extend(stops(turn.state, job, fresh, grace))


def stops_due(state: State) -> list[Effect]:
    """Return what was to be stopped and still runs: an engine that died may not have told its workers."""
    due: list[Effect] = []
    for job in state.jobs.values():
        active = np.flatnonzero(is_active(job.children["status"])) if job.live else np.empty(0, np.int64)
        due.extend(stops(state, job, active[job.flagged(active, STOPPED)], GRACE))
    due.extend(
        Stop(each.id, each.spans, state.environments[each.environment].notice)
        for each in state.leases.values()
        if each.reclaimed
    )
    return due


def stops(state: State, job: Job, indices: np.ndarray, grace: float) -> Iterator[Effect]:
    """Say what is to be told to workers so that they stop some children."""
    for lease in state.job_leases(job.id) if len(indices) else ():
        spans = tuple(_within(lease, job, indices))
        if spans:
            yield Stop(lease.id, spans, grace)


def _within(lease: Lease, job: Job, wanted: np.ndarray) -> list[Span]:
    """Return which children of a lease are wanted; these ascend."""
    found: list[Span] = []
    for first, last, attempt in lease.overlapping(int(wanted[0]), int(wanted[-1]) + 1):
        low, high = np.searchsorted(wanted, (first, last))
        inside = wanted[low:high]
        inside = inside[job.children["attempt"][inside] == attempt]
        found.extend((low, high, attempt) for low, high in runs_of(inside))
    return found
