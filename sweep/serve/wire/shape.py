"""What is asked of botocore's shapes in several places."""

from __future__ import annotations

from typing import Any

__all__ = ["Shape", "limits", "wire_name"]

Shape = Any
"""A `botocore.model.Shape`; what its cached properties hold no type checker can tell."""


def limits(shape: Shape) -> tuple[float, float]:
    """Return the least and the most that a shape allows, of a number or of a length."""
    return shape.metadata.get("min", float("-inf")), shape.metadata.get("max", float("inf"))


def wire_name(name: str, member: Shape) -> str:
    """Return what a member is called on the wire."""
    return member.serialization.get("name", name)
