"""Sampled designs: points spread over ranges, each computed from its index alone."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import SpaceError
from sweep.space.base import Space, limited
from sweep.space.bits import POINTS, random_words
from sweep.space.dimension import Dimension, as_dimension, unmistaken
from sweep.space.parameter import named, whole_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Design", "Independent", "closed_off", "independent"]

SMALLEST_STEP = 2.0**-53


class Design(Space):
    """A number of points in the unit cube, turned into values dimension by dimension."""

    kind = ""

    def __init__(self, n: Any, seed: Any, ranges: dict[str, Any]) -> None:
        size, start = whole_number(n), whole_number(seed)
        if size is None:
            raise SpaceError(f"{self.kind}(n={n!r}): the number of points must be a whole number")
        if start is None or not 0 <= start < 1 << 64:
            raise SpaceError(f"{self.kind}(seed={seed!r}): a seed is a whole number from 0 to 2**64 - 1")
        if not ranges:
            raise SpaceError(
                f"{self.kind}(n={n}) has no range: give at least one parameter, as in {self.kind}({n}, a=(0, 1))"
            )
        self.size, self._seed = limited(size), start
        names = named("parameter", ranges)
        self._dimensions: list[Dimension] = [as_dimension(*each) for each in zip(names, ranges.values(), strict=True)]
        self.parameters = tuple(each.parameter for each in self._dimensions)

    @abstractmethod
    def unit(self, dimension: int, points: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return a coordinate of some points, ``0 < u < 1``."""

    def at(self, points: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """Return the values at some points."""
        return {
            each.parameter.name: each.values(self.unit(number, points)) for number, each in enumerate(self._dimensions)
        }

    def spec(self) -> dict[str, Any]:
        """Describe the design."""
        ranges = [[each.parameter.name, each.spec()] for each in self._dimensions]
        return {self.kind: {"n": self.size, "seed": self._seed, "ranges": ranges}}


def closed_off(u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep coordinates off 0 and 1, where a distribution without bounds has no value."""
    return np.clip(u, SMALLEST_STEP, 1.0 - SMALLEST_STEP)


class Independent(Design):
    """Points drawn independently of each other."""

    kind = "independent"

    def unit(self, dimension: int, points: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return a coordinate of some points."""
        high, low, _, _ = random_words(self._seed, POINTS, dimension, points)
        return ((high << np.uint64(20) | low >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def independent(n: int, seed: int = 0, **ranges: Any) -> Space:
    """Make a design of points drawn independently; a larger `n` adds points at the end.

    Parameters
    ----------
    n
        How many points.
    seed
        ``0 <= seed < 2**64``.
    **ranges
        By parameter: ``(low, high)``, a list to choose from, or a frozen distribution of scipy.stats.

    Raises
    ------
    SpaceError
        If a range is none of these.
    """
    return Independent(n, seed, unmistaken(ranges))
