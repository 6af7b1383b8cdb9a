"""Axes put together: every combination, or side by side."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import SpaceError
from sweep.space.axis import Axis, as_axis
from sweep.space.base import Space, limited
from sweep.space.objects import Objects
from sweep.space.parameter import Parameter, named

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Grid", "Zipped", "grid", "zipped"]

SHOWN = 1 << 20


class _OfAxes(Space):
    """A space of named axes."""

    def __init__(self, axes: dict[str, Axis]) -> None:
        self._axes = dict(zip(named("axis", axes), axes.values(), strict=True))
        self.parameters = tuple(Parameter(name, axis.kind, axis.categories) for name, axis in self._axes.items())

    def collections(self) -> dict[str, Objects]:
        """Return the axes that are collections."""
        return {name: axis for name, axis in self._axes.items() if isinstance(axis, Objects)}


class Grid(_OfAxes):
    """Every combination of the values of some axes; the last axis varies fastest."""

    def __init__(self, axes: dict[str, Axis]) -> None:
        super().__init__(axes)
        self.size = limited(math.prod(axis.size for axis in axes.values()))

    @property
    def axes(self) -> dict[str, tuple[Any, ...]] | None:
        """Coordinates by axis, in order."""
        if any(axis.size > SHOWN for axis in self._axes.values()):
            return None
        return {name: tuple(map(axis.value, range(axis.size))) for name, axis in self._axes.items()}

    @property
    def lengths(self) -> tuple[int, ...]:
        """How many values each axis has, in order."""
        return tuple(axis.size for axis in self._axes.values())

    def at(self, points: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """Return the values at some points."""
        held: dict[str, NDArray[Any]] = {}
        for name, axis in reversed(self._axes.items()):
            points, position = np.divmod(points, axis.size)
            held[name] = axis.at(position)
        return {name: held[name] for name in self._axes}

    def point(self, i: int) -> dict[str, Any]:
        """Return the values at one point."""
        positions: list[int] = []
        for axis in reversed(self._axes.values()):
            i, position = divmod(i, axis.size)
            positions.append(position)
        return {
            name: axis.value(position)
            for (name, axis), position in zip(self._axes.items(), reversed(positions), strict=True)
        }

    def _prefix_difference(self, old: Space) -> str | None:
        """Compare axes where that is enough: a longer first axis is a grid that goes on."""
        return None if isinstance(old, Grid) and self._goes_on_from(old) else super()._prefix_difference(old)

    def _goes_on_from(self, old: Grid) -> bool:
        first, *inner = self._axes
        if not inner or any(self._axes[name].spec() != old._axes[name].spec() for name in inner):
            return False
        return Grid({first: self._axes[first]}).extends(Grid({first: old._axes[first]})) is None

    def spec(self) -> dict[str, Any]:
        """Describe the grid."""
        return {"grid": [[name, axis.spec()] for name, axis in self._axes.items()]}


class Zipped(_OfAxes):
    """Axes of one length, walked together."""

    def __init__(self, axes: dict[str, Axis]) -> None:
        super().__init__(axes)
        lengths = {name: axis.size for name, axis in axes.items()}
        if len(set(lengths.values())) != 1:
            said = ", ".join(f"{name}: {length}" for name, length in lengths.items()) or "no axis"
            raise SpaceError(f"zipped axes must have one length ({said})")
        self.size = limited(next(iter(lengths.values())))

    def at(self, points: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """Return the values at some points."""
        return {name: axis.at(points) for name, axis in self._axes.items()}

    def point(self, i: int) -> dict[str, Any]:
        """Return the values at one point."""
        return {name: axis.value(i) for name, axis in self._axes.items()}

    def spec(self) -> dict[str, Any]:
        """Describe the axes."""
        return {"zipped": [[name, axis.spec()] for name, axis in self._axes.items()]}


def grid(**axes: Any) -> Space:
    """Make the space of every combination of some axes' values.

    Parameters
    ----------
    **axes
        Values by name: a list or array of numbers, bools or strings, a `range`, `linspace`, `logspace`, or one value. The last axis
        varies fastest, so a longer first axis adds points at the end.

    Raises
    ------
    SpaceError
        If an axis is empty, mixes kinds, or has a value that is not finite.

    Examples
    --------
    >>> space = grid(a=[1, 2], b=["x", "y"])
    >>> len(space), space[1]
    (4, {'a': 1, 'b': 'y'})
    """
    return Grid({name: as_axis(name, values) for name, values in axes.items()})


def zipped(**axes: Any) -> Space:
    """Make the space of some axes walked together.

    Raises
    ------
    SpaceError
        If their lengths differ, or an axis is wrong.

    Examples
    --------
    >>> zipped(a=[1, 2], b=[0.5, 0.25])[1]
    {'a': 2, 'b': 0.25}
    """
    return Zipped({name: as_axis(name, values) for name, values in axes.items()})
