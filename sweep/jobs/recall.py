"""Children that were handed out ahead and take longer than was thought are asked back, when others wait for the room.

Only what is more than about a second of work away from running is asked back. A worker that is further than it has told may end a child for it
that had begun: it begins anew, and the attempt does not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep.jobs.attempts import stops
from sweep.jobs.job import STOPPED, Flag
from sweep.jobs.limits import GRACE
from sweep.jobs.status import Status

if TYPE_CHECKING:
    from sweep.jobs.job import Job
    from sweep.jobs.lease import Lease
    from sweep.jobs.state import State
    from sweep.jobs.turn import Turn

__all__ = ["recall"]

LONG = 1000
"""ms that a lease may take, far more than was to be handed out at once; and that pass between two looks at it."""

AFTER_THIS = 1.0
"""Seconds of work that a worker keeps."""


def recall(turn: Turn) -> None:
    """Ask back what stands in the way of others."""
    late = [each for each in turn.state.deep.values() if turn.now - max(each.given, each.recalled) >= LONG]
    for lease in late:
        if _others_wait(turn.state, lease):
            lease.recalled = turn.now
            _ask_back(turn, turn.state.jobs[lease.job], lease)


def _others_wait(state: State, lease: Lease) -> bool:
    """Whether another job waits for a place in the environment of a lease."""
    lines = (lines for name, lines in state.waiting.items() if lease.environment in state.queues[name].environments)
    return any(place[-1] != lease.job for queue in lines for line in queue.values() for place in line[:2])


def _ask_back(turn: Turn, job: Job, lease: Lease) -> None:
    indices = np.concatenate([np.arange(first, last) for first, last, _ in lease.spans])
    unbegun = indices[job.children["status"][indices] == Status.STARTING]
    kept = lease.slots * (1 + int(AFTER_THIS / max(job.pace, 1e-7)))
    back = unbegun[kept:]
    back = back[~job.flagged(back, STOPPED | Flag.RECALLED)]
    job.flag(back, Flag.RECALLED)
    turn.effects.extend(stops(turn.state, job, back, GRACE))
