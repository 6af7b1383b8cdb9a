"""ListJobs: of a queue, an array or a multi-node job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import brief
from sweep.jobs.job import Job, Shape
from sweep.jobs.listing import Listing
from sweep.jobs.status import Status
from sweep.serve.operations.arns import QUEUE, name_in
from sweep.serve.operations.details import summary_of
from sweep.serve.operations.paging import invalid_token, page, read_token
from sweep.serve.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sweep.jobs.state import State
    from sweep.serve.desk import Desk

__all__ = ["jobs_by_name", "list_jobs"]

MOST, MOST_FILTERED = 1000, 100

_SELECTORS = ("jobQueue", "arrayJobId", "multiNodeJobId")
_FILTERS = ("JOB_NAME", "JOB_DEFINITION", "BEFORE_CREATED_AT", "AFTER_CREATED_AT", "SHARE_IDENTIFIER")


def list_jobs(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """List jobs, children or nodes."""
    given = [each for each in _SELECTORS if request.get(each)]
    if len(given) != 1:
        raise RefusedError(f"Exactly one of {', '.join(_SELECTORS)} must be provided, got {len(given)}")
    with desk.engine.reading() as state:
        if given == ["jobQueue"]:
            return _of_queue(desk, state, request)
        shape = Shape.ARRAY if given == ["arrayJobId"] else Shape.NODES
        return _of_job(desk, state, request, request[given[0]], shape)


def _status(desk: Desk, request: Mapping[str, Any]) -> Status | None:
    """Return the state asked for, RUNNING where none is; None for all."""
    told = request.get("jobStatus")
    if not told:
        return None if "list-default-all" in desk.relaxed else Status.RUNNING
    if told not in Status.__members__:
        raise RefusedError(f"jobStatus {brief(told)} is not one of {', '.join(Status.__members__)}")
    return Status[told]


def _of_job(desk: Desk, state: State, request: Mapping[str, Any], job_id: str, shape: Shape) -> dict[str, Any]:
    """List the children of an array or the nodes of a job, by index; of one that is not known, none."""
    job, status = state.jobs.get(job_id), _status(desk, request)
    if job is None or job.shape is not shape:
        return {"jobSummaryList": []}
    after = read_token(request)
    if after is not None and (type(after) is not int or not 0 <= after < job.size):
        raise invalid_token(request)
    found, more = page(request, _children(job, status, after), int, MOST)
    return {"jobSummaryList": [summary_of(desk, state, job, each) for each in found], **more}


def _children(job: Job, status: Status | None, after: int | None) -> list[int]:
    """Return the children of a page and one more, of maybe a hundred million."""
    first = 0 if after is None else after + 1
    rows = job.children["status"][first:]
    found = np.arange(min(len(rows), MOST + 1)) if status is None else np.flatnonzero(rows == status)[: MOST + 1]
    return (found + first).tolist()


def _of_queue(desk: Desk, state: State, request: Mapping[str, Any]) -> dict[str, Any]:
    name = name_in(request["jobQueue"], QUEUE)
    if name not in state.queues:
        raise RefusedError(f"JobQueue {brief(name)} does not exist")
    filters = request.get("filters") or ()
    if len(filters) > 1:
        raise RefusedError(f"Only one filter can be used at a time, got {len(filters)}")
    listed: Iterable[Job] = reversed(state.jobs.values())
    listed = (each for each in listed if each.request.queue == name)
    key: Callable[[Job], Any] = _newest_first
    if not filters or filters[0].get("name") == "SHARE_IDENTIFIER":
        status = _status(desk, request)
        if not filters or request.get("jobStatus"):
            listed = (each for each in listed if status in {None, each.status})
    if filters:
        takes = _filter(filters[0])
        listed = (each for each in listed if takes(each))
        if filters[0]["name"] == "JOB_NAME":
            listed, key = jobs_by_name(listed), _by_name
    found, more = page(request, listed, key, MOST_FILTERED if filters else MOST)
    return {"jobSummaryList": [summary_of(desk, state, each, None) for each in found], **more}


def _newest_first(job: Job) -> int:
    return -job.order


def _by_name(job: Job) -> list[Any]:
    return [job.request.name, job.spec.definition, -job.order]


def jobs_by_name(jobs: Iterable[Job]) -> list[Job]:
    """Group jobs by their names and definitions, newest first within."""
    return sorted(jobs, key=_by_name)


def _filter(told: Mapping[str, Any]) -> Callable[[Job], bool]:
    """Return what takes the jobs that a filter wants; of several values each will do."""
    name, values = told.get("name"), told.get("values") or ()
    if name not in _FILTERS:
        raise RefusedError(f"filter {brief(str(name))} is not one of {', '.join(_FILTERS)}")
    if not values:
        raise RefusedError(f"filter {name} has no values")
    if name == "JOB_DEFINITION":
        return lambda job: any(_is_of(job, each) for each in values)
    wanted = [_listing(name, each) for each in values]
    return lambda job: any(each.takes(job) for each in wanted)


def _is_of(job: Job, value: str) -> bool:
    """Whether a job is of a definition: an ARN with its revision, or a name, in which letters' case counts."""
    if value.startswith("arn:"):
        value = value.rpartition("/")[2]
        if ":" in value:
            return job.spec.definition == value
    family = job.spec.definition.rpartition(":")[0]
    return family.startswith(value[:-1]) if value.endswith("*") else family == value


def _listing(name: str, value: str) -> Listing:
    if name == "JOB_NAME":
        return Listing(name=value)
    if name == "SHARE_IDENTIFIER":
        return Listing(share=value)
    if not re.fullmatch("[0-9]{1,19}", value):
        raise RefusedError(f"filter {name}: {brief(value)} is not a time in ms since 1970")
    return Listing(before=int(value)) if name == "BEFORE_CREATED_AT" else Listing(after=int(value) + 1)
