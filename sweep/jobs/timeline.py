"""When children ran, worked out from the journal's events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sweep.jobs.effects import Moved
from sweep.jobs.engine import handle
from sweep.jobs.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sweep.jobs.events import Event
    from sweep.jobs.job import Job
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
    told = {(job.id, index): len(past) for job in state.jobs.values() for index, past in job.past.items()}
    for now, event in events:
        for move in handle(state, event, now):
            if isinstance(move, Moved):
                for index in range(move.first, move.last):
                    yield from _ended(state.jobs[move.job_id], index, move.status, now, runnable, told)


def _ended(
    job: Job,
    index: int,
    status: Status,
    now: int,
    runnable: dict[tuple[str, int], int],
    told: dict[tuple[str, int], int],
) -> Iterator[Bar]:
    """Tell of the attempt that a child's move ends, if it ends one; note when children could run.

    The row of a child that is RUNNABLE again may speak of the next attempt already. What was given back before it began was no attempt.
    """
    key, past = (job.id, index), job.past.get(index, [])
    bar = partial(
        Bar, job.id, job.request.name, index, submitted=job.created, runnable=runnable.get(key), status=status
    )
    if status.is_terminal:
        row = job.children[index]
        yield bar(attempt=int(row["attempt"]), started=int(row["started"]) or None, stopped=now)
    elif status is Status.RUNNABLE:
        if len(past) > told.get(key, 0):
            told[key] = len(past)
            yield bar(attempt=len(past), started=past[-1].started or None, stopped=now)
        runnable[key] = now
