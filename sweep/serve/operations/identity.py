"""Who asks: everybody is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep.serve.operations.arns import partition

if TYPE_CHECKING:
    from sweep.serve.desk import Desk

__all__ = ["caller"]


def caller(desk: Desk, _: dict[str, Any]) -> dict[str, Any]:
    """Tell the account; whoever has its keys is its root."""
    return {
        "UserId": desk.account,
        "Account": desk.account,
        "Arn": f"arn:{partition(desk.region)}:iam::{desk.account}:root",
    }
