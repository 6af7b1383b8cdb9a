"""Children that are commands, run by a runner of the actor's own and told on to the engine, wherever that is."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from sweep.jobs.events import Begun, Ended, Unserved
from sweep.jobs.limits import GRACE

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.executors.calls import Outcome
    from sweep.executors.commands.worker import Commands
    from sweep.jobs.lease import Span
    from sweep.jobs.work import Work, Worker

__all__ = ["Relay", "Relays"]


class Relays:
    """A worker for commands, and the spans that it has been given.

    Parameters
    ----------
    make_worker
        Makes it, given how it is to tell.
    """

    def __init__(self, make_worker: Callable[[Relays], Commands]) -> None:
        self._numbers = itertools.count(1)
        self._relays: dict[int, Relay] = {}
        self._worker: Worker = make_worker(self)

    def relay(self, work: Work, span: Span) -> Relay:
        """Return what runs a span. It gets a number of its own: several spans of a lease may come here, one after the other."""
        number = next(self._numbers)
        relay = self._relays[number] = Relay(
            self._worker, replace(work, lease=number, spans=(span,), slots=1), work.lease
        )
        return relay

    def __call__(self, event: Begun | Ended | Unserved, error: BaseException | None = None) -> None:
        """Take what the worker tells."""
        del error
        if isinstance(event, Unserved):
            return  # runners do not say so
        relay = self._relays.get(event.lease)
        if relay is not None:  # a runner may tell of a span that is over
            relay.hear(event)

    def steps(self, job_id: str, count: int) -> None:
        """Hear nothing: commands report no steps."""

    def forget(self, relay: Relay) -> None:
        """Let go of a span that has ended."""
        del self._relays[relay.number]


class Relay:
    """One span of a lease; used as `sweep.executors.calls.Calls` is."""

    def __init__(self, worker: Worker, work: Work, lease: int) -> None:
        self.lease = lease
        self.number = work.lease
        self._worker = worker
        self._work = work
        self._outcomes: list[Outcome] = []
        self._current: tuple[int, int] | None = None
        self._left = sum(last - first for first, last, _ in work.spans)
        self._changed = threading.Condition()

    def run(self) -> None:
        """Run the commands, one after the other, and wait for the last."""
        self._worker.start(self._work)
        with self._changed:
            self._changed.wait_for(lambda: not self._left)
        self._worker.over(self.number)

    def hear(self, event: Begun | Ended) -> None:
        """Take what the runner tells."""
        with self._changed:
            if isinstance(event, Begun):
                self._current = (event.first, event.at)
                return
            self._current = None
            self._left -= event.last - event.first
            self._outcomes.append((replace(event, lease=self.lease), None))
            self._changed.notify_all()

    def current(self) -> tuple[int, int] | None:
        """Return which child runs now and since when, ms since 1970."""
        return self._current

    def collect(self) -> list[Outcome]:
        """Return what has come of children since the last time."""
        with self._changed:
            outcomes, self._outcomes = self._outcomes, []
        return outcomes

    def stop(self, spans: tuple[Span, ...]) -> None:
        """Stop children."""
        self._worker.stop(self.number, spans, GRACE)
