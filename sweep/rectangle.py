"""Rectangles of points x blocks: what is done, what is missing, and how it is cut into shards.

A point's trials fall into blocks. A rectangle is a run of points times a run of each point's blocks; its blocks are counted point by
point. Everything here works on ranges: no list of points or blocks is ever made.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep_kernels.driver import Blocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Rectangle", "common", "cut", "subtract"]


@dataclass(frozen=True, order=True)
class Rectangle:
    """Blocks ``first_block <= k < last_block`` of the points ``first_point <= p < last_point``."""

    first_point: int
    last_point: int
    first_block: int
    last_block: int

    @property
    def width(self) -> int:
        """Blocks of each point."""
        return self.last_block - self.first_block

    @property
    def blocks(self) -> int:
        """Blocks in all."""
        return (self.last_point - self.first_point) * self.width

    def slice(self, start: int, stop: int) -> Blocks:
        """Take the blocks ``start <= i < stop``, counted point by point."""
        return Blocks(self.first_point, self.first_block, self.width, start, stop - start)

    def rectangles(self, start: int, stop: int) -> Iterator[Rectangle]:
        """Describe a slice by at most three rectangles: the rest of its first point, whole points, part of its last."""
        first, offset = divmod(start, self.width)
        last, rest = divmod(stop, self.width)
        if offset and first < last:
            yield self._part(first, first + 1, offset, self.width)
            first, offset = first + 1, 0
        if first < last:
            yield self._part(first, last, 0, self.width)
        if rest and (first == last or not offset):
            yield self._part(last, last + 1, offset if first == last else 0, rest)

    def _part(self, points_from: int, points_to: int, blocks_from: int, blocks_to: int) -> Rectangle:
        p, k = self.first_point, self.first_block
        return Rectangle(p + points_from, p + points_to, k + blocks_from, k + blocks_to)


def cut(rectangles: Iterable[Rectangle], start: int, stop: int) -> Iterator[tuple[Rectangle, int, int]]:
    """Cut a list of rectangles, walked one after the other, to the blocks ``start <= i < stop`` of the whole walk.

    Yields
    ------
    (Rectangle, int, int)
        A rectangle, and the half-open range of its own blocks that belongs.

    Examples
    --------
    >>> a, b = Rectangle(0, 2, 0, 3), Rectangle(2, 3, 0, 3)
    >>> [(from_, to) for _, from_, to in cut([a, b], 4, 8)]
    [(4, 6), (0, 2)]
    """
    passed = 0
    for each in rectangles:
        low, high = max(start - passed, 0), min(stop - passed, each.blocks)
        if low < high:
            yield each, low, high
        passed += each.blocks


def subtract(whole: Rectangle, parts: Iterable[Rectangle]) -> list[Rectangle]:
    """Find what of `whole` no part covers, in the order of points, then blocks.

    The parts may overlap and may reach outside. A line is swept over the points; between two points where a part begins or ends,
    the covered blocks do not change.

    Examples
    --------
    >>> subtract(Rectangle(0, 10, 0, 4), [Rectangle(0, 5, 0, 4), Rectangle(5, 10, 0, 1)])
    [Rectangle(first_point=5, last_point=10, first_block=1, last_block=4)]
    """
    events: dict[int, list[tuple[int, int, int]]] = {whole.first_point: [], whole.last_point: []}
    for each in parts:
        first, last = max(each.first_point, whole.first_point), min(each.last_point, whole.last_point)
        if first < last:
            events.setdefault(first, []).append((+1, each.first_block, each.last_block))
            events.setdefault(last, []).append((-1, each.first_block, each.last_block))
    missing: list[Rectangle] = []
    active: dict[tuple[int, int], int] = {}
    points = sorted(events)
    for here, there in itertools.pairwise(points):
        for step, *span in events[here]:
            _count(active, (span[0], span[1]), step)
        missing.extend(
            Rectangle(here, there, first, last) for first, last in _gaps(whole.first_block, whole.last_block, active)
        )
    return _joined(missing)


def common(some: Iterable[Rectangle], others: Iterable[Rectangle]) -> list[Rectangle]:
    """Find the blocks that are in both; the rectangles of each may overlap.

    Examples
    --------
    >>> common([Rectangle(0, 4, 0, 4)], [Rectangle(2, 9, 1, 2)])
    [Rectangle(first_point=2, last_point=4, first_block=1, last_block=2)]
    """
    left, right = list(some), list(others)
    if not left or not right:
        return []
    around = Rectangle(0, max(r.last_point for r in left), 0, max(r.last_block for r in left))
    return subtract(around, [*subtract(around, left), *subtract(around, right)])


def _count(active: dict[tuple[int, int], int], span: tuple[int, int], step: int) -> None:
    active[span] = active.get(span, 0) + step
    if not active[span]:
        del active[span]


def _gaps(first: int, last: int, covered: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for low, high in sorted(covered):
        if low > first:
            yield first, min(low, last)
        first = max(first, high)
        if first >= last:
            return
    yield first, last


def _joined(rectangles: list[Rectangle]) -> list[Rectangle]:
    """Join neighbours that differ only in their points."""
    open_: dict[tuple[int, int], Rectangle] = {}
    done: list[Rectangle] = []
    for each in rectangles:
        key = (each.first_block, each.last_block)
        before = open_.get(key)
        if before is not None and before.last_point == each.first_point:
            open_[key] = Rectangle(before.first_point, each.last_point, *key)
        else:
            if before is not None:
                done.append(before)
            open_[key] = each
    return sorted([*done, *open_.values()])
