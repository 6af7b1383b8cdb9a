"""How far the jobs of a submission are, by AWS's word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.submit.batch import Batch
    from sweep.submit.record import Record, Submitted

__all__ = ["ENDED", "Count", "counts", "failure", "is_running", "running"]

ENDED = ("SUCCEEDED", "FAILED")
ORDER = ("SUCCEEDED", "FAILED", "RUNNING", "STARTING", "RUNNABLE", "PENDING", "SUBMITTED")


@dataclass(frozen=True)
class Count:
    """How many children of a job are in which state.

    Attributes
    ----------
    job
        Which.
    status
        The job's own state; None if AWS does not know it any more.
    children
        By state; empty states are left out.
    """

    job: Submitted
    status: str | None
    children: Mapping[str, int]

    def __str__(self) -> str:
        if self.status is None:
            return f"{self.job.stage} forgotten by AWS Batch"
        told = ", ".join(f"{self.children[each]:,} {each.lower()}" for each in ORDER if each in self.children)
        return f"{self.job.stage} {told}"


def counts(record: Record, batch: Batch) -> list[Count]:
    """Ask after the jobs of a submission."""
    told = batch.describe(record.ids)
    return [_count(each, told.get(each.id)) for each in record.jobs]


def _count(job: Submitted, told: Mapping[str, Any] | None) -> Count:
    if told is None:
        return Count(job, None, {})
    status = str(told["status"])
    summary: Mapping[str, int] = told.get("arrayProperties", {}).get("statusSummary", {}) if job.size > 1 else {}
    known = {name: int(number) for name, number in summary.items() if number}
    return Count(job, status, known or {status: job.size})


def running(record: Record, batch: Batch) -> list[str]:
    """Return the ids of the jobs that have not ended."""
    return [each.job.id for each in counts(record, batch) if is_running(each)]


def is_running(count: Count) -> bool:
    """Tell whether a job is known, and has not ended."""
    return count.status is not None and count.status not in ENDED


def failure(record: Record, batch: Batch) -> str:
    """Say of the first job that failed which child did, and why; "" if none has."""
    told = batch.describe(record.ids)
    for job in record.jobs:
        detail = told.get(job.id, {})
        if detail.get("status") == "FAILED":
            return f"{job.stage} {job.id}: {_reason(job, detail, batch)}"
    return ""


def _reason(job: Submitted, detail: Mapping[str, Any], batch: Batch) -> str:
    if job.size > 1:
        children = sorted(
            batch.failed_children(job.id), key=lambda each: each.get("arrayProperties", {}).get("index", 0)
        )
        if children:
            child = children[0]
            index = child.get("arrayProperties", {}).get("index", "?")
            more = f", and {len(children) - 1:,} more children failed" if len(children) > 1 else ""
            return f"child {index} {_of_container(child)}{_said(batch, f'{job.id}:{index}')}{more}"
    return f"{_of_container(detail)}{_said(batch, job.id)}"


def _said(batch: Batch, job_id: str) -> str:
    line = batch.last_words(job_id).removeprefix("sweep: ")
    return f", it said {line!r}" if line else ""


def _of_container(told: Mapping[str, Any]) -> str:
    container: Mapping[str, Any] = told.get("container", {})
    code = container.get("exitCode")
    reason = container.get("reason") or told.get("statusReason") or "no reason is given"
    return f"failed: {reason}" + (f" (exit code {code})" if code is not None else "")
