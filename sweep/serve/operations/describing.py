"""DescribeJobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep.serve.operations.details import detail_of
from sweep.serve.refusal import RefusedError

if TYPE_CHECKING:
    from sweep.serve.desk import Desk

__all__ = ["describe"]

MOST = 100


def describe(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Describe jobs, children and nodes by their ids; who is not known is left out."""
    if len(request["jobs"]) > MOST:
        raise RefusedError(f"Maximum number of jobs supported is  {MOST}")  # AWS writes two spaces
    with desk.engine.reading() as state:
        found = [state.find(each) for each in dict.fromkeys(request["jobs"])]
        return {"jobs": [detail_of(desk, state, *each) for each in found if each is not None]}
