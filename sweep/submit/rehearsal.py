"""An endpoint that is asked nothing: it writes down what would be asked, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.submit.options import Target

__all__ = ["REVISION", "SUBMISSION", "Rehearsal"]

REVISION = "${revision}"
"""In place of what AWS would answer; ids of jobs are ``${job 1}`` and so on."""

SUBMISSION = "${submission}"
"""In place of the submission's name, which its time is part of."""


class Rehearsal:
    """Takes what `sweep.submit.batch.Batch` takes, of an account that has no definition yet.

    Attributes
    ----------
    calls
        AWS's operations with what they are given.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.calls: list[dict[str, Any]] = []
        self._submitted = 0

    def _call(self, operation: str, parameters: Mapping[str, Any]) -> None:
        self.calls.append({"service": "batch", "operation": operation, "parameters": dict(parameters)})

    def require_queue(self) -> None:
        """Write down that the queue is asked after."""
        self._call("DescribeJobQueues", {"jobQueues": [self.target.queue]})

    def definition(self, wanted: Mapping[str, Any]) -> str:
        """Write down that a definition is looked for, and registered."""
        self._call("DescribeJobDefinitions", {"jobDefinitionName": wanted["jobDefinitionName"], "status": "ACTIVE"})
        self._call("RegisterJobDefinition", wanted)
        return f"{wanted['jobDefinitionName']}:{REVISION}"

    def submit(self, request: Mapping[str, Any]) -> str:
        """Write down a job; return what stands for its id."""
        self._call("SubmitJob", request)
        self._submitted += 1
        return f"${{job {self._submitted}}}"
