"""Scheduling policies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sweep.errors import brief
from sweep.jobs.events import DeletePolicy, PutPolicy
from sweep.jobs.queue import Policy
from sweep.serve.operations.arns import POLICY, arn_of, name_in
from sweep.serve.operations.changing import one_at_a_time, selected
from sweep.serve.operations.paging import page
from sweep.serve.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.serve.desk import Desk

__all__ = ["create", "delete", "describe", "list_all", "update"]


@one_at_a_time
def create(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Make a fair-share policy."""
    made = _changed(Policy(request["name"], tags=dict(request.get("tags", {}))), request)
    desk.engine.ask(PutPolicy(made, new=True))
    return {"name": made.name, "arn": arn_of(desk, POLICY, made.name)}


def _changed(policy: Policy, request: Mapping[str, Any]) -> Policy:
    if "quotaSharePolicy" in request:
        raise RefusedError("quotaSharePolicy: quota shares are for service jobs, which there are none of here")
    told = request.get("fairsharePolicy")
    if told is None:
        return policy
    shares = {
        each["shareIdentifier"]: float(each.get("weightFactor", 1.0)) for each in told.get("shareDistribution", ())
    }
    return replace(
        policy,
        decay=float(told.get("shareDecaySeconds", 0)),
        reservation=told.get("computeReservation", 0),
        weights=shares,
    )


@one_at_a_time
def update(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Replace what a policy says."""
    name = name_in(request["arn"], POLICY)
    with desk.engine.reading() as state:
        if name not in state.policies:
            raise RefusedError(f"SchedulingPolicy {brief(name)} does not exist")
        old = state.policies[name]
    desk.engine.ask(PutPolicy(_changed(old, request)))
    return {}


@one_at_a_time
def delete(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Remove a policy that no queue uses."""
    desk.engine.ask(DeletePolicy(name_in(request["arn"], POLICY)))
    return {}


def describe(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Describe policies; who is not known is left out."""
    if not request["arns"]:
        return {"schedulingPolicies": []}
    with desk.engine.reading() as state:
        found = selected(request["arns"], state.policies, POLICY)
    return {"schedulingPolicies": [_detail(desk, each) for each in found]}


def _detail(desk: Desk, policy: Policy) -> dict[str, Any]:
    told = {
        "name": policy.name,
        "arn": arn_of(desk, POLICY, policy.name),
        "fairsharePolicy": {
            "shareDecaySeconds": int(policy.decay),
            "computeReservation": policy.reservation,
            "shareDistribution": [
                {"shareIdentifier": share, "weightFactor": weight} for share, weight in policy.weights.items()
            ],
        },
    }
    return told | ({"tags": dict(policy.tags)} if policy.tags else {})


def list_all(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """List the ARNs of all policies."""
    with desk.engine.reading() as state:
        found, more = page(request, sorted(state.policies), str, 100)
    return {"schedulingPolicies": [{"arn": arn_of(desk, POLICY, each)} for each in found], **more}
