"""Products and unions of spaces."""

from __future__ import annotations

import bisect
import itertools
import math
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import SpaceError
from sweep.space.base import Space, limited
from sweep.space.parameter import KINDS, Parameter

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from sweep.space.objects import Objects

__all__ = ["Product", "Union", "product", "union"]


class _OfSpaces(Space):
    """A space made of spaces."""

    def __init__(self, parts: tuple[Space, ...]) -> None:
        self.parts = parts

    def tables(self) -> dict[str, pa.Table]:
        """Return the parts' tables."""
        return {digest: table for part in self.parts for digest, table in part.tables().items()}

    def collections(self) -> dict[str, Objects]:
        """Return the parts' collections."""
        found: dict[str, Objects] = {}
        for part in self.parts:
            for name, each in part.collections().items():
                if name in found and found[name].spec() != each.spec():
                    raise SpaceError(f"parameter {name!r} is of two collections: {found[name].url!r} and {each.url!r}")
                found[name] = each
        return found


class Product(_OfSpaces):
    """Every combination of the points of some spaces; the last space varies fastest."""

    def __init__(self, parts: tuple[Space, ...]) -> None:
        super().__init__(parts)
        self.parameters = tuple(each for part in parts for each in part.parameters)
        repeated = [name for name in self.names if self.names.count(name) > 1]
        if repeated:
            raise SpaceError(f"parameter {repeated[0]!r} is in two factors of a product")
        self.size = limited(math.prod(part.size for part in parts))

    @property
    def axes(self) -> dict[str, tuple[Any, ...]] | None:
        """Coordinates of a product of grids."""
        found = [part.axes for part in self.parts]
        if any(each is None for each in found):
            return None
        return {name: values for each in found for name, values in (each or {}).items()}

    def at(self, points: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """Return the values at some points."""
        held: list[dict[str, NDArray[Any]]] = []
        for part in reversed(self.parts):
            points, within = np.divmod(points, part.size)
            held.append(part.at(within))
        return {name: values for each in reversed(held) for name, values in each.items()}

    def point(self, i: int) -> dict[str, Any]:
        """Return the values at one point."""
        found: list[dict[str, Any]] = []
        for part in reversed(self.parts):
            i, within = divmod(i, part.size)
            found.append(part.point(within))
        return {name: value for each in reversed(found) for name, value in each.items()}

    def spec(self) -> dict[str, Any]:
        """Describe the factors."""
        return {"product": [part.spec() for part in self.parts]}


class Union(_OfSpaces):
    """The points of one space after those of another; kinds and categories are joined."""

    def __init__(self, parts: tuple[Space, ...]) -> None:
        super().__init__(parts)
        names = parts[0].names
        for part in parts:
            if set(part.names) != set(names):
                raise SpaceError(f"a union of different parameters: {list(names)} and {list(part.names)}")
        self._joined = {name: reduce(_join, [_named(part, name) for part in parts]) for name in names}
        self.parameters = tuple(self._joined.values())
        self._ends = list(itertools.accumulate(part.size for part in parts))
        self.size = limited(self._ends[-1])

    def at(self, points: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """Return the values at some points."""
        held = {each.name: np.empty(len(points), KINDS[each.kind]) for each in self.parameters}
        owner = np.searchsorted(self._ends, points, side="right")
        for number, part in enumerate(self.parts):
            mine = np.flatnonzero(owner == number)
            if len(mine):
                found = part.at(points[mine] - (self._ends[number] - part.size))
                for name, values in found.items():
                    held[name][mine] = self._recoded(part, name, values)
        return held

    def _recoded(self, part: Space, name: str, values: NDArray[Any]) -> NDArray[Any]:
        joined = self._joined[name]
        if joined.kind != "str":
            return values
        return np.array([joined.categories.index(each) for each in _named(part, name).categories], np.int64)[values]

    def point(self, i: int) -> dict[str, Any]:
        """Return the values at one point."""
        number = bisect.bisect_right(self._ends, i)
        found = self.parts[number].point(i - (self._ends[number] - self.parts[number].size))
        return {
            name: float(found[name]) if joined.kind == "float" else found[name] for name, joined in self._joined.items()
        }

    def spec(self) -> dict[str, Any]:
        """Describe the parts."""
        return {"union": [part.spec() for part in self.parts]}


def _named(part: Space, name: str) -> Parameter:
    return next(each for each in part.parameters if each.name == name)


def _join(a: Parameter, b: Parameter) -> Parameter:
    if a.kind != b.kind and {a.kind, b.kind} != {"int", "float"}:
        raise SpaceError(f"parameter {a.name!r} is {a.kind} in one part of a union and {b.kind} in another")
    kind = a.kind if a.kind == b.kind else "float"
    return Parameter(a.name, kind, tuple(dict.fromkeys([*a.categories, *b.categories])))


def product(*spaces: Space) -> Space:
    """Make the space of every combination of some spaces' points; those of the last vary fastest.

    Raises
    ------
    SpaceError
        If two of them have a parameter of one name.
    """
    parts = tuple(each for space in spaces for each in (space.parts if isinstance(space, Product) else (space,)))
    return _several(parts, "product") or Product(parts)


def union(*spaces: Space) -> Space:
    """Make the space of some spaces' points, one after the other. Integers beside floats become floats.

    Raises
    ------
    SpaceError
        If their parameters differ.
    """
    parts = tuple(each for space in spaces for each in (space.parts if isinstance(space, Union) else (space,)))
    return _several(parts, "union") or Union(parts)


def _several(parts: tuple[Space, ...], what: str) -> Space | None:
    for each in parts:
        if not isinstance(each, Space):  # pyright: ignore[reportUnnecessaryIsInstance] - the user's own arguments
            raise SpaceError(f"a {what} of {each!r}: its parts are spaces, as grid(...) makes one")
    if not parts:
        raise SpaceError(f"a {what} of nothing: give at least one space")
    return parts[0] if len(parts) == 1 else None
