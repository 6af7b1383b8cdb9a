"""What the engine knows, told in the shapes and words of AWS Batch's DescribeJobs and its sisters.

Times are ms since 1970. What is absent is left out, never null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.jobs import room
from sweep.jobs.codec import encode
from sweep.jobs.job import Flag, Job, Shape
from sweep.jobs.reasons import CHILD_FAILED
from sweep.jobs.room import in_use
from sweep.jobs.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep.jobs.definition import Container, Definition
    from sweep.jobs.environment import Environment
    from sweep.jobs.listing import Listing
    from sweep.jobs.queue import Queue
    from sweep.jobs.state import State

__all__ = [
    "describe_definition",
    "describe_environment",
    "describe_job",
    "describe_queue",
    "failures",
    "list_children",
    "list_jobs",
    "summarise",
    "why_stuck",
]


def describe_job(state: State, job_id: str) -> dict[str, Any] | None:
    """Describe a job, a child of an array (``id:3``) or a node (``id#3``); None if it is not known."""
    found = state.find(job_id)
    if found is None:
        return None
    job, index = found
    row = job.main if index is None else index
    summary = summarise(state, job, index)
    detail = summary | {
        "jobQueue": job.request.queue,
        "dependsOn": [_dependency(each) for each in job.request.depends_on],
        "parameters": dict(job.request.parameters),
        "retryStrategy": encode(job.spec.retry) or {"attempts": 1},
        "tags": job.spec.tags,
        "propagateTags": job.spec.propagate_tags,
    }
    if job.spec.timeout is not None:
        detail["timeout"] = {"attemptDurationSeconds": job.spec.timeout}
    if job.request.share is not None:
        detail |= {"shareIdentifier": job.request.share, "schedulingPriority": job.spec.priority}
    if job.shape is Shape.ARRAY and index is None:
        return detail | {"attempts": []}
    container = _container(job.container(row)) | summary["container"]
    return detail | {"container": container, "attempts": list(_attempts(job, row))}


def list_jobs(state: State, listing: Listing) -> list[dict[str, Any]]:
    """Summarise jobs (arrays as a whole), newest first."""
    return [summarise(state, each, None) for each in reversed(list(state.jobs.values())) if listing.takes(each)]


def list_children(state: State, job: Job, status: Status | None, first: int, most: int) -> list[dict[str, Any]]:
    """Summarise up to `most` children from `first` on; in one state, if asked for."""
    rows = np.arange(first, job.size)
    if status is not None:
        rows = rows[job.children["status"][rows] == status]
    return [summarise(state, job, index) for index in rows[:most].tolist()]


def failures(state: State, job: Job, most: int) -> list[dict[str, Any]]:
    """Summarise the first children that failed by themselves."""
    return list_children(state, job, Status.FAILED, 0, most)


def summarise(state: State, job: Job, index: int | None) -> dict[str, Any]:
    """Tell what ListJobs does of a job, or of one child or node of it."""
    row = job.main if index is None else index
    child = job.children[row]
    is_parent = job.shape is Shape.ARRAY and index is None
    status = job.status if index is None else Status(int(child["status"]))
    summary: dict[str, Any] = {
        "jobId": job.id if index is None else job.child_id(index),
        "jobName": job.request.name,
        "jobDefinition": job.spec.definition,
        "status": status.name,
        "createdAt": job.created,
    }
    reason = (
        (CHILD_FAILED if status is Status.FAILED else why_stuck(state, job))
        if is_parent
        else _reason(state, job, row, status)
    )
    stopped = job.stopped if index is None else int(child["stopped"])
    if reason:
        summary["statusReason"] = reason
    if not is_parent and child["started"]:
        summary["startedAt"] = int(child["started"])
    if stopped:
        summary["stoppedAt"] = stopped
    if not is_parent:
        summary["container"] = _ending(job, row)
    return summary | _properties(job, index) | _marks(job, index, row)


def why_stuck(state: State, job: Job) -> str:
    """Say why a job's RUNNABLE children can never run as things are; ``""`` where they can, or there are none."""
    return room.why_stuck(state, job) if job.counts[Status.RUNNABLE] else ""


def _reason(state: State, job: Job, row: int, status: Status) -> str:
    stuck = room.why_stuck(state, job) if status is Status.RUNNABLE else ""
    return stuck or job.reasons[job.children["status_reason"][row]]


def _ending(job: Job, row: int) -> dict[str, Any]:
    """Return the exit code and the reason of the last attempt, as far as there are any."""
    child, ending = job.children[row], dict[str, Any]()
    if child["flags"] & Flag.HAS_EXIT:
        ending["exitCode"] = int(child["exit"])
    if job.reasons[child["reason"]]:
        ending["reason"] = job.reasons[child["reason"]]
    return ending


def _properties(job: Job, index: int | None) -> dict[str, Any]:
    if job.shape is Shape.PLAIN:
        return {}
    if job.shape is Shape.NODES:
        nodes = {"numNodes": job.size} if index is None else {"nodeIndex": index, "isMainNode": index == job.main}
        return {"nodeProperties": nodes}
    if index is not None:
        return {"arrayProperties": {"index": index}}
    counts = {each.name: job.counts[each] for each in Status}
    return {"arrayProperties": {"size": job.size, "statusSummary": counts}}


def _marks(job: Job, index: int | None, row: int) -> dict[str, bool]:
    """Say what was asked for; AWS says it only where it is so."""
    flags = int(job.children["flags"][row])
    cancelled = job.cancelled if index is None else bool(flags & Flag.CANCELLED)
    terminated = job.terminated if index is None else bool(flags & Flag.TERMINATED)
    return {name: True for name, holds in (("isCancelled", cancelled), ("isTerminated", terminated)) if holds}


def _attempts(job: Job, row: int) -> Iterator[dict[str, Any]]:
    for each in job.past.get(row, ()):
        ending = {"exitCode": each.exit_code} if each.exit_code is not None else {}
        ending |= {"reason": each.reason} if each.reason else {}
        yield _attempt(ending, each.started, each.stopped, each.status_reason)
    child = job.children[row]
    if child["attempt"] > len(job.past.get(row, ())) and Status(int(child["status"])).is_terminal:
        reason = job.reasons[child["status_reason"]]
        yield _attempt(_ending(job, row), int(child["started"]), int(child["stopped"]), reason)


def _attempt(ending: dict[str, Any], started: int, stopped: int, reason: str) -> dict[str, Any]:
    times = {"startedAt": started} if started else {}
    return {"container": ending, **times, "stoppedAt": stopped, "statusReason": reason}


def _dependency(dependency: Any) -> dict[str, Any]:
    told = {"jobId": dependency.job_id} if dependency.job_id is not None else {}
    if dependency.kind.value:
        told["type"] = dependency.kind.name
    return told | ({"evenIfFailed": True} if dependency.even_if_failed else {})


def _container(container: Container) -> dict[str, Any]:
    need = container.resources
    requirements = [{"type": "VCPU", "value": f"{need.vcpus:g}"}, {"type": "MEMORY", "value": str(need.memory)}]
    if need.gpus:
        requirements.append({"type": "GPU", "value": str(need.gpus)})
    told: dict[str, Any] = {
        "command": list(container.command),
        "environment": [{"name": name, "value": text} for name, text in container.environment.items()],
        "resourceRequirements": requirements,
    }
    optional = {"image": container.image, "function": container.function}
    return told | {name: text for name, text in optional.items() if text is not None} | dict(container.recorded)


def describe_definition(definition: Definition) -> dict[str, Any]:
    """Describe one revision of a job definition."""
    told: dict[str, Any] = {
        "jobDefinitionName": definition.name,
        "revision": definition.revision,
        "status": "ACTIVE" if definition.active else "INACTIVE",
        "type": "container" if definition.nodes is None else "multinode",
        "parameters": dict(definition.parameters),
        "retryStrategy": encode(definition.retry) or {"attempts": 1},
        "tags": dict(definition.tags),
    }
    if definition.container is not None:
        told["containerProperties"] = _container(definition.container)
    if definition.nodes is not None:
        told["nodeProperties"] = encode(definition.nodes)
    if definition.timeout is not None:
        told["timeout"] = {"attemptDurationSeconds": definition.timeout}
    return told


def describe_queue(state: State, queue: Queue) -> dict[str, Any]:
    """Describe a job queue, with the number of its live jobs by state (an addition)."""
    counts = dict.fromkeys((each.name for each in Status if not each.is_terminal), 0)
    for job in state.jobs.values():
        if job.request.queue == queue.name and job.live:
            counts[job.status.name] += 1
    told: dict[str, Any] = {
        "jobQueueName": queue.name,
        "state": "ENABLED" if queue.enabled else "DISABLED",
        "status": "DELETING" if queue.name in state.deleting else "VALID",
        "priority": queue.priority,
        "computeEnvironmentOrder": [
            {"order": place, "computeEnvironment": name} for place, name in enumerate(queue.environments, 1)
        ],
        "tags": dict(queue.tags),
        "jobs": counts,
    }
    if queue.policy:
        policy = state.policies[queue.policy]
        told["schedulingPolicy"] = queue.policy
        told["fairsharePolicy"] = {
            "shareDecaySeconds": policy.decay,
            "computeReservation": policy.reservation,
            "shareDistribution": [
                {"shareIdentifier": share, "weightFactor": weight} for share, weight in policy.weights.items()
            ],
        }
    return told


def describe_environment(state: State, environment: Environment) -> dict[str, Any]:
    """Describe a compute environment, with what is held of it now (an addition); memory in MiB."""
    vcpus, memory, gpus = in_use(state, environment.name)
    told: dict[str, Any] = {
        "computeEnvironmentName": environment.name,
        "type": "MANAGED" if environment.managed else "UNMANAGED",
        "state": "ENABLED" if environment.enabled else "DISABLED",
        "status": "INVALID" if environment.name in state.invalid else "VALID",
        "computeResources": {
            "type": environment.purchase.name,
            "maxvCpus": environment.vcpus,
            "memory": environment.memory,
            "gpus": environment.gpus,
        },
        "inUse": {"vcpus": vcpus, "memory": memory, "gpus": len(gpus)},
        "tags": dict(environment.tags),
    }
    if environment.name in state.invalid:
        told["statusReason"] = state.invalid[environment.name][0]
    if environment.purchase.is_spot:
        told["spot"] = {
            "interruptionsPerHour": environment.interruptions_per_hour,
            "notice": environment.notice,
            "seed": environment.seed,
        }
    return told | ({"address": environment.address} if environment.address else {})
