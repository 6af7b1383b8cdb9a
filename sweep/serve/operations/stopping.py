"""Jobs are cancelled and terminated, one by one or many at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep.errors import JobError
from sweep.serve.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.serve.desk import Desk

__all__ = ["cancel", "cancel_many", "terminate", "terminate_many"]

MOST = 50


def cancel(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Cancel a job or a child; what runs goes on."""
    desk.engine.cancel(_named(request["jobId"]), request["reason"])
    return {}


def terminate(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Terminate a job or a child, running or not."""
    desk.engine.terminate(_named(request["jobId"]), request["reason"])
    return {}


def _named(job_id: str) -> str:
    if not job_id:
        raise RefusedError("jobId must not be empty")
    return job_id


def cancel_many(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Cancel up to 50 jobs; an unknown one is no error."""
    return _each(request, desk.engine.cancel)


def terminate_many(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Terminate up to 50 jobs; an unknown one is no error."""
    return _each(request, desk.engine.terminate)


def _each(request: dict[str, Any], stop: Callable[[str, str], None]) -> dict[str, Any]:
    if len(request["jobs"]) > MOST:
        raise RefusedError(f"Maximum number of jobs supported is {MOST}, got {len(request['jobs'])}")
    done: list[str] = []
    errors: list[dict[str, str]] = []
    for each in request["jobs"]:
        try:
            stop(_named(each), request["reason"])
            done.append(each)
        except (RefusedError, JobError) as error:
            errors.append({"job": each, "code": "ClientException", "message": str(error)})
    return {"successful": done, "errors": errors}
