"""Why something happened, in the words that AWS Batch uses for it."""

from __future__ import annotations

__all__ = [
    "CHILD_FAILED",
    "DEPENDENCY_FAILED",
    "DONE_BEFORE",
    "EXITED",
    "FIXED",
    "MAIN_ENDED",
    "NOT_STARTED",
    "NO_CAPACITY",
    "NO_NODES",
    "OVERRIDES_TOO_LONG",
    "STUCK",
    "TIMED_OUT",
    "TOO_MANY",
    "host_terminated",
    "time_limit",
    "too_large",
]

EXITED = "Essential container in task exited"
NOT_STARTED = "Task failed to start"
TIMED_OUT = "Job attempt duration exceeded timeout"
DEPENDENCY_FAILED = "Dependent Job failed"
CHILD_FAILED = "Array Child Job failed"
OVERRIDES_TOO_LONG = "Container Overrides length must be at most 8192"
MISCONFIGURED = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"
NO_NODES = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - CE(s) associated with the job queue cannot run multi-node parallel jobs."
NO_CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
STUCK = (NO_CAPACITY, MISCONFIGURED, NO_NODES.partition(" ")[0])
"""What a queue's time limits can be for: how the reason begins for which a job stands RUNNABLE."""
MAIN_ENDED = "Main node has ended"
DONE_BEFORE = "Succeeded in an earlier job"
TOO_MANY = "(one of too many different reasons to keep)"

FIXED = frozenset(
    {EXITED, NOT_STARTED, TIMED_OUT, DEPENDENCY_FAILED, CHILD_FAILED, OVERRIDES_TOO_LONG, MAIN_ENDED, TOO_MANY}
)
"""Texts that a job always has room for."""


def host_terminated(instance: str) -> str:
    """Say that the machine under an attempt is gone."""
    return f"Host EC2 (instance {instance}) terminated."


def too_large(what: str) -> str:
    """Say that a job needs more than any compute environment of its queue has.

    Parameters
    ----------
    what
        ``"CPU"``, ``"memory"`` or ``"GPU"``.
    """
    return f"{MISCONFIGURED} - CE(s) associated with the job queue cannot meet the {what} requirement of the job."


def time_limit(reason: str) -> str:
    """Say that a job stood RUNNABLE at the head of its queue for too long."""
    return f"Canceled by JobStateTimeLimit action due to reason: {reason}"
