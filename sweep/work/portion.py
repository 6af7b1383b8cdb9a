"""A portion of a shard, for workers that share no memory: each writes its part into the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.work.pieces import run_piece, write_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sweep.ledger import Wave
    from sweep.work.study import Study

__all__ = ["Portion", "portions"]


@dataclass(frozen=True)
class Portion:
    """Child `i` runs the blocks of range `i` of a shard's walk, and keeps them as a part; when it is stopped, what it has run of them."""

    study: Study
    wave: Wave
    shard: int
    ranges: tuple[tuple[int, int], ...]

    def __call__(self, index: int, report: Callable[[int], None]) -> None:
        """Run a range; `report` hears of trials, and what it raises is raised once what was run is kept."""
        raised: list[Exception] = []

        def tell(trials: int) -> None:
            try:
                report(trials)
            except Exception as error:  # noqa: BLE001 - whoever stops it says so by raising
                raised.append(error)

        def stopped() -> bool:
            tell(0)
            return bool(raised)

        where = (self.study, self.wave, self.shard, *self.ranges[index])
        piece = run_piece(*where, tell, lambda: bool(raised), stopped)
        if piece is not None:
            write_part(self.study, self.wave, self.shard, piece)
        if raised:
            raise raised[0]


def portions(gaps: Iterable[tuple[int, int]], count: int) -> tuple[tuple[int, int], ...]:
    """Cut ranges into about `count` of about one size.

    >>> portions([(0, 6), (8, 12)], 5)
    ((0, 2), (2, 4), (4, 6), (8, 10), (10, 12))
    """
    left = list(gaps)
    size = max(1, -(-sum(stop - start for start, stop in left) // count))
    return tuple((first, min(first + size, stop)) for start, stop in left for first in range(start, stop, size))
