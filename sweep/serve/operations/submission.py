"""SubmitJob: AWS's members become the engine's request."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sweep.errors import brief
from sweep.jobs.aws import (
    consumables_from,
    range_from,
    retry_from,
    text_from,
    texts_from,
    variables_from,
    vcpus_from,
    whole_from,
)
from sweep.jobs.request import Dependency, Kind, NodeOverrides, Overrides, Request
from sweep.jobs.submission import find_definition
from sweep.serve.operations.amounts import check_vcpus
from sweep.serve.operations.arns import DEFINITION, QUEUE, name_in
from sweep.serve.operations.details import job_arn
from sweep.serve.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep.jobs.definition import Definition
    from sweep.jobs.state import State
    from sweep.serve.desk import Desk

__all__ = ["submit"]

MOST = 30
"""KiB of a submission."""

_CONSUMABLES = "consumableResourcePropertiesOverride"


def submit(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Submit a job."""
    size = len(json.dumps(request, separators=(",", ":")).encode())
    if size > MOST << 10:
        raise RefusedError(f"Job size must be less than {MOST} KiB, got {-(-size >> 10)} KiB")
    if "eksPropertiesOverride" in request:
        raise RefusedError("eksPropertiesOverride: there is no Kubernetes here")
    with desk.engine.reading() as state:
        definition = find_definition(state, name_in(request["jobDefinition"], DEFINITION))
        asked = _request(request, definition)
        _check_platform(state, asked.queue, definition)
    if definition.recorded:
        _check_amounts(asked, definition.recorded.get("platformCapabilities", ()))
    job_id = desk.engine.submit(asked)
    return {"jobArn": job_arn(desk, job_id), "jobName": asked.name, "jobId": job_id}


def _request(told: Mapping[str, Any], definition: Definition) -> Request:
    timeout, retry = told.get("timeout", {}).get("attemptDurationSeconds"), told.get("retryStrategy")
    return Request(
        name=told["jobName"],
        queue=name_in(told["jobQueue"], QUEUE),
        definition=definition.key,
        size=told.get("arrayProperties", {}).get("size"),
        depends_on=tuple(_dependency(each) for each in told.get("dependsOn", ())),
        parameters=texts_from("parameters", told.get("parameters", {})),
        overrides=_overrides(told, definition),
        retry=retry_from(retry) if retry else None,
        timeout=None if timeout is None else float(timeout),
        share=told.get("shareIdentifier"),
        priority=told.get("schedulingPriorityOverride"),
        tags=dict(told.get("tags", {})),
        propagate_tags=told.get("propagateTags"),
        nodes=told.get("nodeOverrides", {}).get("numNodes"),
        node_overrides=_node_overrides(told),
    )


def _check_amounts(asked: Request, capabilities: Sequence[str]) -> None:
    for each in (asked.overrides, *(each.overrides for each in asked.node_overrides)):
        if each.vcpus is not None:
            check_vcpus(each.vcpus, capabilities)


def _dependency(told: Mapping[str, Any]) -> Dependency:
    return Dependency(told.get("jobId") or None, Kind[told.get("type") or "WHOLE"])


def _overrides(told: Mapping[str, Any], definition: Definition) -> Overrides:
    given = told.get("containerOverrides", {})
    tasks = told.get("ecsPropertiesOverride", {}).get("taskProperties", ())
    if tasks:
        given = _of_task(tasks, definition)
    return replace(
        _read(given, definition.recorded.get("containerProperties", {})),
        consumables=_consumables(told),
    )


def _consumables(told: Mapping[str, Any]) -> dict[str, int] | None:
    return consumables_from(told, _CONSUMABLES) if _CONSUMABLES in told else None


def _node_overrides(told: Mapping[str, Any]) -> tuple[NodeOverrides, ...]:
    given = told.get("nodeOverrides", {}).get("nodePropertyOverrides", ())
    refused = next(
        (name for each in given for name in ("ecsPropertiesOverride", "eksPropertiesOverride") if name in each), None
    )
    if refused:
        raise RefusedError(f"{refused}: nodes are overridden by containerOverrides")
    return tuple(
        NodeOverrides(
            *range_from(each["targetNodes"]),
            replace(_read(each.get("containerOverrides", {}), {}), consumables=_consumables(each)),
        )
        for each in given
    )


def _of_task(tasks: Sequence[Mapping[str, Any]], definition: Definition) -> Mapping[str, Any]:
    """Return the overrides of the one container of a task, which is addressed by its name."""
    if "ecsProperties" not in definition.recorded:
        raise RefusedError("ecsPropertiesOverride is for job definitions with ecsProperties")
    (known,) = definition.recorded["ecsProperties"]["taskProperties"][0]["containers"]
    found = [each for task in tasks for each in task.get("containers", ())]
    if [each.get("name") for each in found] not in ([], [known.get("name")]):
        raise RefusedError(f"ecsPropertiesOverride: the container of {definition.key} is {known.get('name')}")
    return found[0] if found else {}


def _read(given: Mapping[str, Any], container: Mapping[str, Any]) -> Overrides:
    """Read the overrides of a container; the older members override the older members of the definition alone."""
    needs = {each["type"]: each["value"] for each in given.get("resourceRequirements", ())}
    unknown = needs.keys() - {"VCPU", "MEMORY", "GPU"}
    if unknown:
        raise RefusedError(f"resourceRequirements: type {brief(min(unknown))} is not one of GPU, VCPU, MEMORY")
    known = {each["type"] for each in container.get("resourceRequirements", ())}
    for kind, member in (("VCPU", "vcpus"), ("MEMORY", "memory")):
        if member in given and kind not in known:
            needs.setdefault(kind, given[member])
    try:
        return Overrides(
            command=tuple(text_from("command", each) for each in given.get("command", ())) or None,
            environment=variables_from(given),
            vcpus=vcpus_from(needs["VCPU"]) if "VCPU" in needs else None,
            memory=whole_from("MEMORY", needs["MEMORY"]) if "MEMORY" in needs else None,
            gpus=whole_from("GPU", needs["GPU"]) if "GPU" in needs else None,
        )
    except KeyError as error:
        raise RefusedError(f"environment: {error} is missing") from None


def _check_platform(state: State, queue: str, definition: Definition) -> None:
    """Refuse a definition for EC2 where there is Fargate only, and the other way round."""
    wanted = set(definition.recorded.get("platformCapabilities") or ["EC2"]) - {"MANAGED_INSTANCES"}
    known = state.queues.get(queue)
    if known is None or not definition.recorded or not wanted:
        return
    fargate = {state.environments[each].purchase.is_fargate for each in known.environments}
    kinds = {"FARGATE" if each else "EC2" for each in fargate}
    if not wanted & kinds:
        raise RefusedError(
            f"Job Queue is attached to Compute Environment that can not run Jobs with capability {min(wanted)}."
        )
