"""The seven states of a job, and which move may follow which.

::

    SUBMITTED ──> PENDING ──> RUNNABLE ──> STARTING ──> RUNNING ──> SUCCEEDED
        │            │           │ ^           │           │
        │            │           │ └───────────┴───────────┤   another attempt
        └────────────┴───────────┴─────────────────────────┴──> FAILED

A child that succeeded in an earlier job, of which this one runs the failed children again, goes from SUBMITTED to SUCCEEDED.
An array job as a whole is PENDING from when it was looked at until its last child has ended.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

__all__ = ["ACTIVE", "ALLOWED", "Status", "is_active"]


class Status(IntEnum):
    """Where a job, or a child of one, stands; the numbers are what the compact arrays hold."""

    SUBMITTED = 0
    PENDING = 1
    RUNNABLE = 2
    STARTING = 3
    RUNNING = 4
    SUCCEEDED = 5
    FAILED = 6

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more happens after it."""
        return self >= Status.SUCCEEDED


ACTIVE = (Status.STARTING, Status.RUNNING)


def is_active(status: np.ndarray) -> np.ndarray:
    """Return which states are active: bool, of the same shape. Two comparisons, since `np.isin` takes ten times as long for a few."""
    return (status >= Status.STARTING) & (status <= Status.RUNNING)


"""States in which a worker has the child."""

_MOVES = {
    Status.SUBMITTED: {Status.PENDING, Status.RUNNABLE, Status.SUCCEEDED, Status.FAILED},
    Status.PENDING: {Status.RUNNABLE, Status.FAILED},
    Status.RUNNABLE: {Status.STARTING, Status.FAILED},
    Status.STARTING: {Status.RUNNING, Status.RUNNABLE, Status.FAILED},
    Status.RUNNING: {Status.SUCCEEDED, Status.FAILED, Status.RUNNABLE},
    Status.SUCCEEDED: set[Status](),
    Status.FAILED: set[Status](),
}

ALLOWED = np.array([[after in _MOVES[before] for after in Status] for before in Status])
"""bool (7, 7): ``ALLOWED[before, after]``."""
