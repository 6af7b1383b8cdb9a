"""Forms and query strings; and the forms of AWS's query protocol as the trees that they are written out of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_plus

from sweep.serve.wire.words import UnreadableError

if TYPE_CHECKING:
    from sweep.serve.wire.shape import Shape

__all__ = ["from_text", "pairs", "read_form", "tree"]

MOST_DEEP = 50
"""Levels of a form's names: ``Tags.member.1.Key`` has four."""


def pairs(query: str) -> list[tuple[str, str]]:
    """Split a query string; a plus sign is one, as AWS has it.

    >>> pairs("tagKeys=a%20b&tagKeys=c+d&e")
    [('tagKeys', 'a b'), ('tagKeys', 'c+d'), ('e', '')]
    """
    return [_pair(each, unquote) for each in query.split("&") if each]


def read_form(body: bytes) -> dict[str, str]:
    """Read a form."""
    try:
        text = body.decode("ascii")
    except UnicodeDecodeError:
        raise UnreadableError("The form is not percent-encoded") from None
    return dict(_pair(each, unquote_plus) for each in text.split("&") if each)


def _pair(text: str, decode: Any) -> tuple[str, str]:
    name, _, value = text.partition("=")
    try:
        return decode(name, errors="strict"), decode(value, errors="strict")
    except UnicodeDecodeError:
        raise UnreadableError("The query or the form is not UTF-8, percent-encoded") from None


def tree(form: dict[str, str], shape: Shape | None) -> dict[str, Any]:
    """Return what a form of the query protocol says, as JSON would."""
    if shape is None:
        return {}
    nested: dict[str, Any] = {}
    for name, value in form.items():
        parts = name.split(".")
        if len(parts) > MOST_DEEP:
            raise UnreadableError(f"'{name[:100]}' is nested too deeply")
        place = nested
        for each in parts[:-1]:
            place = place.setdefault(each, {})
            if type(place) is not dict:
                raise UnreadableError(f"'{name[:100]}' and a part of it both have a value")
        if type(place.get(parts[-1])) is dict:
            raise UnreadableError(f"'{name[:100]}' and a part of it both have a value")
        place[parts[-1]] = value
    return _shaped(nested, shape)


def _shaped(value: Any, shape: Shape) -> Any:
    if type(value) is str:
        return [] if shape.type_name == "list" and value == "" else from_text(value, shape)
    match shape.type_name:
        case "structure":
            return {name: _shaped(value[name], each) for name, each in shape.members.items() if name in value}
        case "list":
            elements = value if shape.serialization.get("flattened") else value.get("member", {})
            if type(elements) is not dict or not all(each.isdecimal() for each in elements):
                raise UnreadableError(f"A list of {shape.name} is not numbered")
            return [_shaped(elements[each], shape.member) for each in sorted(elements, key=int)]
        case "map":
            entries = value if shape.serialization.get("flattened") else value.get("entry", {})
            if type(entries) is not dict or not all(
                type(each) is dict and type(each.get("key")) is str for each in entries.values()
            ):
                raise UnreadableError(f"A map of {shape.name} lacks a key")
            return {each["key"]: _shaped(each.get("value", ""), shape.value) for each in entries.values()}
        case _:
            raise UnreadableError(f"A {shape.type_name} cannot have parts")


def from_text(text: str, shape: Shape) -> Any:
    """Return what JSON would have in the place of a text; what it cannot be stays text, and is refused by its reader."""
    if shape.type_name == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if shape.type_name in {"integer", "long", "float", "double"}:
        try:
            return int(text)
        except ValueError:
            pass
        try:
            return float(text)
        except ValueError:
            return text
    return text
