"""A job as DescribeJobs and ListJobs tell it: the engine's own view, in AWS's shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep.jobs.job import Shape
from sweep.jobs.status import ACTIVE, Status
from sweep.jobs.views import describe_job, summarise
from sweep.serve.operations.arns import CONSUMABLE, DEFINITION, JOB, QUEUE, arn_of
from sweep.serve.operations.containers import job_container, node_properties, retry_strategy
from sweep.serve.operations.streams import container_instance, stream_name, task_arn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep.jobs.definition import Container, Nodes
    from sweep.jobs.job import Job
    from sweep.jobs.state import State
    from sweep.serve.operations.arns import Where

__all__ = ["detail_of", "job_arn", "needs_told", "summary_of"]

_OWN = ("command", "environment", "resourceRequirements")
"""What a job may override of a container."""


def job_arn(where: Where, job_id: str) -> str:
    """Return the ARN of a job, a child or a node."""
    return arn_of(where, JOB, job_id)


def summary_of(where: Where, state: State, job: Job, index: int | None) -> dict[str, Any]:
    """Tell a job, or a child or node of it, as ListJobs does."""
    told = summarise(state, job, index)
    _date_counts(state, told)
    told["jobArn"] = job_arn(where, told["jobId"])
    told["jobDefinition"] = arn_of(where, DEFINITION, job.spec.definition)
    if job.request.share is not None:
        told["shareIdentifier"] = job.request.share
    return told


def detail_of(where: Where, state: State, job: Job, index: int | None) -> dict[str, Any]:
    """Tell a job, or a child or node of it, as DescribeJobs does."""
    told = describe_job(state, job.id if index is None else job.child_id(index))
    assert told is not None
    _date_counts(state, told)
    definition, recorded = job.spec.definition, _recorded(state, job)
    told |= {
        "jobArn": job_arn(where, told["jobId"]),
        "jobQueue": arn_of(where, QUEUE, job.request.queue),
        "jobDefinition": arn_of(where, DEFINITION, definition),
        "dependsOn": [{key: each[key] for key in ("jobId", "type") if key in each} for each in told["dependsOn"]],
        "parameters": _parameters(state, job),
        "retryStrategy": retry_strategy(told["retryStrategy"]),
        "platformCapabilities": recorded.get("platformCapabilities") or ["EC2"],
    }
    if "timeout" in told:
        told["timeout"] = {"attemptDurationSeconds": int(told["timeout"]["attemptDurationSeconds"])}
    if not told["tags"]:
        del told["tags"]
    needs = job.container(job.main if index is None else index).consumables
    if needs and job.shape is not Shape.NODES:
        told["consumableResourceProperties"] = needs_told(where, needs)
    if job.shape is Shape.ARRAY and index is None:
        return told
    _tell_attempts(where, told, job, index)
    if job.shape is Shape.NODES:
        return told | _nodes(where, told, job, index, recorded.get("nodeProperties", {}).get("nodeRangeProperties"))
    return told | _container(told, job, recorded)


def _date_counts(state: State, told: dict[str, Any]) -> None:
    """Say as of when the counts of an array's children are, which is now."""
    if "statusSummary" in told.get("arrayProperties", {}):
        told["arrayProperties"]["statusSummaryLastUpdatedAt"] = state.now


def needs_told(where: Where, needs: Mapping[str, int]) -> dict[str, Any]:
    """Tell what is needed of consumable resources."""
    listed = [
        {"consumableResource": arn_of(where, CONSUMABLE, name), "quantity": count} for name, count in needs.items()
    ]
    return {"consumableResourceList": listed}


def _recorded(state: State, job: Job) -> Mapping[str, Any]:
    """Return what was registered over HTTP of a job's definition; definitions stay for ever."""
    name, _, revision = job.spec.definition.rpartition(":")
    return state.definitions[name][int(revision) - 1].recorded


def _parameters(state: State, job: Job) -> dict[str, str]:
    name, _, revision = job.spec.definition.rpartition(":")
    return {**state.definitions[name][int(revision) - 1].parameters, **job.request.parameters}


