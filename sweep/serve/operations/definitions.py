"""Job definitions are registered, deregistered and described."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sweep.errors import brief
from sweep.jobs.aws import definition_from
from sweep.jobs.codec import encode
from sweep.jobs.events import Deregister, Register
from sweep.serve.operations.amounts import check_vcpus
from sweep.serve.operations.arns import DEFINITION, arn_of, name_in
from sweep.serve.operations.changing import MOST_NAMED
from sweep.serve.operations.containers import (
    container_properties,
    node_properties,
    retry_strategy,
    without_defaults_missing,
)
from sweep.serve.operations.paging import page
from sweep.serve.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sweep.jobs.definition import Container, Definition
    from sweep.jobs.state import State
    from sweep.serve.desk import Desk

__all__ = ["deregister", "describe", "register"]

MOST = 24
"""KiB of a definition."""

_OTHERS = ("jobDefinitionName", "tags")
_ECHOED = (
    "parameters",
    "timeout",
    "schedulingPriority",
    "propagateTags",
    "consumableResourceProperties",
    "ecsProperties",
)


def register(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Register a definition; its revision is the next of its name."""
    size = len(json.dumps(request, separators=(",", ":")).encode())
    if size > MOST << 10:
        raise RefusedError(f"Job definition size must be less than {MOST} KiB, got {-(-size >> 10)} KiB")
    _check(request)
    recorded = {name: value for name, value in request.items() if name not in _OTHERS}
    definition = replace(definition_from(_plain(request)), recorded=recorded)
    for each in _run_by(definition):
        check_vcpus(each.resources.vcpus, request.get("platformCapabilities", ()))
    _, _, revision = desk.engine.ask(Register(definition)).rpartition(":")
    key = f"{definition.name}:{revision}"
    return {
        "jobDefinitionName": definition.name,
        "jobDefinitionArn": arn_of(desk, DEFINITION, key),
        "revision": int(revision),
    }


def _run_by(definition: Definition) -> list[Container]:
    groups = () if definition.nodes is None else definition.nodes.groups
    return [each.container for each in groups] if definition.container is None else [definition.container]


def _check(request: Mapping[str, Any]) -> None:
    if "eksProperties" in request:
        raise RefusedError("eksProperties: there is no Kubernetes here; use containerProperties")
    kind, nodes = request.get("type"), "nodeProperties" in request
    if kind not in {"container", "multinode"} or nodes != (kind == "multinode"):
        raise RefusedError(
            f"type {brief(str(kind))} does not fit a definition with {'nodeProperties' if nodes else 'a container'}"
        )
    if "containerProperties" in request and "ecsProperties" in request:
        raise RefusedError("containerProperties and ecsProperties cannot both be provided")
    for each in _containers(request):
        _check_container(each)


