"""The time of day for an engine: it goes on while the machine sleeps, and does not jump when somebody sets the clock."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["steady_clock"]

_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def _since_boot() -> float:
    return time.clock_gettime(_BOOT)


def steady_clock(
    wall: Callable[[], float] = time.time, passed: Callable[[], float] = _since_boot
) -> Callable[[], float]:
    """Return a clock that shows the time of day as it was when made, and what has passed since: seconds since 1970.

    >>> times, ticks = iter([1000.0]), iter([5.0, 7.5])
    >>> steady_clock(lambda: next(times), lambda: next(ticks))()
    1002.5
    """
    begun = wall() - passed()
    return lambda: begun + passed()
