"""Containers of definitions and jobs, as AWS tells them.

What the engine has no use for (images on a host, roles, mount points, log configuration) is told as it was given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.jobs.definition import Container, NodeGroup, Nodes, Resources

__all__ = ["container_properties", "job_container", "node_properties", "retry_strategy", "without_defaults_missing"]

_LISTS = ("command", "environment", "mountPoints", "resourceRequirements", "secrets", "ulimits", "volumes")
"""Members that AWS tells though they were not given."""

_OLD = {"VCPU": "vcpus", "MEMORY": "memory"}
"""Types of resources, and the older members for them."""


def without_defaults_missing(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Add the empty lists that AWS tells of a container."""
    return {name: [] for name in _LISTS} | dict(properties)


def container_properties(container: Container) -> dict[str, Any]:
    """Tell a container that was not registered over HTTP."""
    told: dict[str, Any] = {
        "command": list(container.command),
        "environment": _variables(container.environment),
        "resourceRequirements": _requirements(container.resources),
    }
    recorded = {name: value for name, value in container.recorded.items() if name != "function"}
    return without_defaults_missing(({"image": container.image} if container.image else {}) | recorded | told)


def job_container(container: Container, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Tell what a job runs: the definition's container, as it was `given` over HTTP, overlaid with what was submitted.

    A type of resource for which the definition used the older member is told by that, unless the job overrides it.
    """
    told = container_properties(container)
    if given is None:
        return told
    old = {each: member for each, member in _OLD.items() if member in given and each not in _types(given)}
    values = {"VCPU": container.resources.vcpus, "MEMORY": container.resources.memory}
    told["resourceRequirements"] = [each for each in told["resourceRequirements"] if each["type"] not in old]
    return told | {member: int(values[each]) for each, member in old.items()}


def _types(properties: Mapping[str, Any]) -> set[str]:
    return {each["type"] for each in properties.get("resourceRequirements", ())}


def _variables(environment: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": text} for name, text in environment.items()]


def _requirements(need: Resources) -> list[dict[str, str]]:
    told = [{"type": "VCPU", "value": f"{need.vcpus:g}"}, {"type": "MEMORY", "value": str(need.memory)}]
    return told + ([{"type": "GPU", "value": str(need.gpus)}] if need.gpus else [])


def node_properties(nodes: Nodes) -> dict[str, Any]:
    """Tell the nodes of a multi-node job."""
    groups = [{"targetNodes": _range(each), "container": container_properties(each.container)} for each in nodes.groups]
    return {"numNodes": nodes.count, "mainNode": nodes.main, "nodeRangeProperties": groups}


def _range(group: NodeGroup) -> str:
    return f"{group.first}:{'' if group.last is None else group.last}"


def retry_strategy(told: Mapping[str, Any]) -> dict[str, Any]:
    """Tell a retry strategy that the codec has encoded; AWS writes actions in small letters."""
    rules = [each | {"action": each["action"].lower()} for each in told.get("evaluateOnExit", ())]
    return {"attempts": told.get("attempts", 1), "evaluateOnExit": rules}
