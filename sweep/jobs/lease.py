"""Work that a worker has been given: some children of one job, and the room to run so many at a time."""

from __future__ import annotations

import bisect
from dataclasses import dataclass

import numpy as np

__all__ = ["Lease", "Span", "runs_of"]

Span = tuple[int, int, int]
"""Children ``first`` to ``last`` (not included), and which attempt it is of each."""


@dataclass(slots=True)
class Lease:
    """A lease. It ends when all of its children have; its room shrinks as fewer are left than could run at once.

    Attributes
    ----------
    environment
        Where.
    spans
        What, in the order in which to begin it.
    slots
        How many at a time; the environment's resources are held for so many.
    left
        Children that have not ended.
    given
        When, ms since 1970.
    gpus
        Which GPUs of the environment, `slots` times what one child needs.
    reclaim
        SPOT: when the worker is taken away, ms since 1970.
    reclaimed
        Whether it is being taken away.
    held
        Nodes that wait until their main node runs.
    recalled
        When some of it was last asked back, ms since 1970.
    """

    id: int
    job: str
    environment: str
    spans: tuple[Span, ...]
    slots: int
    left: int
    given: int
    gpus: tuple[int, ...] = ()
    reclaim: int | None = None
    reclaimed: bool = False
    held: bool = False
    recalled: int = 0

    def holds(self, first: int, last: int, attempt: int) -> np.ndarray:
        """Return which of children ``first`` to ``last`` (not included) are here with that attempt: bool, shape (last - first,)."""
        held = np.zeros(last - first, bool)
        for low, high, number in self.overlapping(first, last):
            if number == attempt:
                held[max(low - first, 0) : high - first] = True
        return held

    def overlapping(self, first: int, last: int) -> tuple[Span, ...]:
        """Return the spans that hold any of children ``first`` to ``last`` (not included)."""
        return self.spans[self._among(first, last)]

    def _among(self, first: int, last: int) -> slice:
        """Return where these spans stand; spans ascend."""
        low = bisect.bisect_right(self.spans, first, key=lambda each: each[1])
        return slice(low, max(low, bisect.bisect_left(self.spans, last, key=lambda each: each[0])))

    def give_up(self, indices: np.ndarray) -> None:
        """Let children go that will be given to another worker, so that nothing told of this one can be taken for them."""
        for first, last in runs_of(indices):
            where = self._among(first, last)
            pieces = ((piece, each[2]) for each in self.spans[where] for piece in ((each[0], first), (last, each[1])))
            kept = tuple((low, high, number) for (low, high), number in pieces if low < high)
            self.spans = self.spans[: where.start] + kept + self.spans[where.stop :]

    @property
    def instance(self) -> str:
        """The name of the worker, as AWS names its instances."""
        return f"i-{self.id:017x}"


def runs_of(indices: np.ndarray) -> list[tuple[int, int]]:
    """Group ascending indices into runs, as (first, last), last not included.

    >>> runs_of(np.array([3, 4, 5, 9]))
    [(3, 6), (9, 10)]
    """
    if not len(indices):
        return []
    if int(indices[-1]) - int(indices[0]) == len(indices) - 1:
        return [(int(indices[0]), int(indices[-1]) + 1)]
    breaks = np.flatnonzero(np.diff(indices) != 1)
    firsts = [int(indices[0]), *(int(indices[each + 1]) for each in breaks)]
    lasts = [*(int(indices[each]) + 1 for each in breaks), int(indices[-1]) + 1]
    return list(zip(firsts, lasts, strict=True))
