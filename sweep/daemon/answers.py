"""What may be asked of a running engine, beside events: views of its state. Each takes and gives plain JSON values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sweep.errors import JobError, brief, nearest
from sweep.jobs import views
from sweep.jobs.codec import encode
from sweep.jobs.ids import parted, shortened
from sweep.jobs.job import Job, Shape
from sweep.jobs.listing import Listing
from sweep.jobs.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sweep.jobs.state import State

__all__ = ["VIEWS", "view"]

MOST = 1000
"""Children in one answer."""

LEAST = 4
"""Characters of an id that are enough if there is one such id."""

MOST_NAMED = 5
"""Jobs that are named to whom has not said which he means."""


def view(state: State, name: str, arguments: dict[str, Any]) -> Any:
    """Answer a question by its name.

    Raises
    ------
    JobError
        If something asked for is not there.
    """
    if name not in VIEWS:
        raise JobError(f"nothing is known of {name!r}: {nearest(name, list(VIEWS))}")
    return VIEWS[name](state, **arguments)


def _job(state: State, job_id: str) -> tuple[Job, int | None]:
    found = state.find(job_id)
    if found is None:
        raise JobError(f"job {brief(job_id)} does not exist")
    return found


def _ids(state: State, named: list[str]) -> Any:
    """Return the whole ids of jobs, children and nodes that are named by the beginnings of their jobs' ids."""
    return [_whole(state, each) for each in named]


def _whole(state: State, told: str) -> str:
    if state.find(told) is not None:
        return told
    beginning = parted(told)[0]
    found = [each for each in state.jobs if each.startswith(beginning)] if len(beginning) >= LEAST else []
    if not found:
        raise JobError(f"job {brief(told)} does not exist: expected an id, or {LEAST} or more of its first characters")
    if len(found) > 1:
        raise JobError(f"job {brief(told)}: {_which(state, found)}")
    return found[0] + told[len(beginning) :]


def _which(state: State, found: list[str]) -> str:
    """Say which jobs are meant by a beginning of their ids; the newest first."""
    short = shortened(found)
    newest = [state.jobs[each] for each in found[: -MOST_NAMED - 1 : -1]]
    told = ", ".join(f"{short[each.id]} ({each.request.name}, {each.status.name})" for each in newest)
    more = f" and {len(found) - MOST_NAMED:,} more" if len(found) > MOST_NAMED else ""
    return f"{len(found):,} ids begin so, of {told}{more}: give more of it"


def _status(name: str | None) -> Status | None:
    if name is None:
        return None
    if name.upper() not in Status.__members__:
        raise JobError(f"status {name!r} is not one of {', '.join(Status.__members__)}")
    return Status[name.upper()]


def _jobs(state: State, queue: str | None = None, status: str | None = None, **filters: Any) -> Any:
    if queue is not None and queue not in state.queues:
        raise JobError(f"JobQueue {brief(queue)} does not exist: {nearest(queue, list(state.queues))}")
    return views.list_jobs(state, Listing(queue=queue, status=_status(status), **filters))


def _children(state: State, job_id: str, status: str | None = None, first: int = 0) -> Any:
    job, index = _job(state, job_id)
    if job.shape is Shape.PLAIN or index is not None:
        raise JobError(f"job {job_id} is no array job")
    return views.list_children(state, job, _status(status), first, MOST)


def _describe(state: State, job_ids: list[str]) -> Any:
    for each in job_ids:
        _job(state, each)
    return [views.describe_job(state, each) for each in job_ids]


def _progress(state: State, job_ids: list[str]) -> Any:
    """Tell how far jobs are, for a live view: counts by state, and the first failures."""
    return [_how_far(state, *_job(state, each)) for each in job_ids]


def _how_far(state: State, job: Job, index: int | None) -> dict[str, Any]:
    counts = job.counts
    if index is not None:
        counts = [int(each == job.children["status"][index]) for each in Status]
    return {
        "jobId": job.id if index is None else job.child_id(index),
        "jobName": job.request.name,
        "counts": {each.name: count for each, count in zip(Status, counts, strict=True)},
        "createdAt": job.created,
        "stoppedAt": job.stopped,
        "waits": views.why_stuck(state, job),
        "failures": views.failures(state, job, 3),
    }


def _attempt(state: State, job_id: str) -> Any:
    """Tell where a child's log is to be found: its environment, its index and how many attempts it had."""
    job, index = _job(state, job_id)
    if index is None and job.shape is Shape.ARRAY:
        raise JobError(f"job {job_id} is an array job: name one of its children, {job.id}:0 to {job.id}:{job.size - 1}")
    row = job.main if index is None else index
    queue = state.queues.get(job.request.queue)
    environments = list(state.environments) if queue is None else list(queue.environments)
    return {
        "jobId": job.id,
        "index": row,
        "attempts": int(job.children["attempt"][row]),
        "environments": environments,
        "done_in": job.request.done_in,
        "ended": Status(int(job.children["status"][row])).is_terminal,
    }


def _request(state: State, job_id: str) -> Any:
    """Give a job's request as it was submitted, for somebody who wants to submit it again."""
    job, index = _job(state, job_id)
    if index is not None:
        raise JobError(f"{job_id} is a child: name the job that it belongs to, {job.id}")
    return encode(replace(job.request, definition=job.spec.definition))


def _image(state: State, job_id: str) -> Any:
    """Name the image that a job's command is to run in; None if it is to run on the host."""
    container = _job(state, job_id)[0].container(0)
    return container.image if container.runtime == "container" else None


def _relaxed(state: State) -> Any:
    return list(state.relaxed)


def _definitions(state: State, name: str | None = None) -> Any:
    if name is not None and name not in state.definitions:
        raise JobError(f"JobDefinition {brief(name)} does not exist: {nearest(name, list(state.definitions))}")
    known = state.definitions if name is None else {name: state.definitions[name]}
    return [views.describe_definition(each) for revisions in known.values() for each in revisions]


def _queues(state: State) -> Any:
    return [views.describe_queue(state, each) for each in state.queues.values()]


def _policies(state: State) -> Any:
    return list(state.policies)


def _environments(state: State) -> Any:
    return [views.describe_environment(state, each) for each in state.environments.values()]


def _entry(state: State, kind: str, name: str) -> Any:
    """Give a queue, environment or policy as it stands, for somebody who wants to change a part of it."""
    tables: dict[str, tuple[str, Mapping[str, Any]]] = {
        "Queue": ("JobQueue", state.queues),
        "Environment": ("ComputeEnvironment", state.environments),
        "Policy": ("SchedulingPolicy", state.policies),
    }
    what, known = tables[kind]
    if name not in known:
        raise JobError(f"{what} {brief(name)} does not exist: {nearest(name, list(known))}")
    return encode(known[name])


VIEWS: dict[str, Callable[..., Any]] = {
    "jobs": _jobs,
    "children": _children,
    "describe": _describe,
    "ids": _ids,
    "progress": _progress,
    "attempt": _attempt,
    "definitions": _definitions,
    "policies": _policies,
    "queues": _queues,
    "environments": _environments,
    "entry": _entry,
    "request": _request,
    "image": _image,
    "relaxed": _relaxed,
}
