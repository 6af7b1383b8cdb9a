"""What a space is: parameter values by point index."""

from __future__ import annotations

import json
import operator
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np

from sweep.errors import SpaceError
from sweep.space.parameter import Parameter, decoded

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

    from sweep.space.objects import Objects

__all__ = ["POINT_LIMIT", "Space"]

POINT_LIMIT = 1 << 40
COMPARED_AT_ONCE = 1 << 16


class Space(ABC):
    """Points by index, ``0 <= i < len(space)``; none is made before it is asked for.

    ``a * b`` is the product (the points of `b` vary fastest), ``a + b`` the union (the points of `a`, then those of `b`).

    Attributes
    ----------
    parameters
        Names, kinds and categories, in the order of first mention.
    size
        How many points, ``1 <= size <= 2**40``.
    """

    parameters: tuple[Parameter, ...]
    size: int

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(each.name for each in self.parameters)

    @property
    def axes(self) -> dict[str, tuple[Any, ...]] | None:
        """Coordinates of a plain grid by axis, in order; None for any other space."""
        return None

    @abstractmethod
    def at(self, points: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """Return the values at some points, an array for each parameter; strings as category codes."""

    @abstractmethod
    def spec(self) -> dict[str, Any]:
        """Describe the space in JSON, canonically: spaces that were said in two ways have one description."""

    def tables(self) -> dict[str, pa.Table]:
        """Return the explicit tables that the description refers to, by digest."""
        return {}

    def collections(self) -> dict[str, Objects]:
        """Return the collections whose objects are values, by parameter."""
        return {}

    def columns(self, first: int, last: int) -> dict[str, NDArray[Any]]:
        """Return the values at the points ``first <= i < last``: int64, float64 or bool; strings as int64 category codes."""
        return self.at(np.arange(first, last))

    def arrow(self, first: int, last: int) -> pa.Table:
        """Return the values at the points ``first <= i < last`` as a table, strings as strings."""
        import pyarrow as pa

        held = self.columns(first, last)
        return pa.table({each.name: _as_arrow(each, held[each.name]) for each in self.parameters})

    def point(self, i: int) -> dict[str, Any]:
        """Return the values at point `i`, ``0 <= i < size``, as plain Python values."""
        held = self.at(np.array([i]))
        return {each.name: decoded(each, held[each.name][0]) for each in self.parameters}

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, i: SupportsIndex) -> dict[str, Any]:
        index = operator.index(i)
        if not -self.size <= index < self.size:
            raise IndexError(f"point {index} is outside the space's {self.size:,}")
        return self.point(index % self.size)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return map(self.point, range(self.size))

    def __mul__(self, other: Space) -> Space:
        from sweep.space.algebra import product

        return product(self, other)

    def __add__(self, other: Space) -> Space:
        from sweep.space.algebra import union

        return union(self, other)

    def where(self, expression: str) -> Space:
        """Keep the points where an expression is true.

        Parameters
        ----------
        expression
            Of the parameters' names, numbers, strings, comparisons, ``and``, ``or``, ``not``, arithmetic, ``in`` and a few
            functions: ``"snr_db > 3 and pulses in [1, 10]"``.

        Raises
        ------
        SpaceError
            If it cannot be read, or names an unknown parameter. That nothing passes is found when the points are first asked for.
        """
        from sweep.space.filtered import Filtered

        return Filtered(self, expression)

    def extends(self, old: Space) -> str | None:
        """Say why this space does not begin with the points of `old`; None if it does.

        Equal descriptions are equal spaces; else all values are compared, in pieces, up to the first difference.
        """
        if self == old:
            return None
        reason = self._other_parameters(old) or self._changed_collection(old)
        if reason is not None:
            return reason
        if self.size < old.size:
            return f"it has {old.size:,} points, asked for {self.size:,}"
        return self._prefix_difference(old)

    def _other_parameters(self, old: Space) -> str | None:
        if self.names != old.names:
            return f"it has the parameters {list(old.names)}, asked for {list(self.names)}"
        for mine, other in zip(self.parameters, old.parameters, strict=True):
            if mine.kind != other.kind:
                return f"{mine.name!r} was {other.kind}, is {mine.kind} now"
            if mine.categories[: len(other.categories)] != other.categories:
                return f"{mine.name!r} had the categories {list(other.categories)}, asked for {list(mine.categories)}"
        return None

    def _changed_collection(self, old: Space) -> str | None:
        mine, others = self.collections(), old.collections()
        for name in sorted({*mine, *others}):
            if name not in mine or name not in others:
                return f"{name!r} is a collection in one of them only"
            changed = mine[name].difference(others[name])
            if changed is not None:
                return changed
        return None

    def _prefix_difference(self, old: Space) -> str | None:
        for first in range(0, old.size, COMPARED_AT_ONCE):
            last = min(first + COMPARED_AT_ONCE, old.size)
            mine, other = self.columns(first, last), old.columns(first, last)
            for name in self.names:
                differs = mine[name] != other[name]
                if differs.any():
                    at = first + int(np.argmax(differs))
                    return f"at point {at} it has {name}={old[at][name]!r}, asked for {self[at][name]!r}"
        return None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Space) and self._described() == other._described()

    def __hash__(self) -> int:
        return hash(self._described())

    def _described(self) -> str:
        """Describe the space as text, in which 1 and 1.0 differ."""
        return json.dumps(self.spec(), sort_keys=True)

    def __repr__(self) -> str:
        kinds = ", ".join(f"{each.name}: {each.kind}" for each in self.parameters)
        return f"<{type(self).__name__} of {self.size:,} points ({kinds})>"


def limited(size: int) -> int:
    """Return a number of points if a space may have so many.

    Raises
    ------
    SpaceError
        If it has none or more than 2**40.
    """
    if not 1 <= size <= POINT_LIMIT:
        raise SpaceError(f"a space of {size:,} points: there must be at least one and at most 2**40 = {POINT_LIMIT:,}")
    return size


def _as_arrow(parameter: Parameter, held: NDArray[Any]) -> Any:
    import pyarrow as pa

    if parameter.kind != "str":
        return pa.array(held)
    return pa.array(parameter.categories, pa.string()).take(pa.array(held))
