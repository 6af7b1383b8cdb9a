"""End what was submitted from a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep.errors import UsageError
from sweep.submit.live import running
from sweep.submit.record import read_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sweep.store import Store
    from sweep.submit.batch import Batch
    from sweep.submit.options import Target
    from sweep.submit.record import Record

__all__ = ["cancel"]


def cancel(store: Store, batch_of: Callable[[Target], Batch]) -> Iterator[tuple[Record, list[str]]]:
    """Terminate all jobs that have not ended, the last ones first, so that none begins because another has ended.

    Yields
    ------
    (Record, list of str)
        Each submission, and the ids of its jobs that were terminated.

    Raises
    ------
    UsageError
        If nothing was submitted from the store.
    JobError
        If AWS refuses, or does not answer.
    """
    records = list(read_records(store))
    if not records:
        raise UsageError(f"nothing was submitted from {store.url}: it has no submissions/")
    for record in records:
        batch = batch_of(record.target)
        live = running(record, batch)
        batch.terminate(reversed(live), "sweep cancel")
        yield record, live
