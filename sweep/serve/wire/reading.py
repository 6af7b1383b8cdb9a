"""From JSON values to what an operation takes: checked after botocore's input shapes, each made into functions once.

What AWS does not know it ignores, and null stands for nothing; so it is here. An optional map that may not be empty stands for nothing when it is:
AWS takes ``"tags": {}``.
"""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Any

from sweep.serve.wire.scalars import scalar_reader, too_few_or_many
from sweep.serve.wire.shape import Shape, limits, wire_name
from sweep.serve.wire.words import UnreadableError, Where, at, failed, missing, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[[Any, Where, list[str]], Any]

__all__ = ["Readers"]


class Readers:
    """Readers for the shapes of one service."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], Read] = {}
        self._lock = RLock()

    def reader(self, shape: Shape) -> Read:
        """Return the reader of a shape.

        It takes a value, its place, and a list to which it adds each constraint that is not kept; it returns what an operation is given.
        It raises `UnreadableError` for a value of a wrong type.
        """
        caseless = shape.documentation if shape.metadata.get("enum") else ""
        key = (shape.name, caseless)  # what the reader looks at in a member beside its shape
        with self._lock:  # nobody else is to meet one that is half made
            if key not in self._made:
                self._made[key] = _Later(self._made, key)  # shapes may hold themselves
                self._made[key] = self._make(shape)
            return self._made[key]

    def _make(self, shape: Shape) -> Read:
        match shape.type_name:
            case "structure" if shape.metadata.get("document"):
                return lambda value, _where, _problems: value
            case "structure":
                return self._structure(shape)
            case "list":
                return self._list(shape)
            case "map":
                return self._map(shape)
            case _:
                return scalar_reader(shape)

    def _structure(self, shape: Shape) -> Read:
        members = {wire_name(name, each): (name, self.reader(each)) for name, each in shape.members.items()}
        required = tuple(shape.required_members)
        is_union = bool(shape.metadata.get("union"))
        or_nothing = {
            wire_name(name, each)
            for name, each in shape.members.items()
            if each.type_name == "map" and name not in required and each.metadata.get("min")
        }

        def read(value: Any, where: Where, problems: list[str]) -> Any:
            if type(value) is not dict:
                raise unreadable(value, where, "an object")
            taken: dict[str, Any] = {}
            for key, each in value.items():
                if key in or_nothing and each == {}:
                    continue
                if each is not None and key in members:
                    name, reader = members[key]
                    taken[name] = reader(each, (where, name), problems)
            problems.extend(missing((where, name)) for name in required if name not in taken)
            if is_union and len(taken) != 1:
                raise UnreadableError(f"Value at '{at(where)}' must hold exactly one of {', '.join(members)}")
            return taken

        return read

    def _list(self, shape: Shape) -> Read:
        reader = self.reader(shape.member)
        low, high = limits(shape)

        def read(value: Any, where: Where, problems: list[str]) -> Any:
            if type(value) is not list:
                raise unreadable(value, where, "a list")
            constraint = too_few_or_many(len(value), low, high)
            if constraint:
                problems.append(failed(value, where, constraint))
            return [_present(each, (where, index), problems, reader) for index, each in enumerate(value)]

        return read

    def _map(self, shape: Shape) -> Read:
        key_reader, reader = self.reader(shape.key), self.reader(shape.value)
        low, high = limits(shape)

        def read(value: Any, where: Where, problems: list[str]) -> Any:
            if type(value) is not dict:
                raise unreadable(value, where, "an object")
            constraint = too_few_or_many(len(value), low, high)
            if constraint:
                problems.append(failed(value, where, constraint))
            return {
                key_reader(key, (where, "key"), problems): _present(each, (where, key), problems, reader)
                for key, each in value.items()
            }

        return read


class _Later:
    """Stands for a reader that is being made."""

    def __init__(self, made: dict[tuple[str, str], Read], key: tuple[str, str]) -> None:
        self._made = made
        self._key = key

    def __call__(self, value: Any, where: Where, problems: list[str]) -> Any:
        return self._made[self._key](value, where, problems)


def _present(value: Any, where: Where, problems: list[str], reader: Read) -> Any:
    if value is None:
        problems.append(missing(where))
        return None
    return reader(value, where, problems)
