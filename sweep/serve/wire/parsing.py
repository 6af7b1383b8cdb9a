"""From a request to what its operation takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep.serve.wire.form import from_text, pairs, read_form, tree
from sweep.serve.wire.jsontext import read_object
from sweep.serve.wire.words import UnreadableError, summary

if TYPE_CHECKING:
    from sweep.serve.wire.messages import Asked
    from sweep.serve.wire.routing import Route

__all__ = ["InvalidError", "parsed"]


class InvalidError(Exception):
    """A request that can be read, and breaks constraints of its shape."""


def parsed(asked: Asked, route: Route) -> dict[str, Any]:
    """Read and check what an operation takes.

    Raises
    ------
    UnreadableError
        If it is no JSON, or holds values of wrong types.
    InvalidError
        If constraints are not kept; says which.
    """
    if (asked.header("content-encoding") or "identity").lower() != "identity":
        raise UnreadableError("Content-Encoding is not taken here: send the body as it is")
    problems: list[str] = []
    taken = route.operation.read(_value(asked, route), None, problems)
    if problems:
        raise InvalidError(summary(problems))
    return taken


def _value(asked: Asked, route: Route) -> dict[str, Any]:
    """Gather what stands in the body, the path, the query and the headers, as if all of it were in the body."""
    shape: Any = route.operation.model.input_shape
    if route.operation.service.protocol == "query":
        return tree(read_form(asked.body), shape)
    value = read_object(asked.body)
    if shape is None or route.operation.service.protocol == "json":
        return value
    elsewhere = {name: each for name, each in shape.members.items() if "location" in each.serialization}
    for name, member in elsewhere.items():
        value[member.serialization.get("name", name)] = _from_elsewhere(asked, route, member)
    return value


def _from_elsewhere(asked: Asked, route: Route, member: Any) -> Any:
    name = member.serialization["name"]
    match member.serialization["location"]:
        case "uri":
            return from_text(route.labels[name], member)
        case "querystring":
            values = [value for each, value in pairs(asked.query) if each == name]
            if member.type_name == "list":
                return [from_text(each, member.member) for each in values] or None
            return from_text(values[0], member) if values else None
        case "header":
            text = asked.header(name.lower())
            return None if text is None else from_text(text, member)
        case place:
            raise NotImplementedError(f"{member.name} stands in {place}")
