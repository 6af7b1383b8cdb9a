"""Which operation a request is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sweep.serve.wire.form import read_form
from sweep.serve.wire.model import SERVICES, Operation, Service, service
from sweep.serve.wire.words import UnreadableError

if TYPE_CHECKING:
    from sweep.serve.wire.messages import Asked

__all__ = ["Lost", "Route", "addressed", "route"]

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Route:
    """Where a request goes.

    Attributes
    ----------
    labels
        What the path names, decoded, by the name in the model's pattern.
    """

    operation: Operation
    labels: dict[str, str]


@dataclass(frozen=True)
class Lost:
    """A request that is for no operation.

    Attributes
    ----------
    service
        The one whose protocol it speaks.
    methods
        What there is at its path instead.
    """

    service: str
    reason: str
    methods: tuple[str, ...] = ()


def addressed(asked: Asked) -> str:
    """Return the service that a request is for, which its head alone says: so whose it is can be known before the body is looked at."""
    if asked.path in {"", "/"} and asked.method == "POST":
        if asked.header("x-amz-target") is not None:
            return _speaking("json")
        if (asked.header("content-type") or "").partition(";")[0].strip().lower() == FORM:
            return _speaking("query")
    return _speaking("rest-json")


@cache
def _speaking(protocol: str) -> str:
    """Return the one service that has a protocol."""
    (name,) = (each for each in SERVICES if service(each).protocol == protocol)
    return name


def route(asked: Asked) -> Route | Lost:
    """Find the operation: by its path where the protocol is REST, else by a header or a form.

    Raises
    ------
    UnreadableError
        If the path or the form cannot be read.
    """
    asked_of = service(addressed(asked))
    match asked_of.protocol:
        case "json":
            return _by_target(asked_of, asked.header("x-amz-target") or "")
        case "query":
            return _by_action(asked_of, asked)
        case _:
            return _by_path(asked)


def _by_target(asked_of: Service, target: str) -> Route | Lost:
    """Read ``Logs_20140328.FilterLogEvents``."""
    prefix, _, name = target.rpartition(".")
    if asked_of.model.metadata["targetPrefix"] != prefix:
        return Lost(asked_of.name, f"X-Amz-Target '{target[:100]}' is of no service that is served here")
    if name not in asked_of.operations:
        return Lost(asked_of.name, f"{asked_of.name} has no operation '{name[:100]}'")
    return Route(asked_of.operations[name], {})


def _by_action(asked_of: Service, asked: Asked) -> Route | Lost:
    form = read_form(asked.body)
    name, version = form.get("Action", ""), form.get("Version", "")
    if asked_of.model.metadata["apiVersion"] == version and name in asked_of.operations:
        return Route(asked_of.operations[name], {})
    return Lost(asked_of.name, f"Could not find operation '{name[:100]}' for version '{version[:100]}'")


def _by_path(asked: Asked) -> Route | Lost:
    there: list[str] = []
    for method, pattern, operation in _paths():
        found = pattern.fullmatch(asked.path)
        if found is None:
            continue
        if method == asked.method:
            return Route(operation, {name: _decoded(text) for name, text in found.groupdict().items()})
        there.append(method)
    if there:
        return Lost("batch", f"{asked.method} is not for this path: {', '.join(there)}", tuple(there))
    return Lost("batch", f"There is no operation at '{asked.path[:100]}'")


@cache
def _paths() -> list[tuple[str, re.Pattern[str], Operation]]:
    """Compile the paths of all REST services."""
    rest = (each for each in map(service, SERVICES) if each.protocol == "rest-json")
    operations = [operation for each in rest for operation in each.operations.values()]
    return [(each.model.http["method"], _pattern(each.model.http["requestUri"]), each) for each in operations]


def _pattern(template: str) -> re.Pattern[str]:
    """Compile ``/v1/tags/{resourceArn}``; ``{name+}`` goes over several segments."""
    parts = re.split(r"\{(\w+\+?)\}", template)
    made = [
        re.escape(part) if place % 2 == 0 else f"(?P<{part.rstrip('+')}>{'.+' if part.endswith('+') else '[^/]+'})"
        for place, part in enumerate(parts)
    ]
    return re.compile("".join(made))


def _decoded(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise UnreadableError("The path is not UTF-8, percent-encoded") from None
