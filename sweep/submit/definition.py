"""The job definition that a sweep's children are run by, and whether a revision that is there is the same."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from sweep.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.submit.options import Containers

__all__ = ["MOST_BYTES", "definition_of", "is_same"]

MOST_BYTES = 24 << 10
"""AWS takes no larger definition."""

_NAME = 128


def definition_of(kernel: str, containers: Containers) -> dict[str, Any]:
    """Return what RegisterJobDefinition takes. Logs go where AWS sends them when nothing is said: the group ``/aws/batch/job``.

    A child is tried again only when its machine was taken away: what it raised, it would raise again.

    Raises
    ------
    UsageError
        If it is larger than AWS takes.
    """
    needs = {"VCPU": containers.vcpus, "MEMORY": containers.memory, "GPU": containers.gpus}
    properties: dict[str, Any] = {
        "image": containers.image,
        "command": ["python", "-m", "sweep.child", "--help"],
        "resourceRequirements": [{"type": name, "value": str(value)} for name, value in needs.items() if value],
        "environment": [{"name": name, "value": value} for name, value in sorted(containers.environment.items())],
    }
    roles = {"jobRoleArn": containers.job_role, "executionRoleArn": containers.execution_role}
    properties |= {name: role for name, role in roles.items() if role is not None}
    definition: dict[str, Any] = {
        "jobDefinitionName": f"sweep-{plain(kernel)}"[:_NAME],
        "type": "container",
        "containerProperties": properties,
        "retryStrategy": {
            "attempts": containers.attempts,
            "evaluateOnExit": [
                {"onStatusReason": "Host EC2*", "action": "RETRY"},
                {"onReason": "*", "action": "EXIT"},
            ],
        },
        "propagateTags": True,
    }
    if containers.timeout is not None:
        definition["timeout"] = {"attemptDurationSeconds": containers.timeout}
    _check_size(definition)
    return definition


def plain(text: str) -> str:
    """Leave letters, digits, ``-`` and ``_``, of which AWS makes names.

    >>> plain("radar (v2)")
    'radar-v2'
    """
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-_") or "kernel"


def _check_size(definition: Mapping[str, Any]) -> None:
    size = len(json.dumps(definition))
    if size > MOST_BYTES:
        environment = len(json.dumps(definition["containerProperties"]["environment"]))
        raise UsageError(
            f"the job definition is {size / 1024:.1f} KiB, and AWS Batch takes {MOST_BYTES >> 10}: "
            f"{environment / 1024:.1f} KiB of it are --env; put these into the image"
        )


def is_same(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Tell whether a revision, as DescribeJobDefinitions shows it, runs children as `wanted` would."""
    return _essence(there) == _essence(wanted)


def _essence(told: Mapping[str, Any]) -> Any:
    """Return what matters of a definition, without the order of lists, the case of words, and empty defaults."""
    container: Mapping[str, Any] = told.get("containerProperties", {})
    plain_members = ("image", "command", "jobRoleArn", "executionRoleArn")
    other = {
        name: value
        for name, value in container.items()
        if value and name not in {*plain_members, "resourceRequirements", "environment", "vcpus", "memory"}
    }
    retry: Mapping[str, Any] = told.get("retryStrategy", {})
    return (
        told.get("type"),
        [container.get(name) or None for name in plain_members],
        sorted((each["type"], each["value"]) for each in container.get("resourceRequirements", ())),
        sorted((each["name"], each["value"]) for each in container.get("environment", ())),
        retry.get("attempts"),
        [sorted((name, text.upper()) for name, text in each.items()) for each in retry.get("evaluateOnExit", ())],
        told.get("timeout", {}).get("attemptDurationSeconds"),
        bool(told.get("propagateTags", False)),
        other,
    )
