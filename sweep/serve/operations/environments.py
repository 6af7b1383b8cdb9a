"""Compute environments: on this machine, whatever their instances."""

from __future__ import annotations

import math
import re
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sweep.errors import brief
from sweep.jobs.environment import Environment, Purchase
from sweep.jobs.events import DeleteEnvironment, PutEnvironment
from sweep.jobs.room import in_use
from sweep.machine import memory_mib, processors
from sweep.serve.operations.arns import ENVIRONMENT, arn_of, name_in, partition
from sweep.serve.operations.changing import check_settled, one_at_a_time, selected
from sweep.serve.operations.paging import page
from sweep.serve.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.jobs.state import State
    from sweep.serve.desk import Desk

__all__ = ["create", "delete", "describe", "update"]

GPUS, MEMORY = "sweep.gpus", "sweep.memory"
"""Tags of a compute environment: how many GPUs and MiB of memory it has. AWS has instance types for that."""

_RECORDED = ("serviceRole", "unmanagedvCpus", "context", "ecsSettings", "updatePolicy")
_ASKED = "updateToLatestImageVersion"
"""Asks an update for something, and is nothing that an environment has."""
_PROVIDER = "managedInstancesProvider"
_MANAGED_INSTANCES = "ECS_MANAGED_INSTANCES"


