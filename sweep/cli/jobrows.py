"""A job as a line of a table that fits a terminal; what is left out is in ``--json``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sweep.cli.progress import in_words
from sweep.jobs.ids import parted
from sweep.jobs.reasons import CHILD_FAILED, EXITED

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["COLUMNS", "CUT", "SPARE", "row_of"]

COLUMNS = ["job", "name", "status", "ended", "created", "took", "reason"]
CUT = ("name", "reason")
SPARE = ("ended", "took", "reason")
"""What gives way in a narrow terminal, and what is left out where nobody has any; see `sweep.cli.table.print_table`."""

MINUTE = 60


def row_of(job: dict[str, Any], short: Mapping[str, str]) -> list[Any]:
    """Return what is told of a job, whose id has a shorter form."""
    whole, mark, index = parted(job["jobId"])
    job_id = short[whole] + ("" if index is None else f"{mark}{index}")
    return [job_id, job["jobName"], job["status"], _ended(job), _created(job), _took(job), _reason(job)]


def _ended(job: dict[str, Any]) -> str | None:
    """Tell how many children of an array have ended."""
    counts = job.get("arrayProperties", {}).get("statusSummary")
    if counts is None:
        return None
    failed = f", {counts['FAILED']:,} failed" if counts["FAILED"] else ""
    return f"{counts['SUCCEEDED'] + counts['FAILED']:,}/{sum(counts.values()):,}{failed}"


def _created(job: dict[str, Any]) -> str:
    """Tell the time of today, or the day."""
    created = datetime.fromtimestamp(job["createdAt"] / 1000).astimezone()
    is_today = created.date() == datetime.now().astimezone().date()
    return f"{created:%H:%M:%S}" if is_today else f"{created:%Y-%m-%d}"


def _took(job: dict[str, Any]) -> str | None:
    ended = job.get("stoppedAt")
    begun = job["createdAt"] if "size" in job.get("arrayProperties", {}) else job.get("startedAt")
    if ended is None or begun is None:
        return None
    seconds = max(0, ended - begun) / 1000
    return f"{seconds:.1f} s" if seconds < MINUTE else in_words(seconds)


def _reason(job: dict[str, Any]) -> str | None:
    """Tell why a job has failed, or why it does not begin, in few words; that children have failed is told already."""
    if job["status"] == "SUCCEEDED":
        return None
    ending = job.get("container", {})
    reason, code = ending.get("reason") or job.get("statusReason"), ending.get("exitCode")
    told = (None if code is None else f"exit {code}", None if reason in {EXITED, CHILD_FAILED} else reason)
    return ", ".join(each for each in told if each)
