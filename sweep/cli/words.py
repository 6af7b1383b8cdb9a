"""Options of the job commands, read into what the engine takes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sweep.errors import UsageError
from sweep.jobs.definition import Action, Container, ExitRule, Resources, Retry
from sweep.jobs.request import Dependency, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["container_of", "dependencies_of", "moment", "pairs", "retry_of"]

_CONDITIONS = {"exit": "on_exit_code", "reason": "on_reason", "status": "on_status_reason"}


def pairs(option: str, texts: Sequence[str] | None) -> dict[str, str]:
    """Read ``NAME=TEXT`` items.

    >>> pairs("--env", ["A=1", "B=x=y"])
    {'A': '1', 'B': 'x=y'}
    """
    read: dict[str, str] = {}
    for each in texts or ():
        name, equals, text = each.partition("=")
        if not equals or not name:
            raise UsageError(f"{option} {each!r}: expected NAME=TEXT")
        read[name] = text
    return read


def moment(option: str, text: str | None) -> int | None:
    """Read a date or a time as ISO 8601 has it, of the local zone if it names none, to ms since 1970.

    >>> moment("--created-after", "2026-11-25T12:00:00+00:00")
    1795608000000
    """
    if text is None:
        return None
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise UsageError(f"{option} {text!r} is no time: 2026-11-25, or 2026-11-25T14:30") from None


def retry_of(attempts: int, conditions: Sequence[str]) -> Retry:
    """Read ``exit=CODE``, ``reason=TEXT`` and ``status=TEXT``: what none of them fits is not tried again."""
    rules: list[ExitRule] = []
    for each in conditions:
        kind, _, pattern = each.partition("=")
        if kind not in _CONDITIONS or not pattern:
            raise UsageError(f"--retry-on {each!r}: expected exit=CODE, reason=TEXT or status=TEXT")
        rules.append(ExitRule(Action.RETRY, **{_CONDITIONS[kind]: pattern}))
    return Retry(attempts, (*rules, ExitRule(Action.EXIT, on_reason="*")) if rules else ())


def container_of(
    command: Sequence[str],
    function: str | None,
    image: str | None,
    resources: Resources,
    environment: Mapping[str, str],
) -> Container:
    """Put a container together; with an image it runs in a container where that can be had."""
    runtime = "host" if image is None else "container"
    return Container(tuple(command), function, image, environment, resources, runtime)


def dependencies_of(
    after: Sequence[str], n_to_n: Sequence[str], whatever: Sequence[str], *, sequential: str | None
) -> tuple[Dependency, ...]:
    """Read the options that say what a job waits for."""
    if sequential not in {None, "strict", "tolerant"}:
        raise UsageError(f"--sequential {sequential!r} is not one of strict, tolerant")
    own = [Dependency(None, Kind.SEQUENTIAL, even_if_failed=sequential == "tolerant")] if sequential else []
    return (
        *(Dependency(each) for each in after),
        *(Dependency(each, Kind.N_TO_N) for each in n_to_n),
        *(Dependency(each, even_if_failed=True) for each in whatever),
        *own,
    )
