"""Job queues."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sweep.errors import brief
from sweep.jobs.events import DeleteQueue, PutQueue
from sweep.jobs.queue import Queue, TimeLimit
from sweep.serve.operations.arns import ENVIRONMENT, POLICY, QUEUE, arn_of, name_in
from sweep.serve.operations.changing import check_settled, one_at_a_time, selected
from sweep.serve.operations.paging import page
from sweep.serve.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep.jobs.state import State
    from sweep.serve.desk import Desk

__all__ = ["create", "delete", "describe", "update"]


@one_at_a_time
def create(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Make a job queue."""
    _check_kind(request)
    if not request.get("computeEnvironmentOrder"):
        raise RefusedError("computeEnvironmentOrder must name at least one compute environment")
    names, recorded = _order(desk, request["computeEnvironmentOrder"])
    kind = request.get("jobQueueType")
    made = Queue(
        request["jobQueueName"],
        request["priority"],
        names,
        policy=_policy(request),
        enabled=request.get("state", "ENABLED") == "ENABLED",
        limits=_limits(request.get("jobStateTimeLimitActions", ())),
        tags=dict(request.get("tags", {})),
        recorded=recorded | ({"jobQueueType": kind} if kind else {}),
    )
    desk.engine.ask(PutQueue(made, new=True))
    desk.settling.note(QUEUE, made.name, "CREATING")
    return {"jobQueueName": made.name, "jobQueueArn": arn_of(desk, QUEUE, made.name)}


def _check_kind(request: Mapping[str, Any]) -> None:
    kind = request.get("jobQueueType", "ECS")
    if request.get("serviceEnvironmentOrder") or kind == "SAGEMAKER_TRAINING":
        raise RefusedError("serviceEnvironmentOrder: there is no SageMaker here; queues have compute environments")
    if kind == "EKS":
        raise RefusedError("jobQueueType EKS: there is no Kubernetes here; jobs run on this machine")


def _order(desk: Desk, told: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the environments of a queue in their order, and the numbers that order them."""
    if len({each["order"] for each in told}) != len(told):
        raise RefusedError("computeEnvironmentOrder: two compute environments have the same order")
    ordered = sorted(told, key=lambda each: each["order"])
    names = tuple(name_in(each["computeEnvironment"], ENVIRONMENT) for each in ordered)
    with desk.engine.reading() as state:
        kinds = {state.environments[each].purchase.is_fargate for each in names if each in state.environments}
    if len(kinds) > 1:
        raise RefusedError("Fargate and EC2 compute environments cannot be in the same job queue")
    return names, {"order": [each["order"] for each in ordered]}


def _policy(request: Mapping[str, Any]) -> str | None:
    told = request.get("schedulingPolicyArn")
    return name_in(told, POLICY) if told else None


def _limits(told: Sequence[Mapping[str, Any]]) -> tuple[TimeLimit, ...]:
    for each in told:
        if each["state"] != "RUNNABLE" or each["action"] != "CANCEL":
            raise RefusedError(
                f"jobStateTimeLimitActions: {brief(each['action'])} of {brief(each['state'])} is not CANCEL of RUNNABLE"
            )
    return tuple(TimeLimit(float(each["maxTimeSeconds"]), each["reason"]) for each in told)


@one_at_a_time
def update(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Change a job queue."""
    _check_kind(request)
    name = name_in(request["jobQueue"], QUEUE)
    with desk.engine.reading() as state:
        old = _known(state, name)
    check_settled(desk, QUEUE, name, "update")
    names, recorded = old.environments, {}
    if request.get("computeEnvironmentOrder"):
        names, recorded = _order(desk, request["computeEnvironmentOrder"])
    limits = request.get("jobStateTimeLimitActions")
    changed = replace(
        old,
        priority=request.get("priority", old.priority),
        environments=names,
        policy=_policy(request) or old.policy,
        enabled=request.get("state", "ENABLED" if old.enabled else "DISABLED") == "ENABLED",
        limits=old.limits if limits is None else _limits(limits),
        recorded={**old.recorded, **recorded},
    )
    desk.engine.ask(PutQueue(changed))
    desk.settling.note(QUEUE, name, "UPDATING")
    return {"jobQueueName": name, "jobQueueArn": arn_of(desk, QUEUE, name)}


def _known(state: State, name: str) -> Queue:
    if name not in state.queues:
        raise RefusedError(f"JobQueue {brief(name)} does not exist")
    return state.queues[name]


@one_at_a_time
def delete(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Remove a job queue; it is DELETING until its last job has ended."""
    name = name_in(request["jobQueue"], QUEUE)
    with desk.engine.reading() as state:
        _known(state, name)
    is_relaxed = "delete-enabled" in desk.relaxed
    if not is_relaxed:
        check_settled(desk, QUEUE, name, "delete")
    desk.engine.ask(DeleteQueue(name, is_relaxed))
    desk.settling.forget(QUEUE, name)
    return {}


def describe(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Describe job queues: those named, or all. Who is not known is left out."""
    with desk.engine.reading() as state:
        chosen = selected(request.get("jobQueues"), state.queues, QUEUE)
        found, more = page(request, chosen, lambda each: each.name, 100)
        return {"jobQueues": [_detail(desk, state, each) for each in found], **more}


def _detail(desk: Desk, state: State, queue: Queue) -> dict[str, Any]:
    numbers = queue.recorded.get("order", ())
    if len(numbers) != len(queue.environments):
        numbers = range(1, len(queue.environments) + 1)
    kinds = {state.environments[each].purchase.is_fargate for each in queue.environments}
    told: dict[str, Any] = {
        "jobQueueName": queue.name,
        "jobQueueArn": arn_of(desk, QUEUE, queue.name),
        "state": "ENABLED" if queue.enabled else "DISABLED",
        **_status(desk, state, queue.name),
        "priority": queue.priority,
        "computeEnvironmentOrder": [
            {"order": number, "computeEnvironment": arn_of(desk, ENVIRONMENT, name)}
            for number, name in zip(numbers, queue.environments, strict=True)
        ],
        "jobQueueType": queue.recorded.get("jobQueueType") or ("ECS_FARGATE" if kinds == {True} else "ECS"),
        "jobStateTimeLimitActions": [
            {"reason": each.reason, "state": "RUNNABLE", "maxTimeSeconds": int(each.seconds), "action": "CANCEL"}
            for each in queue.limits
        ],
    }
    optional = {
        "schedulingPolicyArn": queue.policy and arn_of(desk, POLICY, queue.policy),
        "tags": dict(queue.tags),
    }
    return told | {key: value for key, value in optional.items() if value}


def _status(desk: Desk, state: State, name: str) -> dict[str, str]:
    if name in state.deleting:
        return {"status": "DELETING"}
    settling = desk.settling.status(QUEUE, name)
    return {"status": settling} if settling else {"status": "VALID", "statusReason": "JobQueue Healthy"}
