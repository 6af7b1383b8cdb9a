"""Tell the engine what happened: soon, but not one by one, and what is alike as one."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from sweep.executors.commands.wire import Begun, Ended

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweep.executors.commands.attempt import Attempt
    from sweep.executors.commands.children import Children
    from sweep.executors.commands.files import Files
    from sweep.executors.commands.lease import Lease
    from sweep.executors.commands.line import Line
    from sweep.executors.commands.loop import Loop

__all__ = ["PERIOD", "Teller", "begun_alike", "ended_alike"]

PERIOD = 0.02
"""Seconds between two tellings. An attempt that is over by then is told as ended only."""


class Teller:
    """Gathers what happens.

    An attempt has ended when all its processes have: before its end is told, what it has left behind is killed.

    Attributes
    ----------
    line
        To the engine; None while there is none. What happens then is kept by its lease.
    children
        All processes.
    last
        When something was told last, on the clock that never goes back.
    """

    def __init__(self, loop: Loop, files: Files) -> None:
        self._loop = loop
        self._files = files
        self._begun: list[tuple[Lease, Attempt]] = []
        self._ended: list[tuple[Lease, Attempt | None, Ended]] = []
        self._due = math.inf
        self.last = 0.0
        self.line: Line | None = None
        self.children: Children

    def begun(self, lease: Lease, attempt: Attempt) -> None:
        """Take note of an attempt that runs."""
        self._begun.append((lease, attempt))
        self._tell_at(attempt.born + PERIOD)

    def ended(self, lease: Lease, attempt: Attempt | None, event: Ended) -> None:
        """Take note of children that have ended; `attempt` is None where none had begun."""
        self._ended.append((lease, attempt, event))
        self._tell_at(self.last + PERIOD)

    def tell_again(self, lease: Lease) -> None:
        """Tell all that was told of a lease."""
        self._send(lease, lease.told)

    def _tell_at(self, when: float) -> None:
        if when < self._due:
            self._due = when
            self._loop.after(when - time.monotonic(), lambda: None)

    def tell_if_due(self, *, more: bool) -> None:
        """Tell, if it is time to, or if nothing runs whose end could be told with the rest."""
        idle = bool(self._ended) and not more and not self.children.attempts
        if idle or self._due <= time.monotonic():
            self._tell()

    def _tell(self) -> None:
        self.last, self._due = time.monotonic(), math.inf
        events: dict[Lease, list[Begun | Ended]] = {}
        for lease, begun in self._take_begun():
            events.setdefault(lease, []).append(begun)
        for lease, ended in self._take_ended():
            events.setdefault(lease, []).append(ended)
        for lease, each in events.items():
            alike = _alike(each)
            lease.told += alike
            self._send(lease, alike)

    def _take_begun(self) -> list[tuple[Lease, Begun]]:
        """Return what has run for a while; what is younger stays, what has ended goes."""
        live = [(lease, each) for lease, each in self._begun if lease.running.get(each.index) is each]
        young = [(lease, each) for lease, each in live if self.last - each.born < PERIOD]
        self._begun = young
        if young:
            self._tell_at(young[0][1].born + PERIOD)
        old = [(lease, each) for lease, each in live if self.last - each.born >= PERIOD]
        return [(lease, Begun(each.index, each.index + 1, each.number, each.started)) for lease, each in old]

    def _take_ended(self) -> list[tuple[Lease, Ended]]:
        """Return what has ended; what left something behind stays until that is dead too."""
        killed = self.children.kill_strays() if self._ended else set[tuple[str, str]]()
        stay = [each for each in self._ended if each[1] is not None and each[1].owner in killed]
        done = [each for each in self._ended if each[1] is None or each[1].owner not in killed]
        self._ended = stay
        if stay:
            self._tell_at(self.last + PERIOD)
        for _, attempt, _ in done:
            if attempt is not None and not self._files.remove_directory(attempt.directory):
                self.children.remove(attempt.directory)
        return [(lease, event) for lease, _, event in done]

    def _send(self, lease: Lease, events: Iterable[Begun | Ended]) -> None:
        if self.line is not None:
            job, number = lease.key
            self.line.send(
                *(
                    {"tell": type(each).__name__.lower(), "job": job, "lease": number, **each._asdict()}
                    for each in events
                )
            )


def _alike(events: list[Begun | Ended]) -> list[Begun | Ended]:
    begun = begun_alike(each for each in events if isinstance(each, Begun))
    ended = ended_alike(each for each in events if isinstance(each, Ended))
    return [*begun, *ended]


def begun_alike(events: Iterable[Begun]) -> list[Begun]:
    """Join neighbours that began.

    >>> begun_alike([Begun(1, 2, 1, 70), Begun(0, 1, 1, 75)])
    [Begun(first=0, last=2, attempt=1, at=70)]
    """
    told: list[Begun] = []
    for each in sorted(events, key=lambda event: (event.attempt, event.first)):
        if told and (told[-1].last, told[-1].attempt) == (each.first, each.attempt):
            told[-1] = told[-1]._replace(last=each.last, at=min(told[-1].at, each.at))
        else:
            told.append(each)
    return told


def ended_alike(events: Iterable[Ended]) -> list[Ended]:
    """Join neighbours that ended alike.

    >>> a, b = Ended(0, 1, 1, "EXITED", 0, "", 5, 9, 1.0), Ended(1, 2, 1, "EXITED", 0, "", 4, 8, 2.0)
    >>> ended_alike([b, a])
    [Ended(first=0, last=2, attempt=1, fate='EXITED', exit_code=0, reason='', started=4, stopped=9, busy=3.0)]
    """
    told: list[Ended] = []
    for each in sorted(events, key=lambda event: (event.attempt, event.first)):
        if told and told[-1].last == each.first and told[-1][2:6] == each[2:6]:
            told[-1] = _both(told[-1], each)
        else:
            told.append(each)
    return told


def _both(a: Ended, b: Ended) -> Ended:
    return a._replace(
        last=b.last, started=min(a.started, b.started), stopped=max(a.stopped, b.stopped), busy=a.busy + b.busy
    )
