"""What is wrong with a request, in the words that AWS's services use."""

from __future__ import annotations

from typing import Any

__all__ = ["UnreadableError", "Where", "at", "failed", "missing", "summary", "unreadable"]

LONGEST_VALUE = 100
"""Characters of a value that are told."""
MOST = 10
"""Mistakes that are told."""

Where = tuple[Any, str | int] | None
"""A place in a request: that of what it is in, and its name or index there. It is only put into words when something is wrong."""


class UnreadableError(Exception):
    """A request that cannot be read at all, so it cannot be checked either."""


def at(where: Where) -> str:
    """Write a place.

    >>> at(((((None, "tags"), 0), "key")))
    'tags.1.member.key'
    """
    parts: list[str] = []
    while where is not None:
        where, name = where
        parts.append(name if isinstance(name, str) else f"{name + 1}.member")
    return ".".join(reversed(parts))


def shown(value: Any) -> str:
    """Write a value, not longer than a message can bear.

    >>> shown("text"), shown(1.5), shown(["a"] * 51)
    ('text', '1.5', '[51 elements]')
    """
    if isinstance(value, (list, dict)):
        return f"[{len(value)} elements]"
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def failed(value: Any, where: Where, constraint: str) -> str:
    """Say which constraint a value fails; a value that must not be told is given as ``None``."""
    told = "at" if value is None else f"'{shown(value)}' at"
    return f"Value {told} '{at(where)}' failed to satisfy constraint: Member must {constraint}"


def missing(where: Where) -> str:
    """Say that something is missing."""
    return f"Value null at '{at(where)}' failed to satisfy constraint: Member must not be null"


def summary(problems: list[str]) -> str:
    """Say all that is wrong."""
    noun = "validation error" if len(problems) == 1 else "validation errors"
    return f"{len(problems)} {noun} detected: {'; '.join(problems[:MOST])}"


def unreadable(value: Any, where: Where, wanted: str) -> UnreadableError:
    """Say that a value is of another kind than it must be."""
    return UnreadableError(f"Value at '{at(where)}' is {_kind(value)}, not {wanted}")


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), f"the number {shown(value)}")
