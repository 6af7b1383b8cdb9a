"""Leases carried out by threads: each thread is a seat on which one child at a time runs, here or in another process."""

from __future__ import annotations

import queue
import threading
from collections import deque
from typing import TYPE_CHECKING, Protocol

from sweep.jobs.events import Begun, Ended, Fate

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.executors.calls import Outcome
    from sweep.jobs.lease import Span
    from sweep.jobs.work import Tell, Work

__all__ = ["Running", "Seat", "Seats", "tell_begun", "tell_outcomes"]

PORTIONS = 2
"""A seat takes this part of its share of what is left of a lease, so that portions shrink as the end comes near."""


class Running:
    """A lease that is being carried out."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._lock = threading.Lock()
        self._left = deque(work.spans)
        self._count = sum(last - first for first, last, _ in work.spans)
        self._stops: list[tuple[tuple[Span, ...], float]] = []
        self._listeners: list[Callable[[tuple[Span, ...], float], None]] = []

    def take(self) -> Span | None:
        """Take the next children; None when there are none."""
        with self._lock:
            if not self._left:
                return None
            first, last, attempt = self._left.popleft()
            size = max(1, self._count // (PORTIONS * self.work.slots))
            if last - first > size:
                self._left.appendleft((first + size, last, attempt))
                last = first + size
            self._count -= last - first
            return first, last, attempt

    def stop(self, spans: tuple[Span, ...], grace: float) -> None:
        """Stop children, now or when they are taken."""
        with self._lock:
            self._stops.append((spans, grace))
            listeners = list(self._listeners)
        for each in listeners:
            each(spans, grace)

    def listen(self, stop: Callable[[tuple[Span, ...], float], None]) -> None:
        """Have a seat hear what is to be stopped, also what was before it took its children."""
        with self._lock:
            self._listeners.append(stop)
            stops = list(self._stops)
        for spans, grace in stops:
            stop(spans, grace)

    def leave(self, stop: Callable[[tuple[Span, ...], float], None]) -> None:
        """Hear no more."""
        with self._lock:
            self._listeners.remove(stop)


class Seat(Protocol):
    """Where children run, one at a time."""

    def carry_out(self, running: Running, span: Span) -> None:
        """Run some children of a lease, one after the other, and tell what came of them."""
        ...

    def close(self) -> None:
        """End what the seat holds."""
        ...


class Seats:
    """A `sweep.jobs.work.Worker` on as many threads as there is room for.

    The threads are daemons: a second Ctrl-C ends the process at once.

    Parameters
    ----------
    make_seat
        Called once for each thread, on it.
    tell
        How the engine is told.
    """

    def __init__(self, make_seat: Callable[[], Seat], tell: Tell) -> None:
        self._make_seat = make_seat
        self._tell = tell
        self._leases: dict[int, Running] = {}
        self._wanted: queue.SimpleQueue[Running | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._free = 0
        self._closing = threading.Event()

    def start(self, work: Work) -> None:
        """Begin a lease."""
        if work.lease in self._leases:
            return
        running = self._leases[work.lease] = Running(work)
        with self._lock:
            more = work.slots - self._free
            self._free -= work.slots
            for _ in range(more):
                self._add_thread()
        for _ in range(work.slots):
            self._wanted.put(running)

    def recover(self, work: Work) -> None:
        """Tell that a lease is lost: what ran it ended with the engine."""
        for first, last, attempt in work.spans:
            self._tell(Ended(work.lease, first, last, attempt, Fate.LOST, None))

    def stop(self, lease: int, spans: tuple[Span, ...], grace: float) -> None:
        """Stop children of a lease."""
        if lease in self._leases:
            self._leases[lease].stop(spans, grace)

    def over(self, lease: int) -> None:
        """Forget a lease."""
        self._leases.pop(lease, None)

    def close(self) -> None:
        """Stop everything and wait for it."""
        self._closing.set()
        for running in list(self._leases.values()):
            while running.take() is not None:
                pass
            running.stop(running.work.spans, 0.0)
        for _ in self._threads:
            self._wanted.put(None)
        for each in self._threads:
            each.join()

    def _add_thread(self) -> None:
        thread = threading.Thread(target=self._sit, name=f"sweep-seat-{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        self._free += 1
        thread.start()

    def _sit(self) -> None:
        seat: Seat | None = None
        while (running := self._wanted.get()) is not None:
            seat = seat or self._make_seat()
            self._serve(seat, running)
            with self._lock:
                self._free += 1
        if seat is not None:
            seat.close()

    def _serve(self, seat: Seat, running: Running) -> None:
        while not self._closing.is_set() and (span := running.take()) is not None:
            try:
                seat.carry_out(running, span)
            except Exception as error:  # noqa: BLE001 - a child that cannot be run has failed; the engine goes on
                first, last, attempt = span
                reason = f"{type(error).__name__}: {error}"
                self._tell(Ended(running.work.lease, first, last, attempt, Fate.NOT_STARTED, None, reason))


def tell_outcomes(tell: Tell, outcomes: list[Outcome]) -> None:
    """Tell the engine how children ended."""
    for ended, raised in outcomes:
        tell(ended, raised)


def tell_begun(tell: Tell, lease: int, attempt: int, current: tuple[int, int]) -> None:
    """Tell the engine that a child runs; `current` is its index and since when, ms since 1970."""
    index, started = current
    tell(Begun(lease, index, index + 1, attempt, started))
