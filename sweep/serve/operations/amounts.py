"""How many vCPUs a job may ask for: what AWS's kinds of capacity have to give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep.serve.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["check_vcpus"]

FARGATE = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""As ``ResourceRequirement`` of AWS Batch's API says; the amounts of memory that go with each are not held to."""


def check_vcpus(vcpus: float, capabilities: Collection[str]) -> None:
    """Refuse an amount that none of these kinds of capacity has.

    Parameters
    ----------
    capabilities
        Of a job definition; none stands for EC2.

    Raises
    ------
    RefusedError
        Names the member and the amount.
    """
    wanted = set(capabilities) or {"EC2"}
    fits_fargate = "FARGATE" in wanted and vcpus in FARGATE
    fits_machines = wanted != {"FARGATE"} and vcpus >= 1 and vcpus.is_integer()
    if not fits_fargate and not fits_machines:
        told = (
            f"one of {', '.join(f'{each:g}' for each in FARGATE)}"
            if wanted == {"FARGATE"}
            else "a whole number from 1 on"
        )
        raise RefusedError(f"resourceRequirements: VCPU value {vcpus:g} is not {told}, as {min(wanted)} has them")
