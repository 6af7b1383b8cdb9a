"""When children ran, worked out from the journal's events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.jobs.effects import Moved
from sweep.jobs.engine import handle
from sweep.jobs.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sweep.jobs.events import Event
    from sweep.jobs.state import State

__all__ = ["Bar", "bars"]


@dataclass(frozen=True, slots=True)
class Bar:
    """One attempt of one child, or the wait of one that never ran. Times in ms since 1970.

    Attributes
    ----------
    submitted, runnable
        When the job was submitted, and when the child could have run: what is between is waiting for other jobs. `runnable` is None
        if that never came.
    started, stopped
        When the attempt ran; `started` is None if it never did.
    status
        SUCCEEDED, FAILED, or RUNNABLE for an attempt that was followed by another.
    """

    job_id: str
    name: str
    index: int
    attempt: int
    submitted: int
    runnable: int | None
    started: int | None
    stopped: int
    status: Status


def bars(state: State, events: Iterable[tuple[int, Event]]) -> Iterator[Bar]:
    """Play events through an engine and tell of every attempt as it ends.

    Parameters
    ----------
    state
        From which the events begin; changed.
    events
        With their times, as `sweep.jobs.journal.Journal.events` has them.
    """
    runnable: dict[tuple[str, int], int] = {}
    placed: set[tuple[str, int]] = set()
    for now, event in events:
        for move in handle(state, event, now):
            if isinstance(move, Moved):
                yield from _ended(state, move, now, runnable, placed)


def _ended(
    state: State, move: Moved, now: int, runnable: dict[tuple[str, int], int], placed: set[tuple[str, int]]
) -> Iterator[Bar]:
    """Tell of the attempts that a move ends; note when children could run and were placed."""
    for index in range(move.first, move.last):
        key = (move.job_id, index)
        if move.status is Status.STARTING:
            placed.add(key)
        ends = move.status.is_terminal or (move.status is Status.RUNNABLE and key in placed)
        if ends:
            yield _bar(state, key, now, move.status, runnable.get(key))
            placed.discard(key)
        if move.status is Status.RUNNABLE:
            runnable[key] = now


def _bar(state: State, key: tuple[str, int], now: int, status: Status, runnable: int | None) -> Bar:
    job, index = state.jobs[key[0]], key[1]
    row = job.children[index]
    started = int(row["started"]) or None
    return Bar(job.id, job.request.name, index, int(row["attempt"]), job.created, runnable, started, now, status)
