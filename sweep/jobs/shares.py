"""Fair share: how much each share identifier of a queue has used, and whose turn it is.

Use is vCPU-seconds, forgotten exponentially over the policy's decay time T. What runs now counts as if it had run for T already, so that
a share which has just been given everything is not given everything again.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sweep.jobs.state import Share

if TYPE_CHECKING:
    from sweep.jobs.queue import Policy
    from sweep.jobs.state import State

__all__ = ["active_shares", "charge", "running", "weighted_use"]

LEAST_DECAY = 600.0


def weighted_use(state: State, queue: str, policy: Policy, share: str, vcpus: float, now: int) -> float:
    """Return the use of a share, weighted: the one with the least is next.

    Parameters
    ----------
    vcpus
        What the share holds now.
    now
        ms since 1970.
    """
    window = max(policy.decay, LEAST_DECAY)
    known = state.shares.get(queue, {}).get(share, Share(0.0, now))
    past = known.used * math.exp(-max(0, now - known.at) / 1000.0 / window)
    return policy.weight(share) * (past / window + vcpus)


def charge(state: State, queue: str, policy: Policy, share: str, vcpu_seconds: float, now: int) -> None:
    """Add to what a share has used."""
    window = max(policy.decay, LEAST_DECAY)
    known = state.shares.setdefault(queue, {}).setdefault(share, Share(0.0, now))
    known.used = known.used * math.exp(-max(0, now - known.at) / 1000.0 / window) + vcpu_seconds
    known.at = now


def running(state: State, queue: str) -> dict[str, float]:
    """Return the vCPUs that each share of a queue holds now."""
    held: dict[str, float] = {}
    for lease in state.leases.values():
        job = state.jobs[lease.job]
        if job.request.queue == queue and job.request.share is not None:
            need = job.container(lease.spans[0][0]).resources.vcpus
            held[job.request.share] = held.get(job.request.share, 0.0) + lease.slots * need
    return held


def active_shares(state: State, queue: str) -> set[str]:
    """Return the shares of a queue that have jobs waiting for room or running."""
    waiting = {state.jobs[job_id].request.share or "" for _, job_id in state.waiting.get(queue, ())}
    return waiting | set(running(state, queue))
