"""Whose time counts against a timeout."""

from __future__ import annotations

import numpy as np

from sweep.jobs.job import STOPPED, Job, Shape
from sweep.jobs.status import Status

__all__ = ["first_start", "timed"]


def timed(job: Job) -> np.ndarray:
    """Return the children that run and have not been told to stop; of nodes, the main one."""
    running = np.flatnonzero(job.children["status"] == Status.RUNNING)
    if job.shape is Shape.NODES:
        running = running[running == job.main]
    return running[~job.flagged(running, STOPPED)]


def first_start(job: Job) -> int | None:
    """Return when the first of these began, ms since 1970; None if there is none, or no timeout."""
    if job.spec.timeout is None or not job.counts[Status.RUNNING]:
        return None
    running = timed(job)
    return int(job.children["started"][running].min()) if len(running) else None