def _containers(request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Go through the containers of a definition."""
    if "nodeProperties" in request:
        for each in request["nodeProperties"]["nodeRangeProperties"]:
            yield _one(each, "container")
    else:
        yield _one(request, "containerProperties")


def _one(told: Mapping[str, Any], member: str) -> Mapping[str, Any]:
    """Return the one container of a definition or a range of nodes."""
    if member in told:
        return told[member]
    tasks = told.get("ecsProperties", {}).get("taskProperties", ())
    containers = [each for task in tasks for each in task["containers"]]
    if not containers:
        raise RefusedError(f"{member} must be provided")
    if len(containers) > 1:
        raise RefusedError(f"ecsProperties: {len(containers)} containers in a task; a job is one command here")
    task = {name: value for name, value in tasks[0].items() if name != "containers"}
    return task | {name: value for name, value in containers[0].items() if name not in {"name", "essential"}}


def _check_container(container: Mapping[str, Any]) -> None:
    if not container.get("image"):
        raise RefusedError("Container properties image must be provided")
    needs = {each["type"] for each in container.get("resourceRequirements", ())}
    for kind, member in (("VCPU", "vcpus"), ("MEMORY", "memory")):
        if kind not in needs and member not in container:
            raise RefusedError(f"Container properties must have resourceRequirements of type {kind}")


def _plain(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition with the containers of its tasks in the place of tasks."""
    told = dict(request)
    if "nodeProperties" in told:
        ranges = [
            {**each, "container": _one(each, "container")} for each in told["nodeProperties"]["nodeRangeProperties"]
        ]
        told["nodeProperties"] = {**told["nodeProperties"], "nodeRangeProperties": ranges}
    else:
        told["containerProperties"] = _one(told, "containerProperties")
    return told


def deregister(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Make a revision INACTIVE."""
    name, _, revision = name_in(request["jobDefinition"], DEFINITION).partition(":")
    if not re.fullmatch("[0-9]{1,9}", revision):
        raise RefusedError(f"{brief(request['jobDefinition'])} names no revision: expected name:revision or an ARN")
    desk.engine.ask(Deregister(name, int(revision)))
    return {}


def describe(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Describe revisions: those named, those of a name, or all; later ones first."""
    with desk.engine.reading() as state:
        chosen = sorted(_chosen(state, request), key=_key)
        found, more = page(request, chosen, _key, MOST_NAMED)
        return {"jobDefinitions": [_detail(desk, each) for each in found], **more}


def _key(definition: Definition) -> list[Any]:
    return [definition.name, -definition.revision]


def _chosen(state: State, request: Mapping[str, Any]) -> Iterable[Definition]:
    named, name, status = request.get("jobDefinitions"), request.get("jobDefinitionName"), request.get("status")
    if named and len(named) > MOST_NAMED:
        raise RefusedError(f"Cannot describe more than {MOST_NAMED} at a time, got {len(named)}")
    wanted = {name_in(each, DEFINITION) for each in named} if named else None
    for each in (each for revisions in state.definitions.values() for each in revisions):
        if (
            (wanted is None or not wanted.isdisjoint({each.key, each.name}))
            and name in {None, "", each.name}
            and (not status or (status == "ACTIVE") == each.active)
        ):
            yield each


def _detail(desk: Desk, definition: Definition) -> dict[str, Any]:
    recorded = definition.recorded
    told: dict[str, Any] = {
        "jobDefinitionName": definition.name,
        "jobDefinitionArn": arn_of(desk, DEFINITION, definition.key),
        "revision": definition.revision,
        "status": "ACTIVE" if definition.active else "INACTIVE",
        "type": "container" if definition.nodes is None else "multinode",
        "platformCapabilities": recorded.get("platformCapabilities") or ["EC2"],
        "containerOrchestrationType": "ECS",
        "parameters": dict(definition.parameters),
    } | {name: recorded[name] for name in _ECHOED if name in recorded}
    told |= {"tags": dict(definition.tags)} if definition.tags else {}
    if "retryStrategy" in recorded or not recorded:
        told["retryStrategy"] = retry_strategy(encode(definition.retry))
    return told | (_as_given(recorded) if recorded else _as_known(definition))


def _as_given(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Tell what runs in the words of who registered it."""
    if "containerProperties" in recorded:
        return {"containerProperties": without_defaults_missing(recorded["containerProperties"])}
    if "nodeProperties" not in recorded:
        return {}
    nodes = recorded["nodeProperties"]
    ranges = [
        each | ({"container": without_defaults_missing(each["container"])} if "container" in each else {})
        for each in nodes["nodeRangeProperties"]
    ]
    return {"nodeProperties": {**nodes, "nodeRangeProperties": ranges}}


def _as_known(definition: Definition) -> dict[str, Any]:
    """Tell what runs of a definition that was not registered over HTTP."""
    told: dict[str, Any] = {}
    if definition.container is not None:
        told["containerProperties"] = container_properties(definition.container)
    if definition.nodes is not None:
        told["nodeProperties"] = node_properties(definition.nodes)
    if definition.timeout is not None:
        told["timeout"] = {"attemptDurationSeconds": int(definition.timeout)}
    return told | {"schedulingPriority": definition.scheduling_priority, "propagateTags": definition.propagate_tags}
