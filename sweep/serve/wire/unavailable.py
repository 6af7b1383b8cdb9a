"""Why an operation that AWS has is not here."""

from __future__ import annotations

__all__ = ["why_unavailable"]

_REASONS = {
    "ServiceJob": "service jobs run on SageMaker, and this engine runs commands and containers",
    "ServiceEnvironment": "service environments are for jobs on SageMaker, and this engine runs commands and containers",
    "QuotaShare": "quota shares divide the capacity of SageMaker, and this engine has none",
}


def why_unavailable(name: str) -> str:
    """Say why, by the name of the operation.

    >>> why_unavailable("ListServiceJobs")
    'service jobs run on SageMaker, and this engine runs commands and containers'
    """
    return next((reason for part, reason in _REASONS.items() if part in name), "this endpoint does not have it")
