"""End what was submitted from a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.errors import JobError, UsageError
from sweep.submit.live import counts, found_again, is_running
from sweep.submit.record import sound_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sweep.store import Store
    from sweep.submit.batch import Batch
    from sweep.submit.options import Target
    from sweep.submit.record import Record

__all__ = ["Cancelled", "cancel"]


@dataclass(frozen=True)
class Cancelled:
    """What became of a submission.

    Attributes
    ----------
    record
        Which.
    ended, unknown
        Ids of its jobs that were terminated, and of those that the endpoint does not know.
    trouble
        Why it could not be cancelled; "" if it could.
    """

    record: Record
    ended: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    trouble: str = ""

    def __str__(self) -> str:
        jobs = len(self.record.jobs)
        if self.trouble:
            return f"not cancelled: {self.trouble}"
        if self.ended:
            return f"terminated {len(self.ended)} of {jobs} jobs"
        if not self.unknown:
            return "nothing was at work"
        which = (
            "its jobs"
            if len(self.unknown) == jobs
            else f"{len(self.unknown)} of its {jobs} jobs; none of the others was at work"
        )
        return f"AWS Batch does not know {which}"


def cancel(store: Store, batch_of: Callable[[Target], Batch]) -> Iterator[Cancelled]:
    """Terminate all jobs that have not ended, the last ones first, so that none begins because another has ended.

    A submission that cannot be cancelled, or whose record is damaged, keeps no other from it.

    Yields
    ------
    Cancelled
        What became of each submission, the latest first.

    Raises
    ------
    UsageError
        If nothing was submitted from the store.
    CorruptError
        After all others, if a record is damaged.
    """
    records, damaged = sound_records(store)
    if not records and damaged is None:
        raise UsageError(f"nothing was submitted from {store.url}: it has no submissions/")
    for record in reversed(records):
        try:
            yield _cancel(record, batch_of(record.target))
        except JobError as error:
            yield Cancelled(record, trouble=str(error))
    if damaged is not None:
        raise damaged


def _cancel(record: Record, batch: Batch) -> Cancelled:
    record = found_again(record, batch)
    found = counts(record, batch)
    live = [each.job.id for each in found if is_running(each)]
    batch.terminate(reversed(live), "sweep cancel")
    return Cancelled(record, tuple(live), tuple(each.job.id for each in found if each.status is None))
