"""AWS Batch's own JSON read into what the engine takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sweep.errors import JobError, brief
from sweep.jobs.definition import Action, Container, Definition, ExitRule, NodeGroup, Nodes, Resources, Retry

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "RUNTIME",
    "consumables_from",
    "container_from",
    "definition_from",
    "range_from",
    "retry_from",
    "text_from",
    "texts_from",
    "variables_from",
    "vcpus_from",
    "whole_from",
]

RUNTIME = "sweep.runtime"
"""A tag of a definition, ``host`` or ``container``: whether its image is used here. AWS itself has no member for that."""

_REQUIREMENTS = ("VCPU", "MEMORY", "GPU")
_VCPUS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_WHOLE = re.compile(r"[0-9]{1,10}")
_RANGE = re.compile(r"[0-9]{1,9}|[0-9]{0,9}:[0-9]{0,9}")
_READ = {"command", "environment", "image", "resourceRequirements", "vcpus", "memory", "function"}


def definition_from(told: Mapping[str, Any], name: str | None = None) -> Definition:
    """Read what RegisterJobDefinition takes.

    Parameters
    ----------
    told
        AWS's members, by AWS's names.
    name
        In place of ``jobDefinitionName``.

    Raises
    ------
    JobError
        If it cannot be read.
    """
    try:
        return _definition(told, name)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise JobError(f"the job definition cannot be read: {what}") from None


def _definition(told: Mapping[str, Any], name: str | None) -> Definition:
    container, nodes = told.get("containerProperties"), told.get("nodeProperties")
    timeout = told.get("timeout", {}).get("attemptDurationSeconds")
    runtime = str(told.get("tags", {}).get(RUNTIME, "host"))
    if nodes is not None and runtime != "host":
        raise JobError(f"tag {RUNTIME}={brief(runtime)}: nodes are run on the host, where they find each other")
    return Definition(
        name or told["jobDefinitionName"],
        container=None if container is None else container_from(container, runtime, consumables_from(told)),
        nodes=None if nodes is None else _nodes(nodes),
        parameters=texts_from("parameters", told.get("parameters", {})),
        retry=retry_from(told.get("retryStrategy", {})),
        timeout=None if timeout is None else float(timeout),
        scheduling_priority=int(told.get("schedulingPriority", 0)),
        tags=dict(told.get("tags", {})),
        propagate_tags=bool(told.get("propagateTags", False)),
    )


def container_from(
    told: Mapping[str, Any], runtime: str = "host", consumables: Mapping[str, int] | None = None
) -> Container:
    """Read ``containerProperties``, to be run on the host or in a container.

    What the engine has no use for is recorded, and shown as it was given.
    """
    return Container(
        command=tuple(text_from("command", each) for each in told.get("command", ())),
        function=told.get("function"),
        image=text_from("image", told["image"]) if told.get("image") is not None else None,
        environment=variables_from(told),
        resources=_resources(told),
        runtime=runtime,
        recorded={name: value for name, value in told.items() if name not in _READ},
        consumables=consumables or {},
    )


def _resources(told: Mapping[str, Any]) -> Resources:
    """Read the requirements; the older members `vcpus` and `memory` count where these say nothing."""
    needs = {each["type"]: each["value"] for each in told.get("resourceRequirements", ())}
    unknown = next((each for each in needs if each not in _REQUIREMENTS), None)
    if unknown is not None:
        raise JobError(f"resourceRequirements: type {brief(unknown)!r} is not one of {', '.join(_REQUIREMENTS)}")
    return Resources(
        vcpus=vcpus_from(needs.get("VCPU", told.get("vcpus", 1))),
        memory=whole_from("MEMORY", needs.get("MEMORY", told.get("memory", 512))),
        gpus=whole_from("GPU", needs.get("GPU", 0)),
    )


def vcpus_from(told: Any) -> float:
    """Read the value of a requirement of the type VCPU, in decimal digits: float() takes far more.

    >>> vcpus_from("0.25"), vcpus_from(4)
    (0.25, 4.0)
    """
    if not _VCPUS.fullmatch(str(told)):
        raise JobError(f"resourceRequirements: VCPU value {brief(str(told))!r} is no number of vCPUs, as 2 or 0.25")
    return float(told)


def whole_from(kind: str, told: Any) -> int:
    """Read the value of a requirement of the type MEMORY or GPU.

    >>> whole_from("MEMORY", "2048")
    2048
    """
    if not _WHOLE.fullmatch(str(told)):
        raise JobError(f"resourceRequirements: {kind} value {brief(str(told))!r} is not a whole number")
    return int(told)


def variables_from(told: Mapping[str, Any]) -> dict[str, str]:
    """Read the variables of ``environment``."""
    given = {each["name"]: each.get("value", "") for each in told.get("environment", ())}
    return texts_from("environment", given)


def texts_from(member: str, told: Mapping[str, str]) -> dict[str, str]:
    """Read texts by their names."""
    return {name: text_from(f"{member} {name}", text) for name, text in told.items()}


def text_from(member: str, text: str) -> str:
    """Read a text that a program is to be given, which may hold no NUL."""
    if "\0" in text:
        raise JobError(f"{brief(member)}: {brief(text)!r} holds a NUL character, which no program can be given")
    return text


def retry_from(told: Mapping[str, Any]) -> Retry:
    """Read a ``retryStrategy``."""
    if "evaluateOnExit" in told and "attempts" not in told:
        raise JobError("RetryAttempts must be provided with retry strategy")
    rules = (
        ExitRule(_action(each["action"]), each.get("onExitCode"), each.get("onReason"), each.get("onStatusReason"))
        for each in told.get("evaluateOnExit", ())
    )
    return Retry(int(told.get("attempts", 1)), tuple(rules))


def consumables_from(told: Mapping[str, Any], member: str = "consumableResourceProperties") -> dict[str, int]:
    """Read what is needed of consumable resources, which are named by name or ARN."""
    needs = told.get(member, {}).get("consumableResourceList", ())
    for each in needs:
        for name in ("consumableResource", "quantity"):
            if name not in each:
                raise JobError(f"{member}: {name} is missing in the consumableResourceList")
    return {each["consumableResource"].rpartition("/")[2]: int(each["quantity"]) for each in needs}


def _action(text: str) -> Action:
    if text.upper() not in Action.__members__:
        raise JobError(f"evaluateOnExit: action {brief(text)!r} is not one of {', '.join(Action.__members__)}")
    return Action[text.upper()]


def _nodes(told: Mapping[str, Any]) -> Nodes:
    groups = (
        NodeGroup(
            *range_from(each["targetNodes"]), container_from(each["container"], consumables=consumables_from(each))
        )
        for each in told["nodeRangeProperties"]
    )
    return Nodes(int(told["numNodes"]), int(told["mainNode"]), tuple(groups))


def range_from(text: str) -> tuple[int, int | None]:
    """Read ``"0:3"``, ``":n"``, ``"n:"`` or ``"2"``; both ends are included.

    >>> [range_from(each) for each in ("0:3", ":4", "5:", "2")]
    [(0, 3), (0, 4), (5, None), (2, 2)]

    Raises
    ------
    JobError
        If it is none of these.
    """
    if not _RANGE.fullmatch(text):
        raise JobError(f"targetNodes {brief(text)!r} is not a node or a range of nodes, as 2, 0:3, :4 or 5:")
    first, colon, last = text.partition(":")
    if not colon:
        return int(first), int(first)
    return int(first or 0), int(last) if last else None
