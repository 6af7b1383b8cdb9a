"""The jobs of a submission: map, the reduction of each of its children, what was left to be reduced, and the merge of all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep.child.task import Task
from sweep.errors import UsageError
from sweep.ledger import MAX_SHARDS
from sweep.submit.definition import plain
from sweep.submit.options import OWN_TAGS, SUBMISSION_TAG

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep.child.work import Work
    from sweep.submit.options import Containers

__all__ = ["Job", "check_sizes", "jobs_of", "request_of"]

MOST_BYTES = 30 << 10
MOST_OVERRIDES = 8192
MOST_DEPENDENCIES = 20
_NAME = 128
TAG, STAGE_TAG, _ = OWN_TAGS
"""Tags of each job: the hash of its plan, what it does of it; `SUBMISSION_TAG` says with which others it was submitted."""


@dataclass(frozen=True)
class Job:
    """One job.

    Attributes
    ----------
    name
        That it has at AWS: the kernel, the plan's first digits, the stage.
    task
        What its children are told.
    size
        How many children; AWS knows no array of one, so a job of one child is none.
    n_to_n, after
        Places of the jobs before it that it depends on: child by child, and as a whole.
    """

    name: str
    task: Task
    size: int
    n_to_n: tuple[int, ...] = ()
    after: tuple[int, ...] = ()


def jobs_of(work: Work, store: str, containers: Containers) -> list[Job]:
    """Return the jobs in the order in which they are submitted.

    What would take more than the twenty dependencies that AWS allows is left to the merge, which reduces what it finds unreduced.
    """
    fields = json.loads(work.plan)
    stem = f"{plain(fields['kernel']['name'])[:90]}-{work.plan_hash[:8]}"

    def job(stage: str, size: int, label: str = "", offset: int = 0, **depends: tuple[int, ...]) -> Job:
        device = "cuda" if containers.gpus else "cpu"
        how = (containers.vcpus, containers.executor, device, containers.max_failures)
        task = Task(store, work.sha256, work.code, work.plan_hash, stage, offset, *how)
        return Job(f"{stem}-{label or stage}"[:_NAME], task, size, **depends)

    jobs: list[Job] = []
    if work.mapped:
        jobs = [job("map", work.mapped), job("reduce", work.mapped, n_to_n=(0,))]
    for offset in range(0, work.resting, MAX_SHARDS):
        if len(jobs) <= MOST_DEPENDENCIES:
            jobs.append(job("rest", min(MAX_SHARDS, work.resting - offset), f"reduce-{offset}", offset))
    after = tuple(place for place, each in enumerate(jobs) if each.task.stage != "map")
    return [*jobs, job("merge", 1, after=after)]


def request_of(
    job: Job,
    ids: Sequence[str],
    queue: str,
    definition: str,
    containers: Containers,
    *,
    submission: str = "",
    alone: bool = False,
) -> dict[str, Any]:
    """Return what SubmitJob takes.

    Parameters
    ----------
    job
        One of `jobs_of`.
    ids
        Of the jobs before it.
    queue, definition
        Names or ARNs.
    containers
        Tags, share and priority.
    submission
        Its name, by which the job is found again when whoever submits it dies before AWS's answer is written down.
    alone
        Leave its dependencies out: whoever submits it sees to them.
    """
    request: dict[str, Any] = {"jobName": job.name, "jobQueue": queue, "jobDefinition": definition}
    if job.size > 1:
        request["arrayProperties"] = {"size": job.size}
    if not alone and (job.n_to_n or job.after):
        n_to_n = {"type": "N_TO_N"} if job.size > 1 else {}
        request["dependsOn"] = [
            *({"jobId": ids[each], **n_to_n} for each in job.n_to_n),
            *({"jobId": ids[each]} for each in job.after),
        ]
    request["containerOverrides"] = {"command": job.task.command()}
    request["tags"] = {**containers.tags, TAG: job.task.plan, STAGE_TAG: job.task.stage}
    if submission:
        request["tags"][SUBMISSION_TAG] = submission
    if containers.share is not None:
        request["shareIdentifier"] = containers.share
    if containers.priority is not None:
        request["schedulingPriorityOverride"] = containers.priority
    return request


def check_sizes(requests: Sequence[Mapping[str, Any]]) -> None:
    """Refuse what AWS would refuse, or fail later without a word, for its size.

    Raises
    ------
    UsageError
        Says what is large.
    """
    for each in requests:
        overrides = len(json.dumps(each["containerOverrides"]))
        if overrides > MOST_OVERRIDES:
            raise UsageError(
                f"the command of {each['jobName']} is {overrides:,} characters, and AWS Batch takes {MOST_OVERRIDES:,}: "
                f"use a store with a shorter URL"
            )
        size = len(json.dumps(each))
        if size > MOST_BYTES:
            tags = len(json.dumps(each["tags"]))
            raise UsageError(
                f"{each['jobName']} is {size / 1024:.1f} KiB, and AWS Batch takes {MOST_BYTES >> 10}: "
                f"{tags / 1024:.1f} KiB of it are tags, shorten --tag"
            )
