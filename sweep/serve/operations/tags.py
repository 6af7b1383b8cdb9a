"""Tags of everything that has an ARN, but children of arrays and nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep.errors import brief
from sweep.jobs.events import Tag, Taggable
from sweep.jobs.ids import parted
from sweep.jobs.tagging import tags_of
from sweep.serve.operations.arns import CONSUMABLE, DEFINITION, ENVIRONMENT, JOB, POLICY, QUEUE, taken_apart
from sweep.serve.operations.changing import one_at_a_time
from sweep.serve.refusal import RefusedError

if TYPE_CHECKING:
    from sweep.serve.desk import Desk

__all__ = ["show", "tag", "untag"]

_KINDS = {
    JOB: Taggable.JOB,
    DEFINITION: Taggable.DEFINITION,
    QUEUE: Taggable.QUEUE,
    ENVIRONMENT: Taggable.ENVIRONMENT,
    POLICY: Taggable.POLICY,
    CONSUMABLE: Taggable.CONSUMABLE,
}


@one_at_a_time
def tag(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Add tags; those of the same keys are replaced."""
    desk.engine.ask(Tag(*_named(request["resourceArn"]), tags=dict(request["tags"])))
    return {}


@one_at_a_time
def untag(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Take tags away."""
    desk.engine.ask(Tag(*_named(request["resourceArn"]), removed=tuple(request["tagKeys"])))
    return {}


def show(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Tell the tags of a thing."""
    named = _named(request["resourceArn"])
    with desk.engine.reading() as state:
        return {"tags": dict(tags_of(state, *named))}


def _named(arn: str) -> tuple[Taggable, str]:
    kind, name = taken_apart(arn)
    if kind not in _KINDS:
        raise RefusedError(f"Invalid ARN: {brief(arn)} is of a {brief(kind)}, which has no tags")
    if kind == JOB and parted(name)[1]:
        raise RefusedError(f"Invalid ARN: {brief(arn)} is of a child, and tags are for the whole job")
    return _KINDS[kind], name
