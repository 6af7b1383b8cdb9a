"""Follow a submission until its last job has ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sweep.errors import WorkerError
from sweep.submit.live import ENDED, counts, failure, waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sweep.submit.batch import Batch
    from sweep.submit.live import Count
    from sweep.submit.record import Record

__all__ = ["follow"]

SOONEST, LATEST = 0.2, 10.0
"""Seconds between two questions: more the longer it takes."""


def follow(record: Record, batch: Batch, told: Callable[[Sequence[Count]], None], note: Callable[[str], None]) -> None:
    """Wait until all jobs have ended.

    Parameters
    ----------
    record, batch
        What to ask after, and whom.
    told
        Called with how far the jobs are, each time they are asked after.
    note
        Called, once each, with why jobs do not begin.

    Raises
    ------
    WorkerError
        If a job failed: says which child, and why.
    """
    pause = SOONEST
    noted: set[str] = set()
    while True:
        found = counts(record, batch)
        told(found)
        for each in waiting(found, batch):
            if each not in noted:
                note(each)
                noted.add(each)
        if any(each.status == "FAILED" for each in found) and _all_ended(found):
            raise WorkerError(str(failure(record, batch)))
        if _all_ended(found):
            return
        time.sleep(pause)
        pause = min(pause * 1.5, LATEST)


def _all_ended(found: Sequence[Count]) -> bool:
    """Tell whether no job is under way; one that AWS has not shown yet, or has forgotten, is not."""
    return bool(found) and found[-1].status in ENDED and all(each.status in ENDED for each in found)
