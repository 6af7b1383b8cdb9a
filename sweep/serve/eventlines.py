"""A change of children's states as a line that Amazon EventBridge would tell of each.

Lines are put together from pieces of JSON, most of which all children of a job share: an array of ten thousand makes forty thousand lines. Ids,
ARNs and states need no quoting.
"""

from __future__ import annotations

import functools
import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sweep.jobs.job import Flag, Shape
from sweep.jobs.reasons import CHILD_FAILED
from sweep.jobs.status import Status
from sweep.serve.operations.details import detail_of, job_arn
from sweep.serve.operations.streams import container_instance, stream_name, task_arn

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from sweep.jobs.job import Attempt, Job
    from sweep.jobs.state import State
    from sweep.serve.operations.arns import Where

__all__ = ["Change", "Lines", "Unchanging"]

_CHANGING = (
    "jobArn",
    "jobId",
    "status",
    "statusReason",
    "startedAt",
    "stoppedAt",
    "attempts",
    "arrayProperties",
    "nodeDetails",
    "isCancelled",
    "isTerminated",
)
_RUN = ("exitCode", "reason", "logStreamName", "taskArn", "containerInstanceArn")


@dataclass(frozen=True, slots=True)
class Unchanging:
    """What all lines of a job's children say alike, as the inside of JSON objects."""

    detail: str
    container: str


@dataclass(frozen=True, slots=True)
class Change:
    """Children of a job from `first` on have come to a state; `first` is None for the job as a whole.

    Attributes
    ----------
    rows
        Of dtype `sweep.jobs.job.CHILD`, shape (n,).
    summary
        Of a whole array: children by state.
    at
        ms since 1970.
    """

    job: Job
    told: Unchanging
    status: Status
    first: int | None
    rows: np.ndarray
    summary: dict[str, int]
    at: int


class Row(NamedTuple):
    """A row of dtype `sweep.jobs.job.CHILD` in Python's numbers."""

    started: int
    stopped: int
    status_reason: int
    reason: int
    status: int
    attempt: int
    exit: int
    flags: int


