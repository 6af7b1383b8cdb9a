"""From what an operation gives to JSON values, checked after botocore's output shapes.

What does not fit is a mistake of ours. Lengths and ranges of answers are not checked, for AWS does not keep to them either.
"""

from __future__ import annotations

import base64
import math
from threading import RLock
from typing import TYPE_CHECKING, Any

from sweep.serve.wire.shape import Shape, wire_name
from sweep.serve.wire.words import Where, at

if TYPE_CHECKING:
    from collections.abc import Callable

    Write = Callable[[Any, Where], Any]

__all__ = ["RenderingError", "Writers"]

NOT_YET = "startedAt"
"""Required in the model of a job, and left out by AWS for a job that has not been started."""

_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (float, int),
    "double": (float, int),
}
_BITS = {"integer": 32, "long": 64}


class RenderingError(Exception):
    """An operation has given what its output shape does not allow: our mistake."""


class Writers:
    """Writers for the shapes of one service."""

    def __init__(self) -> None:
        self._made: dict[str, Write] = {}
        self._lock = RLock()

    def writer(self, shape: Shape) -> Write:
        """Return the writer of a shape: it takes a value and its place, and raises `RenderingError`."""
        with self._lock:  # nobody else is to meet one that is half made
            if shape.name not in self._made:
                self._made[shape.name] = self._later(shape.name)
                self._made[shape.name] = self._make(shape)
            return self._made[shape.name]

    def _later(self, name: str) -> Write:
        """Stand for a writer that is being made: shapes may hold themselves."""

        def write(value: Any, where: Where) -> Any:
            return self._made[name](value, where)

        return write

    def _make(self, shape: Shape) -> Write:
        if shape.metadata.get("document"):
            return lambda value, _where: value
        makers: dict[str, Callable[[Any], Write]] = {
            "structure": self._structure,
            "list": self._list,
            "map": self._map,
            "timestamp": lambda _shape: _write_time,
            "blob": lambda _shape: _write_bytes,
        }
        return makers.get(shape.type_name, _scalar_writer)(shape)

    def _structure(self, shape: Shape) -> Write:
        members = {
            name: (wire_name(name, each), _plain_kind(each), self.writer(each)) for name, each in shape.members.items()
        }
        required = {members[name][0]: name for name in shape.required_members if name != NOT_YET}
        needed = required.keys()

        def write(value: Any, where: Where) -> Any:
            if type(value) is not dict:
                _check_kind(value, where, dict)
            written: dict[str, Any] = {}
            for name, each in value.items():
                if each is None:
                    continue
                if name not in members:
                    raise RenderingError(f"{at((where, name))} is not in the output shape {shape.name}")
                wire, plain, writer = members[name]
                written[wire] = each if type(each) is plain else writer(each, (where, name))
            if not needed <= written.keys():
                name = required[next(iter(needed - written.keys()))]
                raise RenderingError(f"{at((where, name))} is missing, and required by the output shape {shape.name}")
            return written

        return write

    def _list(self, shape: Shape) -> Write:
        plain, writer = _plain_kind(shape.member), self.writer(shape.member)

        def write(value: Any, where: Where) -> Any:
            _check_kind(value, where, list, tuple)
            return [each if type(each) is plain else writer(each, (where, index)) for index, each in enumerate(value)]

        return write

    def _map(self, shape: Shape) -> Write:
        key_writer, plain, writer = self.writer(shape.key), _plain_kind(shape.value), self.writer(shape.value)

        def write(value: Any, where: Where) -> Any:
            _check_kind(value, where, dict)
            return {
                key_writer(key, where): each if type(each) is plain else writer(each, (where, str(key)))
                for key, each in value.items()
            }

        return write


def _plain_kind(shape: Shape) -> type | None:
    """Return the type of which any value will do as it is; most of an answer is such text."""
    if shape.type_name == "string" and not shape.metadata.get("enum"):
        return str
    return bool if shape.type_name == "boolean" else None


def _scalar_writer(shape: Shape) -> Write:
    kinds = _KINDS.get(shape.type_name)
    if kinds is None:
        raise NotImplementedError(f"{shape.name} is of type {shape.type_name}")
    allowed = frozenset(each.upper() for each in shape.metadata.get("enum") or ())
    edge = 1 << (_BITS.get(shape.type_name, 1) - 1)
    is_whole = shape.type_name in _BITS

    def write(value: Any, where: Where) -> Any:
        if type(value) not in kinds:
            _check_kind(value, where, *kinds)
        if allowed and value.upper() not in allowed:
            raise RenderingError(f"{at(where)}={value!r} is none of {', '.join(sorted(allowed))}")
        if is_whole and not -edge <= value < edge:
            raise RenderingError(f"{at(where)}={value!r} does not fit {_BITS[shape.type_name]} bits")
        if type(value) is float and not math.isfinite(value):
            raise RenderingError(f"{at(where)}={value!r} cannot be written as JSON")
        return value

    return write


def _write_time(value: Any, where: Where) -> Any:
    from datetime import datetime

    _check_kind(value, where, datetime)
    return value.timestamp()


def _write_bytes(value: Any, where: Where) -> Any:
    _check_kind(value, where, bytes)
    return base64.b64encode(value).decode()


def _check_kind(value: Any, where: Where, *kinds: type) -> None:
    if type(value) in kinds or (isinstance(value, kinds) and type(value) is not bool):
        return
    wanted = " or ".join(each.__name__ for each in kinds)
    raise RenderingError(f"{at(where) or 'the answer'} is of type {type(value).__name__}, not {wanted}")
