"""Which jobs to list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweep.jobs.job import Job
    from sweep.jobs.status import Status

__all__ = ["Listing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The filters of AWS Batch's ListJobs. Here they may be combined, and None takes all.

    Attributes
    ----------
    queue
        Name of a job queue.
    status
        State of the job as a whole.
    name, definition
        Name of the job, of its definition or ``definition:revision``; in any case of letters, and ``*`` at the end stands for anything.
    share
        Share identifier.
    after, before
        When it was created, ms since 1970: ``after <= created < before``.
    """

    queue: str | None = None
    status: Status | None = None
    name: str | None = None
    definition: str | None = None
    share: str | None = None
    after: int | None = None
    before: int | None = None

    def takes(self, job: Job) -> bool:
        """Whether a job is to be listed."""
        return (
            self.queue in {None, job.request.queue}
            and self.status in {None, job.status}
            and self.share in {None, job.request.share}
            and _fits(self.name, job.request.name)
            and (_fits(self.definition, job.spec.definition) or _fits(self.definition, _family(job.spec.definition)))
            and (self.after is None or self.after <= job.created)
            and (self.before is None or job.created < self.before)
        )


def _family(definition: str) -> str:
    return definition.rpartition(":")[0]


def _fits(pattern: str | None, text: str) -> bool:
    """Tell whether a text is what a pattern says.

    >>> _fits("Radar*", "radar-map"), _fits("radar", "radar-map"), _fits(None, "radar-map")
    (True, False, True)
    """
    if pattern is None:
        return True
    wanted, found = pattern.lower(), text.lower()
    return found.startswith(wanted[:-1]) if wanted.endswith("*") else found == wanted
