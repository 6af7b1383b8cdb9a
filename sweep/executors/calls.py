"""Children that are Python functions, called one after the other on one thread."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep.executors.codes import TERMINATED, returned_code
from sweep.executors.stopping import Stopped
from sweep.jobs.events import Ended, Fate
from sweep.jobs.work import Child

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.jobs.lease import Span
    from sweep.jobs.work import Work

__all__ = ["Calls", "Outcome"]

Outcome = tuple[Ended, BaseException | None]
"""How neighbouring children ended, all alike, and what the function raised."""


class Calls:
    """One span of a lease. `run` works on the thread that calls it; everything else may be called from others.

    Parameters
    ----------
    function
        Called with a `sweep.jobs.work.Child`. An int that it returns, but no bool, is the exit code; what it raises is exit code 1.
    work
        The lease.
    span
        Which of its children.
    steps
        Called with the number of steps that a child reports.
    """

    def __init__(self, function: Callable[[Child], Any], work: Work, span: Span, steps: Callable[[int], None]) -> None:
        self._function = function
        self._work = work
        self._span = span
        self._steps = steps
        self._lock = threading.Lock()
        self._outcomes: list[Outcome] = []
        self._alike: _Alike | None = None
        self._stopped: set[int] = set()
        self._current: tuple[int, int] | None = None

    def run(self) -> None:
        """Call the function for each child that is not stopped before its turn."""
        first, last, _ = self._span
        for index in range(first, last):
            if index in self._stopped:
                self._note(_Alike(index, index + 1, Fate.RETURNED, None))
            else:
                self._call(index)
        self._current = None

    @property
    def lease(self) -> int:
        """Of which lease they are."""
        return self._work.lease

    @property
    def attempt(self) -> int:
        """Which attempt it is of each."""
        return self._span[2]

    def current(self) -> tuple[int, int] | None:
        """Return which child runs now and since when, ms since 1970."""
        return self._current

    def collect(self) -> list[Outcome]:
        """Return what has come of children since the last time."""
        with self._lock:
            self._close()
            outcomes, self._outcomes = self._outcomes, []
        return outcomes

    def stop(self, spans: tuple[Span, ...]) -> None:
        """Stop children: the one that runs, when it next reports; others before they begin."""
        for first, last, attempt in spans:
            if attempt == self._span[2]:
                self._stopped.update(range(max(first, self._span[0]), min(last, self._span[1])))

    def _report(self, steps: int) -> None:
        if self._current is not None and self._current[0] in self._stopped:
            raise Stopped
        if steps:
            self._steps(steps)

    def _call(self, index: int) -> None:
        code, reason, raised = 0, "", None
        started = int(time.time() * 1000)
        self._current = (index, started)
        begun = time.perf_counter()
        try:
            code = returned_code(self._function(Child(index, self._span[2], self._work, self._report)))
        except Stopped:
            code = TERMINATED
        except SystemExit as error:
            code = error.code & 0xFF if isinstance(error.code, int) else int(error.code is not None)
        except BaseException as error:  # noqa: BLE001 - the engine tells who asked
            code, reason, raised = 1, f"{type(error).__name__}: {error}", error
        busy = time.perf_counter() - begun
        self._note(_Alike(index, index + 1, Fate.EXITED, code, reason, started, busy, raised))

    def _note(self, child: _Alike) -> None:
        """Add a child to those that ended alike, or begin another run of them."""
        with self._lock:
            if self._alike is None or not self._alike.takes(child):
                self._close()
                self._alike = child

    def _close(self) -> None:
        alike, self._alike = self._alike, None
        if alike is not None:
            self._outcomes.append((alike.ended(self._work.lease, self._span[2]), alike.raised))


@dataclass(slots=True)
class _Alike:
    """Neighbours that ended alike; one object a child: an `Ended` costs more to make."""

    first: int
    last: int
    fate: Fate
    code: int | None
    reason: str = ""
    started: int = 0
    busy: float = 0.0
    raised: BaseException | None = None

    def takes(self, other: _Alike) -> bool:
        """Take the next child in, if it ended alike; what raised stays alone."""
        same = self.fate is other.fate and self.code == other.code and self.reason == other.reason
        if not same or self.last != other.first or self.raised is not None or other.raised is not None:
            return False
        self.last, self.busy = other.last, self.busy + other.busy
        return True

    def ended(self, lease: int, attempt: int) -> Ended:
        """Tell the engine's event."""
        stopped = int(time.time() * 1000)
        return Ended(
            lease, self.first, self.last, attempt, self.fate, self.code, self.reason, self.started, stopped, self.busy
        )
