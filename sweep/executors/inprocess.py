"""Children that are Python functions, on threads of this process; compiled kernels release the GIL."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from sweep.executors.calls import Calls
from sweep.executors.functions import find_function
from sweep.executors.seats import Seats, tell_begun, tell_outcomes

if TYPE_CHECKING:
    from sweep.executors.seats import Running
    from sweep.jobs.lease import Span
    from sweep.jobs.work import Functions, Tell

__all__ = ["InProcess"]

LOOK_SECONDS = 0.05
"""A child that runs for longer is shown as RUNNING; one that ends before is only told to have ended."""


class InProcess(Seats):
    """A `sweep.jobs.work.Worker` for Python functions.

    A function is stopped when it next calls its `report`; there is no way to end a thread from outside.

    Parameters
    ----------
    functions
        By the names that definitions have for them; others are imported by ``"package.module:name"``.
    tell
        How the engine is told.
    """

    def __init__(self, functions: Functions, tell: Tell) -> None:
        self._looker = _Looker(tell)
        super().__init__(lambda: _Thread(functions, tell, self._looker), tell)

    def close(self) -> None:
        """Stop everything and wait for it."""
        super().close()
        self._looker.close()


class _Thread:
    """A seat on a thread of this process."""

    def __init__(self, functions: Functions, tell: Tell, looker: _Looker) -> None:
        self._functions = functions
        self._tell = tell
        self._looker = looker

    def carry_out(self, running: Running, span: Span) -> None:
        """Call the function for each child of the span."""
        work = running.work
        function = find_function(work.container.function or "", self._functions)
        calls = Calls(function, work, span, lambda steps: self._tell.steps(work.job_id, steps))

        def stop(spans: tuple[Span, ...], grace: float) -> None:
            del grace  # a thread cannot be ended
            calls.stop(spans)

        running.listen(stop)
        self._looker.add(calls)
        calls.run()
        self._looker.remove(calls)
        running.leave(stop)
        tell_outcomes(self._tell, calls.collect())

    def close(self) -> None:
        """Nothing is held."""


class _Looker:
    """Looks at what runs, now and then: tells that long children have begun, and what has come of short ones so far."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._running: dict[Calls, tuple[int, int] | None] = {}
        self._any = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def add(self, calls: Calls) -> None:
        """Look at these calls from now on."""
        with self._lock:
            self._running[calls] = None
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="sweep-looker", daemon=True)
                self._thread.start()
        self._any.set()

    def remove(self, calls: Calls) -> None:
        """Look at them no more."""
        with self._lock:
            del self._running[calls]
            if not self._running:
                self._any.clear()

    def close(self) -> None:
        """Look no more at all."""
        self._closing.set()
        self._any.set()
        if self._thread is not None:
            self._thread.join()

    def _look(self) -> None:
        while not self._closing.wait(LOOK_SECONDS):
            self._any.wait()
            with self._lock:
                for calls, told in list(self._running.items()):
                    self._running[calls] = self._tell_of(calls, told)

    def _tell_of(self, calls: Calls, told: tuple[int, int] | None) -> tuple[int, int] | None:
        tell_outcomes(self._tell, calls.collect())
        current = calls.current()
        if current is not None and current != told:
            tell_begun(self._tell, calls.lease, calls.attempt, current)
        return current
