"""How long an estimator takes, whatever runs it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Estimator"]


class Estimator:
    """An estimator, and how many trials make a call of it that is long beside what it takes to make one.

    Parameters
    ----------
    run
        ``run(first, trials)``: the sum and the sum of squares of what these trials return.
    grain
        Trials of a call at first; every call takes a multiple.
    shortest
        A call in ns.
    wrap
        Trials are counted from 0 again here.
    """

    def __init__(self, run: Callable[[int, int], tuple[float, float]], *, grain: int, shortest: int, wrap: int) -> None:
        self._run = run
        self._trials = grain
        self._shortest, self._wrap = shortest, wrap
        self._next = 0

    def sums(self, trials: int) -> tuple[float, float]:
        """Return the sum and the sum of squares of the first trials."""
        return self._run(0, trials)

    def nanoseconds(self, seconds: float) -> float:
        """Return ns a trial over at least `seconds`; at first calls grow until one is long enough."""
        while self._call() < self._shortest:
            self._trials *= 2
        calls = spent = 0
        while spent < seconds * 1e9:
            spent += self._call()
            calls += 1
        return spent / (calls * self._trials)

    def _call(self) -> int:
        begun = time.perf_counter_ns()
        self._run(self._next, self._trials)
        spent = time.perf_counter_ns() - begun
        self._next = (self._next + self._trials) % self._wrap
        return spent