class Lines:
    """Makes lines for an account."""

    def __init__(self, where: Where) -> None:
        self._where = where
        head = {
            "version": "0",
            "detail-type": "Batch Job State Change",
            "source": "aws.batch",
            "account": where.account,
            "region": where.region,
        }
        self._head = _inside(head)
        self._job = job_arn(where, "")
        self._task = task_arn(where, "", 0, 0).removesuffix(".0.0")
        self._instance = container_instance(where)

    def unchanging(self, state: State, job: Job) -> Unchanging:
        """Return what all lines of a job's children say alike."""
        detail = detail_of(self._where, state, job, None if job.shape is Shape.PLAIN else 0)
        container = {key: value for key, value in detail.pop("container", {}).items() if key not in _RUN}
        kept = {key: value for key, value in detail.items() if key not in _CHANGING} | {"tags": job.spec.tags}
        return Unchanging(_inside(kept), _inside(container))

    def of(self, change: Change) -> Iterator[str]:
        """Make the lines of a change, one for each child."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(change.at / 1000))
        start = f'{{{self._head},"time":"{moment}"'
        mark, whole = change.job.shape.mark, change.first is None
        for place, values in enumerate(change.rows.tolist(), change.first or 0):
            job_id = change.job.id if whole or not mark else f"{change.job.id}{mark}{place}"
            arn, row = f"{self._job}{job_id}", Row(*values)
            detail = self._whole(change, row) if whole else self._child(change, place, row)
            yield (
                f'{start},"id":"{_unique()}","resources":["{arn}"],"detail":{{{change.told.detail},"jobId":"{job_id}",'
                f'"jobArn":"{arn}","status":"{change.status.name}"{detail}}}}}\n'
            )

    def _whole(self, change: Change, row: Row) -> str:
        """Tell what has become of a job as a whole."""
        job, status = change.job, change.status
        if job.shape is not Shape.ARRAY:
            return self._run_of(change, job.main, row)
        stopped = f',"stoppedAt":{job.stopped}' if status.is_terminal else ""
        reason = f',"statusReason":"{CHILD_FAILED}"' if status is Status.FAILED else ""
        summary = json.dumps(
            {"size": job.size, "statusSummary": change.summary, "statusSummaryLastUpdatedAt": change.at}
        )
        return f'{stopped}{reason},"attempts":[],"arrayProperties":{summary}'

    def _child(self, change: Change, index: int, row: Row) -> str:
        """Tell what has become of a child, a node or a plain job."""
        job, told = change.job, self._run_of(change, index, row)
        if job.shape is Shape.ARRAY:
            return f'{told},"arrayProperties":{{"index":{index}}}'
        if job.shape is Shape.NODES:
            main = json.dumps(index == job.main)
            return f'{told},"nodeDetails":{{"nodeIndex":{index},"isMainNode":{main}}}'
        return told

    def _run_of(self, change: Change, index: int, row: Row) -> str:
        """Tell times, the reason, the container and the attempts that had ended by then."""
        job, status = change.job, change.status
        times = f',"startedAt":{row.started}' if row.started and status >= Status.RUNNING else ""
        run = self._place(job, index, row.attempt, ran=bool(times)) if row.attempt and status >= Status.STARTING else ""
        last = ""
        if status.is_terminal:
            times += f',"stoppedAt":{row.stopped},"statusReason":{_quoted(job.reasons[row.status_reason])}'
            run = ",".join(each for each in (_exit(job, row), run) if each)
            last = f'{{"container":{{{run}}}{times}}}'
        container = ",".join(each for each in (change.told.container, run) if each)
        attempts = [*self._past(job, index, row, status), last] if row.attempt else []
        return f'{times},"attempts":[{",".join(each for each in attempts if each)}],"container":{{{container}}}'

    def _past(self, job: Job, index: int, row: Row, status: Status) -> Iterator[str]:
        """Go through the attempts before the last; when a child goes back to RUNNABLE, its last one is among them."""
        if index in job.past:
            count = row.attempt if status is Status.RUNNABLE else row.attempt - 1
            for number, each in enumerate(job.past[index][:count], 1):
                yield self._attempt(job, index, number, each)

    def _attempt(self, job: Job, index: int, number: int, attempt: Attempt) -> str:
        container: dict[str, Any] = {} if attempt.exit_code is None else {"exitCode": attempt.exit_code}
        container |= {"reason": attempt.reason} if attempt.reason else {}
        inside = [_inside(container), self._place(job, index, number, ran=attempt.started > 0)]
        started = f',"startedAt":{attempt.started}' if attempt.started else ""
        return (
            f'{{"container":{{{",".join(each for each in inside if each)}}}{started},"stoppedAt":{attempt.stopped},'
            f'"statusReason":{_quoted(attempt.status_reason)}}}'
        )

    def _place(self, job: Job, index: int, number: int, *, ran: bool) -> str:
        """Tell where an attempt is, and its log if it ever ran."""
        told = f'"taskArn":"{self._task}{job.id}.{index}.{number}","containerInstanceArn":"{self._instance}"'
        return f'{told},"logStreamName":"{stream_name(job.spec.definition, job.id, index, number)}"' if ran else told


def _exit(job: Job, row: Row) -> str:
    code = f'"exitCode":{row.exit}' if row.flags & _HAS_EXIT else ""
    reason = f'"reason":{_quoted(job.reasons[row.reason])}' if row.reason else ""
    return ",".join(each for each in (code, reason) if each)


_HAS_EXIT = int(Flag.HAS_EXIT)


@functools.lru_cache(maxsize=1000)
def _quoted(text: str) -> str:
    return json.dumps(text)


def _unique() -> str:
    """Return a new UUID of version 4; `uuid` takes four times as long."""
    text = os.urandom(16).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _inside(value: dict[str, Any]) -> str:
    """Return an object's JSON without its braces."""
    return json.dumps(value, separators=(",", ":"))[1:-1]
