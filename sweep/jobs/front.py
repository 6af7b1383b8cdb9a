"""Whose turn comes first in a queue, as things are now."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from sweep.jobs.fit import need_at_once
from sweep.jobs.shares import Uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep.jobs.queue import Queue
    from sweep.jobs.state import Order, State

__all__ = ["front"]


def front(state: State, queue: Queue, now: int, most: int) -> list[tuple[str, int]]:
    """Return the first jobs of a queue that wait for room, each with since when it is there at the earliest, ms since 1970.

    When the job at the head came there is known; the others stand where they stand since then, or since they were submitted.
    """
    head, since = state.heads.get(queue.name, ("", 0))
    fitting = _fair(state, queue, now, most) if queue.policy else _first_come(state, queue)
    ordered = (
        heapq.merge(fitting, state.aside.get(queue.name, [])) if not queue.policy else _then(state, queue, fitting)
    )
    found = [job_id for _, (_, job_id) in zip(range(most), ordered, strict=False)]
    return [(each, since if each == head else max(since, state.jobs[each].created)) for each in found]


def _first_come(state: State, queue: Queue) -> Iterator[Order]:
    for line in state.waiting.get(queue.name, {}).values():
        yield from (place[1:] for place in line)


def _then(state: State, queue: Queue, fitting: Iterator[Order]) -> Iterator[Order]:
    """Put those that fit nowhere after those whose turn can come."""
    yield from fitting
    yield from state.aside.get(queue.name, [])


def _fair(state: State, queue: Queue, now: int, most: int) -> Iterator[Order]:
    """Go through jobs by the weighted use of their shares, had each been given one child's room."""
    lines = {share: iter(line) for share, line in state.waiting.get(queue.name, {}).items()}
    uses = Uses(state, queue, now) if lines else None
    while lines and uses is not None and most:
        share = uses.least(lines)
        place = next(lines[share], None)
        if place is None:
            del lines[share]
            continue
        most -= 1
        uses.hold(share, need_at_once(state.jobs[place[-1]]).vcpus)
        yield place[1:]
