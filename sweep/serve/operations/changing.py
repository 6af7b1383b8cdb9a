"""What queues and compute environments have in common when they are looked up and changed."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

from sweep.serve.operations.arns import name_in
from sweep.serve.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sweep.serve.desk import Desk

    Operation = Callable[[Desk, dict[str, Any]], dict[str, Any]]

__all__ = ["check_settled", "one_at_a_time", "selected"]

T = TypeVar("T")

MOST_NAMED = 100


def one_at_a_time(operation: Operation) -> Operation:
    """Have an operation wait for others like it: it changes a part of what it has read."""

    @functools.wraps(operation)
    def alone(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
        with desk.changing:
            return operation(desk, request)

    return alone


def selected(named: list[str] | None, known: Mapping[str, T], kind: str) -> list[T]:
    """Return those named by name or ARN that are known, or all; by name."""
    if named and len(named) > MOST_NAMED:
        raise RefusedError(f"Cannot describe more than {MOST_NAMED} at a time, got {len(named)}")
    wanted = {name_in(each, kind) for each in named} if named else set(known)
    return [known[name] for name in sorted(wanted & set(known))]


def check_settled(desk: Desk, kind: str, name: str, verb: str) -> None:
    """Refuse to change what is being changed."""
    if desk.settling.status(kind, name):
        raise RefusedError(f"Cannot {verb}, resource {name} is being modified.")