def _tell_attempts(where: Where, told: dict[str, Any], job: Job, index: int | None) -> None:
    """Add to each attempt, and to the container, where it ran and where its log is."""
    row = job.main if index is None else index
    for number, each in enumerate(told["attempts"], 1):
        each["container"] = each["container"] | _place(where, job, row, number, ran="startedAt" in each)
        each["container"]["networkInterfaces"] = []
    child = job.children[row]
    number, status = int(child["attempt"]), Status(int(child["status"]))
    if number and (status in ACTIVE or status.is_terminal):
        told["container"] |= _place(
            where, job, row, number, ran=status is not Status.STARTING and bool(child["started"])
        )


def _place(where: Where, job: Job, row: int, attempt: int, *, ran: bool) -> dict[str, str]:
    """Name the task of an attempt, and its log if it ever ran."""
    told = {"taskArn": task_arn(where, job.id, row, attempt), "containerInstanceArn": container_instance(where)}
    return told | ({"logStreamName": stream_name(job.spec.definition, job.id, row, attempt)} if ran else {})


def _container(told: Mapping[str, Any], job: Job, recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Tell the one container of a plain job or a child: in a task's shape where it was registered so."""
    assert job.spec.container is not None
    container = job_container(job.spec.container, recorded.get("containerProperties"))
    run = _run(told["container"])
    if "ecsProperties" not in recorded:
        return {"container": container | {"networkInterfaces": []} | run}
    return {"container": {}, "ecsProperties": _ran(_task(job.spec.container, recorded), run)}


def _run(container: Mapping[str, Any]) -> dict[str, Any]:
    """Return what became of a container, of all that is told of it."""
    kept = ("exitCode", "reason", "logStreamName", "taskArn", "containerInstanceArn")
    return {name: container[name] for name in kept if name in container}


def _task(container: Container, recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Tell a container as the one of the task that was registered."""
    (task,) = recorded["ecsProperties"]["taskProperties"]
    (given,) = task["containers"]
    fresh = job_container(container, given)
    return {**task, "containers": [{**given, **{name: fresh[name] for name in _OWN}}]}


def _ran(task: dict[str, Any], run: dict[str, Any]) -> dict[str, Any]:
    """Add what became of a task and its container."""
    of_task = {name: run.pop(name) for name in ("taskArn", "containerInstanceArn") if name in run}
    (container,) = task["containers"]
    return {"taskProperties": [{**task, **of_task, "containers": [{**container, **run, "networkInterfaces": []}]}]}


def _nodes(
    where: Where, told: dict[str, Any], job: Job, index: int | None, given: Sequence[Mapping[str, Any]] | None
) -> dict[str, Any]:
    """Tell the nodes of a job, or one node: in a task's shape where a range of them was `given` over HTTP so."""
    nodes = job.spec.nodes
    assert nodes is not None
    given = given or [{}] * len(nodes.groups)
    if index is None:
        del told["container"]
        ranges = _with_needs(where, node_properties(nodes), nodes)
        for each, group, recorded in zip(ranges["nodeRangeProperties"], nodes.groups, given, strict=True):
            if "ecsProperties" in recorded:
                del each["container"]
                each["ecsProperties"] = {"taskProperties": [_task(group.container, recorded)]}
        return {"nodeProperties": ranges}
    node, run, container = told.pop("nodeProperties"), _run(told["container"]), job.container(index)
    recorded = next(each for each, group in zip(given, nodes.groups, strict=True) if group.container is container)
    if "ecsProperties" in recorded:
        return {"nodeDetails": node, "container": {}, "ecsProperties": _ran(_task(container, recorded), run)}
    return {"nodeDetails": node, "container": job_container(container, None) | {"networkInterfaces": []} | run}


def _with_needs(where: Where, told: dict[str, Any], nodes: Nodes) -> dict[str, Any]:
    for each, group in zip(told["nodeRangeProperties"], nodes.groups, strict=True):
        if group.container.consumables:
            each["consumableResourceProperties"] = needs_told(where, group.container.consumables)
    return told
