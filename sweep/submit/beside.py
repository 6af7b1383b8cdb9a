"""What else of a store is at work: it is followed, and nothing is submitted beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep.errors import JobError
from sweep.holdings import require_plan
from sweep.submit.live import found_again, running
from sweep.submit.record import read_records

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.progress import Progress
    from sweep.store import Store
    from sweep.submit.batch import Batch
    from sweep.submit.live import Count
    from sweep.submit.options import Target
    from sweep.submit.record import Record

__all__ = ["at_work", "refuse_beside"]


def at_work(store: Store, batch_of: Callable[[Target], Batch]) -> tuple[Record, Batch] | None:
    """Return the latest submission of a store's plan that has not ended, and whom to ask after it; None if all have."""
    for each in reversed(list(read_records(store, require_plan(store).hash))):
        batch = batch_of(each.target)
        record = found_again(each, batch)
        if running(record, batch):
            return record, batch
    return None


def refuse_beside(store: Store, batch: Batch, progress: Progress, besides: str = "") -> None:
    """See that no other submission is at work, be it of fewer trials: what its children have begun would be run twice, and paid twice.

    Parameters
    ----------
    store, batch
        What is to be submitted from, and where to.
    progress
        Learns of submissions to elsewhere that nobody can be asked after.
    besides
        The submission that looks.

    Raises
    ------
    JobError
        If one is.
    """
    silent: set[Target] = set()
    for each in read_records(store):
        if each.name == besides or each.target in silent:
            continue
        whom = None
        try:
            whom = batch.of(each.target)
            record = found_again(each, whom)
            live = running(record, whom)
        except JobError as error:
            if whom is batch:
                raise
            silent.add(each.target)
            progress.note(f"whether submission {each.name} is at work elsewhere is not known: {error}")
            continue
        if live:
            raise JobError(_not_ended(record, live, store.url))


def _not_ended(record: Record, live: list[Count], url: str) -> str:
    told = f"({len(live)} of its {len(record.jobs)} jobs have not ended)"
    if all(each.is_stopped for each in live):
        return f"submission {record.name} is being ended on {url} {told}: try again when `sweep status {url}` shows that it has"
    return f"submission {record.name} is at work on {url} {told}: `sweep status {url}` follows it, `sweep cancel {url}` ends it"
