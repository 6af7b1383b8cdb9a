"""A submission as a state machine of AWS Step Functions, in the Amazon States Language.

The three stages are three states that each wait for their job (``submitJob.sync``). Two states cannot depend on each other child by child, so
a shard is reduced when all have been simulated, not before. To hand the map job's id to a reduction that is submitted beside it, as
N_TO_N needs, would leave jobs that no state waits for: whoever stops the execution would stop only the last of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep.submit.requests import request_of

if TYPE_CHECKING:
    from sweep.submit.options import Containers
    from sweep.submit.requests import Job

__all__ = ["state_machine"]

_SYNC = "arn:aws:states:::batch:submitJob.sync"


def state_machine(jobs: list[Job], queue: str, definition: str, containers: Containers) -> dict[str, Any]:
    """Return the state machine's definition.

    Parameters
    ----------
    jobs
        From `sweep.submit.requests.jobs_of`.
    queue, definition
        Names or ARNs.
    containers
        Tags, share and priority.
    """
    names = _names(jobs)
    states = {
        name: _state(job, queue, definition, containers, after)
        for name, job, after in zip(names, jobs, [*names[1:], None], strict=True)
    }
    return {
        "Comment": f"sweep {jobs[-1].name.removesuffix('-merge')}: run it again to go on; a child that has finished its shard ends at once",
        "StartAt": names[0],
        "States": states,
    }


def _names(jobs: list[Job]) -> list[str]:
    """Name the states after their stages; reductions that were left out earlier are numbered by their first shard."""
    return [f"{each.task.stage.capitalize()}{each.task.offset if each.task.stage == 'rest' else ''}" for each in jobs]


def _state(job: Job, queue: str, definition: str, containers: Containers, after: str | None) -> dict[str, Any]:
    request = request_of(job, [], queue, definition, containers, alone=True)
    following: dict[str, Any] = {"End": True} if after is None else {"Next": after}
    return {"Type": "Task", "Resource": _SYNC, "Parameters": _in_pascal_case(request), "ResultPath": None, **following}


def _in_pascal_case(request: dict[str, Any]) -> dict[str, Any]:
    """Name the members as Step Functions does, with capitals; the names of tags are data, and stay."""
    return {
        f"{name[:1].upper()}{name[1:]}": _in_pascal_case(value) if isinstance(value, dict) and name != "tags" else value
        for name, value in request.items()
    }
