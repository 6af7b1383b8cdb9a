"""Fair share: how much each share identifier of a queue has used, and whose turn it is.

Use is vCPU-seconds, forgotten exponentially over the policy's decay time T. What runs now counts as if it had run for T already, so that
a share which has just been given everything is not given everything again.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sweep.jobs.state import Share

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweep.jobs.queue import Policy, Queue
    from sweep.jobs.state import State

__all__ = ["Uses", "charge", "reserved"]

LEAST_DECAY = 600.0


class Uses:
    """The weighted use of each share of a queue that waits, during one look at it."""

    def __init__(self, state: State, queue: Queue, now: int) -> None:
        policy = state.policies[queue.policy or ""]
        known, held = state.shares.get(queue.name, {}), state.share_held.get(queue.name, {})
        self._weights = {each: policy.weight(each) for each in state.waiting[queue.name]}
        self._uses = {
            each: (_faded(known[each], policy, now) / _window(policy) if each in known else 0.0)
            + (held[each].vcpus if each in held else 0.0)
            for each in self._weights
        }

    def hold(self, share: str, vcpus: float) -> None:
        """Count what a share was given just now."""
        self._uses[share] += vcpus

    def least(self, among: Iterable[str]) -> str:
        """Return the share that has used least."""
        return min(among, key=lambda each: (self._weights[each] * self._uses[each], each))


def _window(policy: Policy) -> float:
    """Return over how many seconds use is forgotten."""
    return max(policy.decay, LEAST_DECAY)


def _faded(share: Share, policy: Policy, now: int) -> float:
    """Return what is left now of a share's past use, in vCPU-seconds."""
    return share.used * math.exp(-max(0, now - share.at) / 1000.0 / _window(policy))


def charge(state: State, queue: str, policy: Policy, share: str, vcpu_seconds: float, now: int) -> None:
    """Add to what a share has used."""
    known = state.shares.setdefault(queue, {}).setdefault(share, Share(0.0, now))
    known.used = _faded(known, policy, now) + vcpu_seconds
    known.at = now


def reserved(state: State, queue: Queue) -> float:
    """Return the part of each environment that is kept for shares of a queue that have no jobs yet."""
    policy = state.policies[queue.policy or ""]
    if not policy.reservation:
        return 0.0
    active = state.waiting.get(queue.name, {}).keys() | state.share_held.get(queue.name, {}).keys()
    return (policy.reservation / 100.0) ** max(1, len(active))
