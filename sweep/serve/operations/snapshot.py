"""GetJobQueueSnapshot: whose turn is next in a queue, and who has its room now."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sweep.errors import brief
from sweep.jobs.front import front
from sweep.serve.operations.arns import QUEUE, name_in
from sweep.serve.operations.details import job_arn
from sweep.serve.refusal import RefusedError

if TYPE_CHECKING:
    from sweep.jobs.queue import Queue
    from sweep.jobs.state import State
    from sweep.serve.desk import Desk

__all__ = ["show"]

MOST, MOST_SHARES = 100, 20


def show(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Show the first hundred RUNNABLE jobs of a queue, and the vCPUs that its jobs hold."""
    name = name_in(request["jobQueue"], QUEUE)
    with desk.engine.reading() as state:
        if name not in state.queues:
            raise RefusedError(f"JobQueue {brief(name)} does not exist")
        queue, now = state.queues[name], max(state.now, int(time.time() * 1000))
        jobs = [
            {"jobArn": job_arn(desk, job_id), "earliestTimeAtPosition": since}
            for job_id, since in front(state, queue, now, MOST)
        ]
        return {
            "frontOfQueue": {"jobs": jobs, "lastUpdatedAt": now},
            "queueUtilization": {**_utilisation(state, queue), "lastUpdatedAt": now},
        }


def _utilisation(state: State, queue: Queue) -> dict[str, Any]:
    told: dict[str, Any] = {"totalCapacityUsage": [_vcpus(_held(state, queue))]}
    if queue.policy is not None:
        held = state.share_held.get(queue.name, {})
        most = sorted(held.items(), key=lambda each: (-each[1].vcpus, each[0]))[:MOST_SHARES]
        told["fairshareUtilization"] = {
            "activeShareCount": len(held),
            "topCapacityUtilization": [
                {"shareIdentifier": share, "capacityUsage": [_vcpus(each.vcpus)]} for share, each in most
            ],
        }
    return told


def _held(state: State, queue: Queue) -> float:
    """Return the vCPUs that jobs of a queue hold."""
    leases = (each for each in state.leases.values() if state.jobs[each.job].request.queue == queue.name)
    return sum(each.slots * state.jobs[each.job].container(each.spans[0][0]).resources.vcpus for each in leases)


def _vcpus(quantity: float) -> dict[str, Any]:
    return {"capacityUnit": "VCPU", "quantity": float(quantity)}
