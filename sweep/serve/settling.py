"""A queue or a compute environment that was changed just now is said to be CREATING or UPDATING for a moment.

The engine has done it when it answers. AWS has not, and its clients poll until the state is VALID: so they see what they wait for.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SPAN", "Settling"]

SPAN = 0.2
"""Seconds; AWS takes some seconds to a minute."""


class Settling:
    """What is still CREATING or UPDATING, by kind and name. May be used by many threads.

    Parameters
    ----------
    span
        Seconds that a change is said to take.
    clock
        Seconds.
    """

    def __init__(self, span: float = SPAN, clock: Callable[[], float] = time.monotonic) -> None:
        self._span = span
        self._clock = clock
        self._until: dict[tuple[str, str], tuple[str, float]] = {}
        self._lock = threading.Lock()

    def note(self, kind: str, name: str, status: str) -> None:
        """Have a thing be in a state for a moment."""
        now = self._clock()
        with self._lock:
            self._until = {key: entry for key, entry in self._until.items() if entry[1] > now}
            self._until[kind, name] = (status, now + self._span)

    def status(self, kind: str, name: str) -> str | None:
        """Return CREATING or UPDATING; None for what has settled."""
        with self._lock:
            status, until = self._until.get((kind, name), ("", 0.0))
        return status if until > self._clock() else None

    def forget(self, kind: str, name: str) -> None:
        """Drop what was noted of a thing that is no more."""
        with self._lock:
            self._until.pop((kind, name), None)
