"""The corners of a space: where costs are likely to be least and most."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from sweep.space.algebra import Product, Union
from sweep.space.grid import Grid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sweep.space.base import Space

__all__ = ["corners"]

MOST = 16


def corners(space: Space, most: int = MOST) -> tuple[int, ...]:
    """Return points at the ends of a space's axes, in rising order: all combinations of ends, or `most` of them spread evenly.

    A space without axes has its first and its last point; the ends of its parameters are found among the points that are looked at.

    Examples
    --------
    >>> from sweep.space import grid
    >>> corners(grid(a=range(10), b=range(100)))
    (0, 99, 900, 999)
    """
    found = sorted(set(itertools.islice(_corners(space), 1 << 12)) | {0, space.size - 1})
    if len(found) <= most:
        return tuple(found)
    return tuple(sorted({found[round(i * (len(found) - 1) / (most - 1))] for i in range(most)}))


def _corners(space: Space) -> Iterator[int]:
    if isinstance(space, Grid):
        yield from _combined(space.lengths, [sorted({0, each - 1}) for each in space.lengths])
    elif isinstance(space, Product):
        yield from _combined([each.size for each in space.parts], [corners(each) for each in space.parts])
    elif isinstance(space, Union):
        first = 0
        for part in space.parts:
            yield from (first + each for each in corners(part))
            first += part.size
    else:
        yield from {0, space.size - 1}


def _combined(lengths: Sequence[int], ends: Sequence[Sequence[int]]) -> Iterator[int]:
    """Yield the indices of all combinations of positions; the last varies fastest."""
    strides = [math.prod(lengths[i + 1 :]) for i in range(len(lengths))]
    for chosen in itertools.product(*ends):
        yield sum(position * stride for position, stride in zip(chosen, strides, strict=True))
