"""Names of an attempt's task, its log stream, and what it ran on: made of the job's id, the child's index and the attempt's number alone.

A log stream's name may hold neither ``:`` nor ``*``, as a child's id does.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from sweep.serve.operations.arns import arn_of

if TYPE_CHECKING:
    from sweep.serve.operations.arns import Where

__all__ = ["GROUP", "container_instance", "read_stream", "stream_name", "task_arn"]

GROUP = "/aws/batch/job"
"""The log group of all jobs."""

CLUSTER = "sweep"
"""AWS has an ECS cluster for each compute environment; which one an attempt ran in is not kept, so here is one for all."""

_LONGEST = 200
_STREAM = re.compile(r"(.+)/default/([A-Za-z0-9_-]{1,128})\.(0|[1-9][0-9]{0,8})\.([1-9][0-9]?)", re.DOTALL)


def stream_name(definition: str, job_id: str, index: int, attempt: int) -> str:
    """Return the log stream of an attempt, from 1, of a child: the definition's name, without its revision, and the task."""
    return f"{definition.rpartition(':')[0][:_LONGEST]}/default/{_task(job_id, index, attempt)}"


def _task(job_id: str, index: int, attempt: int) -> str:
    return f"{job_id}.{index}.{attempt}"


def read_stream(name: str) -> tuple[str, int, int] | None:
    """Return the job, the index and the attempt of a log stream; None if it is not one of ours.

    >>> read_stream("task/default/7d3e.12.1")
    ('7d3e', 12, 1)
    """
    found = _STREAM.fullmatch(name)
    return (found[2], int(found[3]), int(found[4])) if found else None


def task_arn(where: Where, job_id: str, index: int, attempt: int) -> str:
    """Return the ARN of the ECS task that an attempt would be."""
    return arn_of(where, "task", f"{CLUSTER}/{_task(job_id, index, attempt)}", "ecs")


def container_instance(where: Where) -> str:
    """Return the ARN of this machine as an instance of ECS."""
    instance = uuid.uuid5(uuid.NAMESPACE_URL, f"{where.account}/{where.region}/{CLUSTER}").hex
    return arn_of(where, "container-instance", f"{CLUSTER}/{instance}", "ecs")
