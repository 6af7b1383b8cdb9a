"""A definition and a request become what a job runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from sweep.errors import JobError, brief
from sweep.jobs.definition import Container, Definition, Nodes, Resources
from sweep.jobs.job import Spec
from sweep.jobs.request import Overrides, Request

__all__ = ["merge_request"]

_REFERENCE = re.compile(r"Ref::([A-Za-z0-9_-]+)")


def merge_request(definition: Definition, request: Request) -> Spec:
    """Overlay a definition with a request.

    Raises
    ------
    JobError
        If a command refers to a parameter that neither gives.
    """
    parameters = {**definition.parameters, **request.parameters}
    container, nodes = definition.container, definition.nodes
    if container is not None:
        container = _overlaid(container, request.overrides, parameters)
    if nodes is not None:
        nodes = _overlaid_nodes(nodes, request, parameters)
    return Spec(
        definition=definition.key,
        container=container,
        nodes=nodes,
        retry=request.retry or definition.retry,
        timeout=definition.timeout if request.timeout is None else request.timeout,
        priority=definition.scheduling_priority if request.priority is None else request.priority,
        tags=dict(request.tags),
        propagate_tags=definition.propagate_tags if request.propagate_tags is None else request.propagate_tags,
    )


def _overlaid(container: Container, overrides: Overrides, parameters: Mapping[str, str]) -> Container:
    command = container.command if overrides.command is None else overrides.command
    given = {"vcpus": overrides.vcpus, "memory": overrides.memory, "gpus": overrides.gpus}
    resources: Resources = replace(container.resources, **{k: v for k, v in given.items() if v is not None})
    return replace(
        container,
        command=tuple(_substituted(each, parameters) for each in command),
        environment={**container.environment, **overrides.environment},
        resources=resources,
        consumables={**container.consumables, **(overrides.consumables or {})},
    )


def _overlaid_nodes(nodes: Nodes, request: Request, parameters: Mapping[str, str]) -> Nodes:
    count = nodes.count if request.nodes is None else request.nodes
    if count != nodes.count and not any(each.last is None and each.first < count for each in nodes.groups):
        raise JobError(f"numNodes={count} can only be asked for where the last node range is open and begins below it")
    if count <= nodes.main:
        raise JobError(f"numNodes={count} leaves out the main node {nodes.main}")
    by_range = {(each.first, each.last): each.overrides for each in request.node_overrides}
    unknown = by_range.keys() - {(each.first, each.last) for each in nodes.groups}
    if unknown:
        raise JobError(f"nodeOverrides are for a range of nodes that the job definition has not: {min(unknown)[0]}:")
    groups = tuple(
        replace(
            each,
            container=_overlaid(each.container, by_range.get((each.first, each.last), request.overrides), parameters),
        )
        for each in nodes.groups
    )
    return Nodes(count, nodes.main, groups)


def _substituted(token: str, parameters: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in parameters:
            raise JobError(f"Unable to substitute value. No parameter found for reference {brief(match[1])}")
        return parameters[match[1]]

    return _REFERENCE.sub(value, token)
