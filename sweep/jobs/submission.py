"""A job is submitted: what is checked, and how its children begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep.errors import JobError, brief, nearest
from sweep.jobs.clock import forget
from sweep.jobs.dependencies import settle
from sweep.jobs.effects import Answer
from sweep.jobs.ids import check_job_id
from sweep.jobs.job import CHILD, Flag, Job, Shape, Spec
from sweep.jobs.limits import MAX_OVERRIDES, check_request, check_spec
from sweep.jobs.merging import merge_request
from sweep.jobs.reasons import DONE_BEFORE, OVERRIDES_TOO_LONG
from sweep.jobs.request import Kind
from sweep.jobs.status import Status

if TYPE_CHECKING:
    from sweep.jobs.definition import Definition
    from sweep.jobs.events import Submit
    from sweep.jobs.request import Request
    from sweep.jobs.state import State
    from sweep.jobs.turn import Turn

__all__ = ["find_definition", "submit"]

HOUR = 3_600_000
"""ms."""


def submit(turn: Turn, event: Submit) -> None:
    """Take a job in, or refuse it.

    Raises
    ------
    JobError
        If AWS would refuse it; the state is as before.
    """
    state, request = turn.state, event.request
    check_job_id(event.job_id)
    if event.job_id in state.jobs:
        _answer_again(turn, event)
        return
    check_request(request, state.relaxed)
    definition = find_definition(state, request.definition)
    _check_queue(state, request)
    _check_shape(definition, request)
    _check_dependencies(state, request)
    done = _done_before(state, request)
    spec = merge_request(definition, request)
    check_spec(spec)
    _check_consumables(state, spec)
    job = Job(
        id=event.job_id,
        order=state.next_order,
        created=turn.now,
        request=request,
        spec=spec,
        shape=_shape(definition, request),
        children=np.zeros(_rows(definition, request), CHILD),
    )
    job.counts[Status.SUBMITTED] = job.size
    last = next(reversed(state.jobs.values()), job)
    state.next_order += 1
    state.jobs[job.id] = job
    turn.effects.append(Answer(job.id))
    _begin(turn, job, done)
    if last.created // HOUR != job.created // HOUR:
        forget(
            turn
        )  # nothing else may ever wake an engine without timeouts; but not before the job has looked at what it waits for


def _answer_again(turn: Turn, event: Submit) -> None:
    """Answer who asks once more for the same job, having missed the answer."""
    if turn.state.jobs[event.job_id].request != event.request:
        raise JobError(f"job {event.job_id} exists already, and is another one")
    turn.effects.append(Answer(event.job_id))


def _begin(turn: Turn, job: Job, done: np.ndarray) -> None:
    """Look at a new job for the first time."""
    everything = np.arange(job.size)
    if job.request.overrides.characters > MAX_OVERRIDES:
        turn.fail(job, everything, OVERRIDES_TOO_LONG)
        return
    _skip(turn, job, done)
    rest = np.setdiff1d(everything, done, assume_unique=True)
    if not job.request.depends_on:
        turn.move(job, rest, Status.RUNNABLE)
        return
    turn.state.add_dependent(job)
    turn.move(job, rest, Status.PENDING)
    settle(turn, job, rest)


def _skip(turn: Turn, job: Job, done: np.ndarray) -> None:
    """Count children as succeeded that did so in an earlier job."""
    if not len(done):
        return
    job.flag(done, Flag.DONE_BEFORE)
    job.children["status_reason"][done] = job.intern(f"{DONE_BEFORE}: {job.request.done_in}")
    turn.move(job, done, Status.SUCCEEDED)


def find_definition(state: State, name: str) -> Definition:
    """Find an active definition by its name (the latest revision) or by ``name:revision``; an ARN's last part is its name."""
    name, _, revision = name.rpartition("/")[2].partition(":")
    known = state.definitions.get(name)
    if known is None:
        raise JobError(f"JobDefinition {brief(name)} does not exist: {nearest(name, list(state.definitions))}")
    if revision:
        found = [each for each in known if str(each.revision) == revision]
        if not found:
            raise JobError(f"JobDefinition {name}:{brief(revision)} does not exist: the latest is {known[-1].revision}")
        if not found[0].active:
            raise JobError(f"JobDefinition {name}:{revision} is INACTIVE")
        return found[0]
    active = [each for each in known if each.active]
    if not active:
        raise JobError(f"JobDefinition {name} has no ACTIVE revision")
    return active[-1]


def _check_queue(state: State, request: Request) -> None:
    queue = state.queues.get(request.queue)
    if queue is None:
        raise JobError(f"JobQueue {brief(request.queue)} does not exist: {nearest(request.queue, list(state.queues))}")
    if not queue.enabled:
        raise JobError(f"JobQueue {request.queue} is DISABLED and takes no jobs")
    if queue.policy is None and (request.share is not None or request.priority is not None):
        raise JobError(
            "Job with shareIdentifier or schedulingPriority can onlybe submitted to job queue with fair share scheduling policy."
        )
    if queue.policy is not None and request.share is None:
        raise JobError(f"JobQueue {request.queue} has a fair share scheduling policy: the job needs a shareIdentifier")


def _check_shape(definition: Definition, request: Request) -> None:
    if definition.nodes is not None and request.size is not None:
        raise JobError("a multi-node parallel job cannot be an array job")
    if definition.nodes is None and (request.nodes is not None or request.node_overrides):
        raise JobError(f"job definition {definition.key} is not multi-node: nothing of nodes can be overridden")


def _check_dependencies(state: State, request: Request) -> None:
    for each in request.depends_on:
        if each.job_id is None:
            continue
        found = state.find(each.job_id)
        if found is None:
            raise JobError(f"the job {brief(each.job_id)} that it depends on does not exist")
        target, child = found
        if target.shape is Shape.NODES and child is not None:
            raise JobError(f"{each.job_id} is a node: a job can depend on all of {target.id} only")
        if each.kind is not Kind.N_TO_N:
            continue
        if request.size is None or target.shape is not Shape.ARRAY or child is not None:
            raise JobError(f"an N_TO_N dependency joins two array jobs, which {each.job_id} and this one are not")
        if target.size != request.size:
            raise JobError(f"an N_TO_N dependency joins arrays of the same size: {target.size} is not {request.size}")


def _check_consumables(state: State, spec: Spec) -> None:
    containers = [each.container for each in spec.nodes.groups] if spec.nodes else [spec.container]
    for name in (name for each in containers if each is not None for name in each.consumables):
        if name not in state.consumables:
            raise JobError(f"ConsumableResource {brief(name)} does not exist: {nearest(name, list(state.consumables))}")


def _done_before(state: State, request: Request) -> np.ndarray:
    """Return the children that need not run, since they have succeeded in another job."""
    if request.done_in is None:
        return np.empty(0, np.int64)
    found = state.find(request.done_in)
    if found is None or found[1] is not None:
        raise JobError(f"the job {brief(request.done_in)} whose failed children shall run again does not exist")
    old = found[0]
    if old.shape is not Shape.ARRAY or old.size != request.size:
        raise JobError(f"job {request.done_in} is no array of {request.size} children")
    if old.live:
        raise JobError(f"job {request.done_in} has not ended: {old.live} of its children are left")
    return np.flatnonzero(old.children["status"] == Status.SUCCEEDED)


def _shape(definition: Definition, request: Request) -> Shape:
    if definition.nodes is not None:
        return Shape.NODES
    return Shape.PLAIN if request.size is None else Shape.ARRAY


def _rows(definition: Definition, request: Request) -> int:
    if definition.nodes is not None:
        return request.nodes or definition.nodes.count
    return request.size or 1
