"""How far the jobs of a submission are, by AWS's word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep.errors import TrialError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sweep.submit.batch import Batch
    from sweep.submit.record import Record, Submitted

__all__ = ["ENDED", "Count", "Failure", "counts", "failure", "found_again", "is_running", "running", "waiting"]

RAISED = TrialError.exit_code
"""What a child exits with when a trial raised."""

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
    reason
        What AWS says of the job's state; "" if nothing.
    is_stopped
        Whether it was asked to end.
    """

    job: Submitted
    status: str | None
    children: Mapping[str, int]
    reason: str = ""
    is_stopped: bool = False

    def __str__(self) -> str:
        if self.status is None:
            return f"{self.job.stage} forgotten by AWS Batch"
        told = ", ".join(f"{self.children[each]:,} {each.lower()}" for each in ORDER if each in self.children)
        return f"{self.job.stage} {told}{', being ended' if self.is_stopped and is_running(self) else ''}"


def found_again(record: Record, batch: Batch) -> Record:
    """Return a submission with the jobs that AWS took of it while whoever submitted them died before writing that down."""
    if record.is_complete:
        return record
    names = dict.fromkeys(each.name for each in record.expected)
    return record.with_found(batch.submitted_as(record.name, record.target.queue, names))


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
    is_stopped = bool(told.get("isTerminated") or told.get("isCancelled"))
    return Count(job, status, known or {status: job.size}, str(told.get("statusReason") or ""), is_stopped)


def running(record: Record, batch: Batch) -> list[Count]:
    """Return the jobs that have not ended."""
    return [each for each in counts(record, batch) if is_running(each)]


def is_running(count: Count) -> bool:
    """Tell whether a job is known, and has not ended."""
    return count.status is not None and count.status not in ENDED


def waiting(found: Iterable[Count], batch: Batch) -> list[str]:
    """Return why jobs do not begin that could, where AWS says why: of a job that no machine of its queue is large enough for, say."""
    told: list[str] = []
    for each in found:
        if each.status in ENDED or not each.children.get("RUNNABLE"):
            continue
        reason = each.reason or (batch.waiting_child(each.job.id) if each.job.size > 1 else "")
        if reason:
            told.append(f"{each.job.stage} {each.job.id} does not begin: {reason}")
    return told


@dataclass(frozen=True)
class Failure:
    """Why a submission failed.

    Attributes
    ----------
    said
        Which child of which job did, and why.
    would_repeat
        Whether a trial raised, which it would do again.
    """

    said: str
    would_repeat: bool = False

    def __str__(self) -> str:
        if self.would_repeat:
            return f"{self.said}; what is finished is kept, but the same trial would fail again: mend the study and submit it"
        return f"{self.said}; what is finished is kept, and `sweep resume` sends the rest"


def failure(record: Record, batch: Batch) -> Failure | None:
    """Find the first job that failed, and say which of its children did, and why; None if none has."""
    told = batch.describe(record.ids)
    for job in record.jobs:
        detail = told.get(job.id, {})
        if detail.get("status") == "FAILED":
            return _failure(job, detail, batch)
    return None


def _failure(job: Submitted, detail: Mapping[str, Any], batch: Batch) -> Failure:
    child, which, id_, more = detail, "", job.id, ""
    if job.size > 1:
        children = sorted(batch.failed_children(job.id), key=_index)
        if children:
            child, which = children[0], f"child {_index(children[0])} "
            id_ = f"{job.id}:{_index(child)}"
            more = f", and {len(children) - 1:,} more children failed" if len(children) > 1 else ""
    name = f"{job.stage} {job.id}"
    if detail.get("isCancelled") or detail.get("isTerminated"):
        by = {"sweep cancel": "`sweep cancel`"}.get(reason := str(child.get("statusReason", "")), "its user")
        return Failure(
            f"{name} was {'terminated' if detail.get('isTerminated') else 'cancelled'} by {by}{_quoted(reason, by)}"
        )
    code = child.get("container", {}).get("exitCode")
    said = f"{name}: {which}{_of_container(child)}{_said(batch, id_)}{more}"
    return Failure(said, would_repeat=job.stage == "map" and code == RAISED)


def _index(child: Mapping[str, Any]) -> int:
    return int(child.get("arrayProperties", {}).get("index", 0))


def _quoted(reason: str, by: str) -> str:
    return f": {reason}" if reason and reason not in by else ""


def _said(batch: Batch, job_id: str) -> str:
    line = batch.last_words(job_id).removeprefix("sweep: ")
    return f", it said {line!r}" if line else ""


def _of_container(told: Mapping[str, Any]) -> str:
    container: Mapping[str, Any] = told.get("container", {})
    code = container.get("exitCode")
    reason = container.get("reason") or told.get("statusReason") or "no reason is given"
    return f"failed: {reason}" + (f" (exit code {code})" if code is not None else "")
