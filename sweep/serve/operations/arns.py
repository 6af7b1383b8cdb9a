"""Names as AWS writes them in full."""

from __future__ import annotations

from typing import Protocol

from sweep.errors import brief
from sweep.serve.refusal import RefusedError

__all__ = [
    "CONSUMABLE",
    "DEFINITION",
    "ENVIRONMENT",
    "JOB",
    "POLICY",
    "QUEUE",
    "Where",
    "arn_of",
    "name_in",
    "partition",
    "taken_apart",
]

QUEUE = "job-queue"
ENVIRONMENT = "compute-environment"
DEFINITION = "job-definition"
JOB = "job"
POLICY = "scheduling-policy"
CONSUMABLE = "consumable-resource"

_PARTS = 6


class Where(Protocol):
    """Whose things they are; a desk is one."""

    region: str
    account: str


def arn_of(where: Where, kind: str, name: str, service: str = "batch") -> str:
    """Return the ARN of a thing of a kind."""
    return f"arn:{partition(where.region)}:{service}:{where.region}:{where.account}:{kind}/{name}"


def partition(region: str) -> str:
    """Return which of AWS's worlds a region is in.

    >>> partition("eu-central-1"), partition("cn-north-1"), partition("us-gov-west-1")
    ('aws', 'aws-cn', 'aws-us-gov')
    """
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rpartition("-")[0].rpartition("-")[0], "aws")


def taken_apart(arn: str) -> tuple[str, str]:
    """Return the kind and the name in an ARN of AWS Batch; region and account are not looked at.

    Raises
    ------
    RefusedError
        If it is none.
    """
    parts = arn.split(":", _PARTS - 1)
    if len(parts) != _PARTS or parts[0] != "arn" or parts[2] != "batch" or "/" not in parts[5]:
        raise RefusedError(f"Invalid ARN: {brief(arn)} is not of the form arn:aws:batch:REGION:ACCOUNT:KIND/NAME")
    kind, _, name = parts[5].partition("/")
    return kind, name


def name_in(told: str, kind: str) -> str:
    """Return the name of what a client names, by its name or its ARN.

    Raises
    ------
    RefusedError
        If it is the ARN of something else.
    """
    if not told.startswith("arn:"):
        return told
    found, name = taken_apart(told)
    if found != kind:
        raise RefusedError(f"Invalid ARN: {brief(told)} is of a {brief(found)}, not of a {kind}")
    return name
