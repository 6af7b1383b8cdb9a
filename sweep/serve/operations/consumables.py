"""Consumable resources: what jobs need beside room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep.errors import brief
from sweep.jobs.consumable import Change, Consumable
from sweep.jobs.events import ChangeConsumable, DeleteConsumable, PutConsumable
from sweep.jobs.fit import consumed_at_once
from sweep.jobs.listing import Listing
from sweep.jobs.status import Status
from sweep.serve.operations.arns import CONSUMABLE, DEFINITION, QUEUE, arn_of, name_in
from sweep.serve.operations.details import job_arn, needs_told, summary_of
from sweep.serve.operations.paging import page
from sweep.serve.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sweep.jobs.job import Job
    from sweep.jobs.state import State
    from sweep.serve.desk import Desk

__all__ = ["create", "delete", "describe", "list_all", "list_jobs", "update"]

_KINDS = {"REPLENISHABLE": True, "NON_REPLENISHABLE": False}
_MOST = 100


def create(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Make a consumable resource."""
    name, kind = request["consumableResourceName"], request.get("resourceType", "REPLENISHABLE")
    if kind not in _KINDS:
        raise RefusedError(f"resourceType {brief(kind)} is not one of {', '.join(_KINDS)}")
    made = Consumable(name, request.get("totalQuantity", 0), _KINDS[kind], tags=dict(request.get("tags", {})))
    desk.engine.ask(PutConsumable(made))
    return _named(desk, name)


def _named(desk: Desk, name: str) -> dict[str, Any]:
    return {"consumableResourceName": name, "consumableResourceArn": arn_of(desk, CONSUMABLE, name)}


def update(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Set the total, or add to or take from it."""
    name, operation = name_in(request["consumableResource"], CONSUMABLE), request.get("operation", "SET")
    if operation not in Change.__members__:
        raise RefusedError(f"operation {brief(operation)} is not one of {', '.join(Change.__members__)}")
    if "quantity" not in request:
        raise RefusedError("quantity must be provided")
    event = ChangeConsumable(name, Change[operation], request["quantity"], request.get("clientToken"))
    return {**_named(desk, name), "totalQuantity": desk.engine.ask(event)}


def delete(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Remove a consumable resource that no live job needs."""
    desk.engine.ask(DeleteConsumable(name_in(request["consumableResource"], CONSUMABLE)))
    return {}


def describe(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Tell how much there is of a consumable resource, and how much is in use."""
    name = name_in(request["consumableResource"], CONSUMABLE)
    with desk.engine.reading() as state:
        known = _known(state, name)
        told = _summary(desk, state, known)
        told["availableQuantity"] = max(0, state.available(name))
    told["createdAt"] = known.created
    return told | ({"tags": dict(known.tags)} if known.tags else {})


def _known(state: State, name: str) -> Consumable:
    if name not in state.consumables:
        raise RefusedError(f"ConsumableResource {brief(name)} does not exist")
    return state.consumables[name]


def _summary(desk: Desk, state: State, consumable: Consumable) -> dict[str, Any]:
    return {
        **_named(desk, consumable.name),
        "totalQuantity": consumable.total,
        "inUseQuantity": state.consumed.get(consumable.name, 0),
        "resourceType": next(kind for kind, gives in _KINDS.items() if gives == consumable.replenishable),
    }


def list_all(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """List consumable resources by name."""
    takes = _all_of(request.get("filters", ()), {"CONSUMABLE_RESOURCE_NAME": _fits_name})
    with desk.engine.reading() as state:
        chosen = [state.consumables[name] for name in sorted(state.consumables) if takes(name)]
        found, more = page(request, chosen, lambda each: each.name, _MOST)
        return {"consumableResources": [_summary(desk, state, each) for each in found], **more}


def _fits_name(name: str, value: str) -> bool:
    wanted, found = value.lower(), name.lower()
    return found.startswith(wanted[:-1]) if wanted.endswith("*") else found == wanted


def _all_of(
    filters: Sequence[Mapping[str, Any]], known: Mapping[str, Callable[[Any, str], bool]]
) -> Callable[[Any], bool]:
    """Return what takes that which fits a value of each filter."""
    for each in filters:
        if each.get("name") not in known:
            raise RefusedError(f"filter {brief(str(each.get('name')))} is not one of {', '.join(known)}")
    return lambda entry: all(
        any(known[each["name"]](entry, value) for value in each.get("values", ())) for each in filters
    )


def list_jobs(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """List the jobs that need a consumable resource, newest first."""
    name = name_in(request["consumableResource"], CONSUMABLE)
    takes = _all_of(request.get("filters", ()), {"JOB_STATUS": _has_status, "JOB_NAME": _has_name})
    with desk.engine.reading() as state:
        _known(state, name)
        needing = (each for each in reversed(state.jobs.values()) if name in consumed_at_once(each) and takes(each))
        found, more = page(request, needing, lambda each: -each.order, _MOST)
        return {"jobs": [_needing(desk, state, each, name) for each in found], **more}


def _has_status(job: Job, value: str) -> bool:
    if value not in Status.__members__:
        raise RefusedError(f"JOB_STATUS {brief(value)} is not one of {', '.join(Status.__members__)}")
    return job.status.name == value


def _has_name(job: Job, value: str) -> bool:
    return Listing(name=value).takes(job)


def _needing(desk: Desk, state: State, job: Job, name: str) -> dict[str, Any]:
    summary = summary_of(desk, state, job, None)
    kept = ("jobName", "shareIdentifier", "statusReason", "startedAt", "createdAt")
    needs = consumed_at_once(job)
    return {each: summary[each] for each in kept if each in summary} | {
        "jobArn": job_arn(desk, job.id),
        "jobQueueArn": arn_of(desk, QUEUE, job.request.queue),
        "jobDefinitionArn": arn_of(desk, DEFINITION, job.spec.definition),
        "jobStatus": summary["status"],
        "quantity": needs[name],
        "consumableResourceProperties": needs_told(desk, needs),
    }
