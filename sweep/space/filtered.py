"""The points of a space that pass a filter."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import SpaceError
from sweep.space.base import Space
from sweep.space.expression import Expression

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from sweep.space.objects import Objects

__all__ = ["Filtered"]

LOOKED_AT = 10**9
AT_ONCE = 1 << 18


class Filtered(Space):
    """The points where an expression is true, in their order. Every point is looked at once, when the first is asked for."""

    def __init__(self, base: Space, expression: str) -> None:
        self._base = base
        self._expression = Expression(expression, base.parameters)
        self.parameters = base.parameters
        if base.size > LOOKED_AT:
            raise SpaceError(
                f"a filter looks at every point, and {base.size:,} are more than {LOOKED_AT:,}: narrow the axes first"
            )

    @functools.cached_property
    def _kept(self) -> NDArray[np.int64]:
        kept = np.concatenate([self._kept_of(first) for first in range(0, self._base.size, AT_ONCE)])
        if not len(kept):
            raise SpaceError(f"no point of {self._base.size:,} passes {self._expression.text!r}")
        return kept

    def _kept_of(self, first: int) -> NDArray[np.int64]:
        last = min(first + AT_ONCE, self._base.size)
        return first + np.flatnonzero(self._expression(self._base.columns(first, last), last - first))

    @property
    def size(self) -> int:  # type: ignore[override] - found on first need
        """How many points pass."""
        return len(self._kept)

    def at(self, points: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """Return the values at some points."""
        return self._base.at(self._kept[points])

    def spec(self) -> dict[str, Any]:
        """Describe the filter and what it is applied to."""
        return {"where": self._expression.text, "of": self._base.spec()}

    def collections(self) -> dict[str, Objects]:
        """Return the collections of what it is applied to."""
        return self._base.collections()

    def tables(self) -> dict[str, pa.Table]:
        """Return the tables of what it is applied to."""
        return self._base.tables()
