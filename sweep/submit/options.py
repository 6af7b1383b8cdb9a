"""What a container is given, and where its jobs go."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sweep.child.task import EXECUTORS
from sweep.errors import UsageError, brief

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SUBMISSION_TAG", "Containers", "Target", "environment_endpoint"]

LEAST_TIMEOUT = 60
MOST_ATTEMPTS = 10
LEAST_MEMORY = 4
SUBMISSION_TAG = "sweep.submission"
OWN_TAGS = ("sweep.plan", "sweep.stage", SUBMISSION_TAG)
MOST_TAGS = 50 - len(OWN_TAGS)
"""AWS takes 50, ours among them."""
LONGEST_TAG, LONGEST_VALUE = 128, 256


@dataclass(frozen=True)
class Target:
    """A queue of an endpoint.

    Attributes
    ----------
    queue
        Name or ARN.
    region, endpoint
        None for what the environment and the profile say.
    is_ambient
        Whether the endpoint was what these said, not whoever submitted: it gives way to what the environment says now.
    profile
        AWS profile whose credentials the endpoint takes, if they are not those of the store.
    """

    queue: str
    region: str | None = None
    endpoint: str | None = None
    is_ambient: bool = False
    profile: str | None = None

    def elsewhere(self, region: str | None, endpoint: str | None, profile: str | None = None) -> Target:
        """Return the same queue in another region, at another endpoint or under another profile, where these are given.

        Where no endpoint is, and its own was the environment's, the environment's of now takes its place: who starts an endpoint anew at another
        port sets the variable anew.
        """
        region, profile = region or self.region, profile or self.profile
        if endpoint:
            return Target(self.queue, region, endpoint, profile=profile)
        now = environment_endpoint() if self.is_ambient else None
        return Target(self.queue, region, now or self.endpoint, self.is_ambient, profile)


def environment_endpoint() -> str | None:
    """Return the endpoint of AWS Batch that the environment names, if any, in the order that AWS's clients keep."""
    return os.environ.get("AWS_ENDPOINT_URL_BATCH") or os.environ.get("AWS_ENDPOINT_URL") or None


@dataclass(frozen=True)
class Containers:
    """What every child is given.

    Attributes
    ----------
    image
        With this package, and what the study imports, installed.
    job_role, execution_role
        ARNs or names; the first must reach the store.
    vcpus, memory, gpus
        Whole processors, MiB, whole GPUs.
    timeout
        Seconds of the longest attempt, from 60 on.
    attempts
        How often a child that lost its machine is tried, 1 to 10.
    environment, tags
        By name.
    share, priority
        For queues with a fair share policy.
    max_failures
        How many trials of a command may fail before children give up; any number when left out.
    executor
        What a child spreads its shard over.
    """

    image: str
    job_role: str | None = None
    execution_role: str | None = None
    vcpus: int = 1
    memory: int = 2048
    gpus: int = 0
    timeout: int | None = None
    attempts: int = 5
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    share: str | None = None
    priority: int | None = None
    executor: str = "threads"
    max_failures: int | None = None

    def __post_init__(self) -> None:
        if not self.image:
            raise UsageError("--image '': name an image that has arraysweep installed")
        if self.executor not in EXECUTORS:
            raise UsageError(f"--executor {self.executor!r} is not one of {', '.join(EXECUTORS)}")
        self._check_needs()
        self._check_share()
        for each in self.environment:
            if each.startswith("AWS_BATCH"):
                raise UsageError(f"--env {each}: names that begin with AWS_BATCH are AWS's own")
        self._check_tags()

    def _check_tags(self) -> None:
        if len(self.tags) > MOST_TAGS:
            raise UsageError(f"--tag: {len(self.tags)} tags are more than {MOST_TAGS}")
        for each, value in self.tags.items():
            if not 0 < len(each) <= LONGEST_TAG or len(value) > LONGEST_VALUE:
                raise UsageError(
                    f"--tag {brief(each)!r}: names have 1 to {LONGEST_TAG} characters and values up to {LONGEST_VALUE}, "
                    f"not {len(each):,} and {len(value):,}"
                )
            if each in OWN_TAGS or each.lower().startswith("aws:"):
                whose = "sweep submit's" if each in OWN_TAGS else "AWS's"
                raise UsageError(f"--tag {each}: {whose} own: {', '.join(OWN_TAGS)}, and all that begin with aws:")

    def _check_needs(self) -> None:
        _require("--vcpus", self.vcpus, 1, None)
        _require("--memory", self.memory, LEAST_MEMORY, None)
        _require("--gpus", self.gpus, 0, None)
        if self.gpus and self.executor != "threads":
            raise UsageError(f"--gpus {self.gpus} beside --executor {self.executor}: GPUs are shared by threads")
        _require("--attempts", self.attempts, 1, MOST_ATTEMPTS)
        if self.timeout is not None:
            _require("--timeout", self.timeout, LEAST_TIMEOUT, None)

    def _check_share(self) -> None:
        if self.share is not None and not re.fullmatch(r"[A-Za-z0-9]{1,255}", self.share):
            raise UsageError(f"--share-identifier {self.share!r} is not made of letters and digits")
        if self.priority is None:
            return
        _require("--priority", self.priority, 0, 9999)
        if self.share is None:
            raise UsageError(
                f"--priority {self.priority} without --share-identifier: only fair share queues have priorities of jobs"
            )


def _require(option: str, value: int, least: int, most: int | None) -> None:
    if value < least or (most is not None and value > most):
        to = f"{least} or more" if most is None else f"from {least} to {most}"
        raise UsageError(f"{option} {value} is not {to}")