@one_at_a_time
def create(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Make a compute environment."""
    name, resources = request["computeEnvironmentName"], request.get("computeResources")
    _check(request, resources)
    tags = dict(request.get("tags", {}))
    recorded = {each: request[each] for each in _RECORDED if each in request}
    made = Environment(
        name,
        vcpus=float(resources["maxvCpus"] if resources else processors()),
        memory=_tagged(tags, MEMORY, memory_mib()),
        gpus=_tagged(tags, GPUS, 0),
        managed=request["type"] == "MANAGED",
        purchase=_purchase(resources or {}),
        enabled=request.get("state", "ENABLED") == "ENABLED",
        tags=tags,
        recorded=recorded | ({"computeResources": resources} if resources else {}),
    )
    desk.engine.ask(PutEnvironment(made, new=True))
    desk.settling.note(ENVIRONMENT, name, "CREATING")
    return {"computeEnvironmentName": name, "computeEnvironmentArn": arn_of(desk, ENVIRONMENT, name)}


def _check(request: Mapping[str, Any], resources: Mapping[str, Any] | None) -> None:
    if "eksConfiguration" in request:
        raise RefusedError("eksConfiguration: there is no Kubernetes here; jobs run on this machine")
    if request["type"] not in {"MANAGED", "UNMANAGED"}:
        raise RefusedError(f"type {brief(request['type'])} is not one of MANAGED, UNMANAGED")
    if request["type"] == "MANAGED" and resources is None:
        raise RefusedError("computeResources must be provided for a MANAGED compute environment")
    if request["type"] == "UNMANAGED" and resources is not None:
        raise RefusedError("computeResources must not be provided for an UNMANAGED compute environment")
    _check_unmanaged(request, managed=request["type"] == "MANAGED")


def _check_unmanaged(request: Mapping[str, Any], *, managed: bool) -> None:
    if managed and "unmanagedvCpus" in request:
        raise RefusedError("unmanagedvCpus is for UNMANAGED compute environments: a MANAGED one has maxvCpus")


def _purchase(resources: Mapping[str, Any]) -> Purchase:
    kind = resources.get("type", "EC2")
    if kind == _MANAGED_INSTANCES:
        return Purchase.EC2
    if kind not in Purchase.__members__:
        raise RefusedError(f"type {brief(kind)} is not one of {', '.join(Purchase.__members__)}, {_MANAGED_INSTANCES}")
    return Purchase[kind]


def _tagged(tags: Mapping[str, str], name: str, otherwise: int) -> int:
    told = tags.get(name, str(otherwise))
    if not re.fullmatch("[0-9]{1,19}", told):
        raise RefusedError(f"tag {name}={brief(told)} is not a whole number from 0 on")
    return int(told)


@one_at_a_time
def update(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Change a compute environment."""
    name = name_in(request["computeEnvironment"], ENVIRONMENT)
    with desk.engine.reading() as state:
        old = _known(state, name)
    check_settled(desk, ENVIRONMENT, name, "update")
    given = request.get("computeResources")
    _check_unmanaged(request, managed=old.managed)
    if given is not None and not old.managed:
        raise RefusedError("computeResources must not be provided for an UNMANAGED compute environment")
    recorded = dict(old.recorded) | {each: request[each] for each in _RECORDED if each in request}
    changed = replace(old, enabled=request.get("state", "ENABLED" if old.enabled else "DISABLED") == "ENABLED")
    if given is not None:
        recorded["computeResources"] = resources = _updated(_resources(state, old), given)
        changed = replace(changed, vcpus=float(given.get("maxvCpus", old.vcpus)), purchase=_purchase(resources))
    desk.engine.ask(PutEnvironment(replace(changed, recorded=recorded)))
    desk.settling.note(ENVIRONMENT, name, "UPDATING")
    return {"computeEnvironmentName": name, "computeEnvironmentArn": arn_of(desk, ENVIRONMENT, name)}


def _updated(resources: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return resources changed in part: a provider of instances may be given in part too, and must be whole when it is told."""
    changed = {**resources, **{key: value for key, value in given.items() if key != _ASKED}}
    if _PROVIDER in given:
        if _PROVIDER not in resources:
            raise RefusedError(f"{_PROVIDER} is for compute environments of the type {_MANAGED_INSTANCES}")
        changed[_PROVIDER] = _merged(resources[_PROVIDER], given[_PROVIDER])
    return changed


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    both = {key: _merged(old[key], new[key]) for key in old.keys() & new.keys() if isinstance(old[key], dict)}
    return {**old, **new, **both}


def _known(state: State, name: str) -> Environment:
    if name not in state.environments:
        raise RefusedError(f"ComputeEnvironment {brief(name)} does not exist")
    return state.environments[name]


@one_at_a_time
def delete(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Remove a compute environment."""
    name = name_in(request["computeEnvironment"], ENVIRONMENT)
    with desk.engine.reading() as state:
        _known(state, name)
    is_relaxed = "delete-enabled" in desk.relaxed
    if not is_relaxed:
        check_settled(desk, ENVIRONMENT, name, "delete")
    desk.engine.ask(DeleteEnvironment(name, is_relaxed))
    desk.settling.forget(ENVIRONMENT, name)
    return {}


def describe(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Describe compute environments: those named, or all. Who is not known is left out."""
    with desk.engine.reading() as state:
        chosen = selected(request.get("computeEnvironments"), state.environments, ENVIRONMENT)
        found, more = page(request, chosen, lambda each: each.name, 100)
        return {"computeEnvironments": [_detail(desk, state, each) for each in found], **more}


def _detail(desk: Desk, state: State, environment: Environment) -> dict[str, Any]:
    name = environment.name
    told: dict[str, Any] = {
        "computeEnvironmentName": name,
        "computeEnvironmentArn": arn_of(desk, ENVIRONMENT, name),
        "type": "MANAGED" if environment.managed else "UNMANAGED",
        "state": "ENABLED" if environment.enabled else "DISABLED",
        **_status(desk, state, name),
        "containerOrchestrationType": "ECS",
        "uuid": _uuid(desk, name),
        "ecsClusterArn": arn_of(desk, "cluster", f"{name}_Batch_{_uuid(desk, name)}", "ecs"),
        "serviceRole": f"arn:{partition(desk.region)}:iam::{desk.account}:role/aws-service-role/batch.amazonaws.com/"
        "AWSServiceRoleForBatch",
        "tags": dict(environment.tags),
    } | {key: value for key, value in environment.recorded.items() if key != "computeResources"}
    if environment.managed:
        told["computeResources"] = _resources(state, environment)
    return {key: value for key, value in told.items() if key != "tags" or value}


def _status(desk: Desk, state: State, name: str) -> dict[str, str]:
    if name in state.invalid:
        return {"status": "INVALID", "statusReason": f"CLIENT_ERROR - {state.invalid[name][0]}"}
    settling = desk.settling.status(ENVIRONMENT, name)
    return {"status": settling} if settling else {"status": "VALID", "statusReason": "ComputeEnvironment Healthy"}


def _uuid(desk: Desk, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, arn_of(desk, ENVIRONMENT, name)))


def _resources(state: State, environment: Environment) -> dict[str, Any]:
    """Tell the resources of a managed environment: as recorded, but what the engine knows better."""
    recorded = dict(environment.recorded.get("computeResources", {}))
    kind = environment.purchase.name
    if recorded.get("type") == _MANAGED_INSTANCES:
        kind = _MANAGED_INSTANCES
    told = {"subnets": [], "securityGroupIds": []} | recorded
    told |= {"type": kind, "maxvCpus": math.ceil(environment.vcpus)}
    if kind in {"EC2", "SPOT"}:
        least = recorded.get("minvCpus", 0)
        told |= {"minvCpus": least, "desiredvCpus": max(least, math.ceil(in_use(state, environment.name)[0]))}
        told.setdefault("instanceTypes", ["optimal"])
    return told
