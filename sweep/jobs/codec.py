"""Dataclasses to plain JSON values and back, by their annotations.

Member names become camelCase, as AWS spells them; members that are at their default are left out. Arrays are compressed.
Members whose metadata say ``derived`` are left out.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import types
import typing
import zlib
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar

import numpy as np

from sweep.errors import JobError, brief, nearest

__all__ = ["camel", "decode", "encode"]

T = TypeVar("T")


def camel(name: str) -> str:
    """Spell a Python name as AWS does.

    >>> camel("evaluate_on_exit")
    'evaluateOnExit'
    """
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def encode(value: Any) -> Any:
    """Turn a value into dicts, lists, strings and numbers."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _encode_members(value)
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, np.ndarray):
        return base64.b85encode(zlib.compress(value.tobytes(), 1)).decode()
    if isinstance(value, Mapping):
        return {str(key): encode(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [encode(each) for each in value]
    return value


def _encode_members(value: Any) -> dict[str, Any]:
    given = {}
    for name, written, member in _members(type(value)):
        content = getattr(value, name)
        if not _is_default(member, content):
            given[written] = encode(content)
    return given


def _is_default(member: dataclasses.Field[Any], content: Any) -> bool:
    if isinstance(content, np.ndarray):
        return False
    if member.default is not dataclasses.MISSING:
        return content is member.default or (type(content) is type(member.default) and content == member.default)
    return member.default_factory is not dataclasses.MISSING and not content and not dataclasses.is_dataclass(content)


def decode(kind: type[T], value: Any) -> T:
    """Turn what `encode` gave back into a value of type `kind`.

    Raises
    ------
    JobError
        If it is not what `encode` could have given; says where, and what is wrong.
    """
    try:
        return _decoder(kind)(value)
    except _MisfitError as error:
        raise JobError(str(error)) from None


class _MisfitError(Exception):
    """A value is not of the type that it should be of."""

    def __init__(self, said: str, *path: str) -> None:
        super().__init__("".join(path).lstrip(".") + (": " if path else "") + said)
        self.said = said
        self.path = path

    def within(self, place: str) -> _MisfitError:
        """Return the same, seen from further out."""
        return _MisfitError(self.said, place, *self.path)


@functools.cache
def _members(kind: type) -> list[tuple[str, str, dataclasses.Field[Any]]]:
    kept = [each for each in dataclasses.fields(kind) if not each.metadata.get("derived")]
    return [(each.name, camel(each.name), each) for each in kept]


@functools.cache
def _decoder(kind: Any) -> Any:  # noqa: PLR0911 - one return a kind of type
    """Build the function that reads values of one type."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in {typing.Union, types.UnionType}:
        (some,) = [each for each in inner if each is not type(None)]
        return functools.partial(_maybe, _decoder(some))
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return functools.partial(_read_members, kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return functools.partial(_read_name, kind)
    if origin in {dict, Mapping}:
        return functools.partial(_read_dict, int if inner[0] is int else _READERS[str], _decoder(inner[1]))
    if origin is list:
        return functools.partial(_read_list, _decoder(inner[0]))
    if origin is tuple:
        return functools.partial(_read_tuple, tuple(_decoder(each) for each in inner if each is not Ellipsis), inner)
    return _READERS.get(kind, _as_it_is)


def _as_it_is(value: Any) -> Any:
    return value


def _scalar(told: str, *kinds: type) -> Any:
    def read(value: Any) -> Any:
        if type(value) not in kinds:
            raise _MisfitError(f"{brief(repr(value))} is not {told}")
        return value

    return read


_whole, _real = _scalar("a whole number", int), _scalar("a number", int, float)
_READERS: dict[Any, Any] = {
    str: _scalar("a string", str),
    int: _whole,
    float: lambda value: float(_real(value)),
    bool: _scalar("true or false", bool),
}


def _read_name(kind: Any, value: Any) -> Any:
    if not isinstance(value, str) or value not in kind.__members__:
        raise _MisfitError(f"{brief(repr(value))} is not one of {', '.join(kind.__members__)}")
    return kind[value]


def _maybe(read: Any, value: Any) -> Any:
    return None if value is None else read(value)


def _part(read: Any, value: Any, place: str) -> Any:
    try:
        return read(value)
    except _MisfitError as error:
        raise error.within(place) from None


def _read_dict(key: Any, read: Any, value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise _MisfitError(f"{brief(repr(value))} is not an object")
    return {key(name): _part(read, each, f".{name}") for name, each in value.items()}


def _as_list(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        raise _MisfitError(f"{brief(repr(value))} is not a list")
    return value


def _read_list(read: Any, value: Any) -> Any:
    return [_part(read, each, f"[{i}]") for i, each in enumerate(_as_list(value))]


def _read_tuple(readers: tuple[Any, ...], inner: tuple[Any, ...], value: Any) -> Any:
    if Ellipsis in inner:
        return tuple(_read_list(readers[0], value))
    if len(_as_list(value)) != len(readers):
        raise _MisfitError(f"{brief(repr(value))} has {len(value)} members, not {len(readers)}")
    return tuple(_part(read, each, f"[{i}]") for i, (read, each) in enumerate(zip(readers, value, strict=True)))


def _read_members(kind: Any, value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise _MisfitError(f"{brief(repr(value))} is not an object")
    readers = _readers(kind)
    unknown = next((name for name in value if name not in readers), None)
    if unknown is not None:
        raise _MisfitError(f"{brief(unknown)!r} is not known: {nearest(unknown, list(readers))}")
    given = {readers[name][0]: _part(readers[name][1], content, f".{name}") for name, content in value.items()}
    missing = [written for name, written, member in _members(kind) if name not in given and _is_needed(member)]
    if missing:
        raise _MisfitError(f"{missing[0]!r} is missing")
    return kind(**given)


def _is_needed(member: dataclasses.Field[Any]) -> bool:
    return member.default is dataclasses.MISSING and member.default_factory is dataclasses.MISSING


@functools.cache
def _readers(kind: Any) -> dict[str, tuple[str, Any]]:
    hints = typing.get_type_hints(kind)
    return {
        written: (name, functools.partial(_read_array, member.metadata["dtype"]))
        if "dtype" in member.metadata
        else (name, _decoder(hints[name]))
        for name, written, member in _members(kind)
    }


def _read_array(dtype: Any, value: str) -> np.ndarray:
    return np.frombuffer(zlib.decompress(base64.b85decode(value)), dtype=dtype).copy()
