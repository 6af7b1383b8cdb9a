"""A client of AWS Batch, or of what speaks its API: what is asked of it, and its refusals in one line each."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sweep.errors import JobError, UnansweredError, nearest
from sweep.submit.definition import is_same
from sweep.submit.options import SUBMISSION_TAG, environment_endpoint

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

    from sweep.submit.options import Target

__all__ = ["Batch", "new_client"]

DESCRIBED_AT_ONCE = 100

MOST_LINES = 20
"""Of a log's end that are read for a line which is not empty."""

_BROKEN = 500
"""HTTP statuses from here on are of the server's own mistakes."""

_CREDENTIALS = {
    "ExpiredToken": "the AWS credentials have expired: log in again",
    "ExpiredTokenException": "the AWS credentials have expired: log in again",
    "InvalidClientTokenId": "AWS does not know the credentials: look at AWS_ACCESS_KEY_ID or AWS_PROFILE",
    "UnrecognizedClientException": "AWS does not know the credentials: look at AWS_ACCESS_KEY_ID or AWS_PROFILE",
    "SignatureDoesNotMatch": "the AWS secret key does not fit the access key",
    "InvalidSignatureException": "the AWS secret key does not fit the access key",
}


LOG_GROUP = "/aws/batch/job"
"""Where AWS Batch has logs written, unless a definition says otherwise."""


def new_client(target: Target, service: str = "batch") -> Any:
    """Make a client of a service at the target's region and endpoint; credentials come from the usual AWS environment variables and profiles.

    Raises
    ------
    JobError
        If the region, the profile or the endpoint is none.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    config = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 5})
    try:
        session = boto3.Session(profile_name=target.profile)
        region = target.region or session.region_name or "us-east-1"
        return session.client(service, config=config, region_name=region, endpoint_url=target.endpoint)
    except (BotoCoreError, ValueError) as error:
        raise JobError(f"cannot reach AWS Batch: {' '.join(str(error).split())}") from None


class Batch:
    """What a submission asks of an endpoint.

    Parameters
    ----------
    target
        Its region and endpoint; nothing is asked yet.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self._client = new_client(target)

    def of(self, target: Target) -> Batch:
        """Return whom to ask after what was submitted to a target: itself, if that is the same region, endpoint and profile.

        Raises
        ------
        JobError
            If its profile is none.
        """
        endpoint, profile = self.url if self.is_other else None, self.target.profile
        there = target.endpoint
        if target.is_ambient:  # AWS stays where it is; an endpoint of the environment's may have moved
            there = endpoint if there else environment_endpoint()
        if (target.region or self.region, there, target.profile or profile) == (self.region, endpoint, profile):
            return self
        return Batch(replace(target, endpoint=there))

    @property
    def region(self) -> str:
        """The region that it speaks to."""
        return str(self._client.meta.region_name)

    @property
    def url(self) -> str:
        """The endpoint that it speaks to."""
        return str(self._client.meta.endpoint_url)

    @property
    def is_other(self) -> bool:
        """Whether that is not AWS itself."""
        return not self.url.partition("://")[2].partition("/")[0].endswith((".amazonaws.com", ".amazonaws.com.cn"))

    def require_queue(self) -> None:
        """See that the queue is there and takes jobs.

        Raises
        ------
        JobError
            If it does not.
        """
        queue = self.target.queue
        with self._errors(f"--queue {queue!r}"):
            found = self._client.describe_job_queues(jobQueues=[queue])["jobQueues"]
            if not found:
                known = [each["jobQueueName"] for each in self._client.describe_job_queues()["jobQueues"]]
                raise JobError(f"--queue {queue!r} does not exist in {self.region}: {nearest(queue, known)}")
        told = found[0]
        if told["state"] != "ENABLED":
            raise JobError(f"--queue {queue!r} is {told['state']}: it takes no jobs until it is ENABLED")
        if told.get("status") in {"INVALID", "DELETING", "DELETED"}:
            raise JobError(
                f"--queue {queue!r} is {told['status']}: {told.get('statusReason') or 'AWS Batch gives no reason'}"
            )

    def definition(self, wanted: Mapping[str, Any]) -> str:
        """Return ``name:revision`` of an active revision that is the same, registered if there is none.

        Raises
        ------
        JobError
            If it is refused.
        """
        name = wanted["jobDefinitionName"]
        with self._errors(f"the job definition {name!r}"):
            pages = self._client.get_paginator("describe_job_definitions").paginate(
                jobDefinitionName=name, status="ACTIVE"
            )
            same = [each["revision"] for page in pages for each in page["jobDefinitions"] if is_same(each, wanted)]
            revision = max(same) if same else self._client.register_job_definition(**wanted)["revision"]
        return f"{name}:{revision}"

    def submit(self, request: Mapping[str, Any]) -> str:
        """Submit a job; return its id.

        The client asks again where no answer came, and SubmitJob has no token by which AWS would know the same request: a job that AWS took
        all the same is terminated.

        Raises
        ------
        JobError
            If it is refused.
        """
        name = request["jobName"]
        with self._errors(f"job {name!r}"):
            told = self._client.submit_job(**request)
        job_id, submission = str(told["jobId"]), request.get("tags", {}).get(SUBMISSION_TAG)
        if told["ResponseMetadata"].get("RetryAttempts") and submission:
            found = self.submitted_as(submission, request["jobQueue"], [name])
            self.terminate(found.keys() - {job_id}, "submitted twice, since no answer came the first time")
        return job_id

    def terminate(self, ids: Iterable[str], reason: str) -> None:
        """Stop jobs and all their children; those that have ended stay as they are."""
        for each in ids:
            with self._errors(f"job {each}"):
                self._client.terminate_job(jobId=each, reason=reason)

    def describe(self, ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """Return what is known of jobs, by id; AWS forgets them after a week or so."""
        wanted = list(ids)
        found: dict[str, Mapping[str, Any]] = {}
        for first in range(0, len(wanted), DESCRIBED_AT_ONCE):
            with self._errors("the jobs"):
                told = self._client.describe_jobs(jobs=wanted[first : first + DESCRIBED_AT_ONCE])["jobs"]
            found |= {each["jobId"]: each for each in told}
        return found

    def submitted_as(self, submission: str, queue: str, names: Iterable[str]) -> dict[str, str]:
        """Return the jobs of a submission that AWS knows of: names by id, found by name in the queue and by tag."""
        listed: list[str] = []
        for name in names:
            with self._errors(f"--queue {queue!r}"):
                pages = self._client.get_paginator("list_jobs").paginate(
                    jobQueue=queue, filters=[{"name": "JOB_NAME", "values": [name]}]
                )
                listed += [each["jobId"] for page in pages for each in page["jobSummaryList"]]
        told = self.describe(listed).values()
        return {
            each["jobId"]: each["jobName"] for each in told if each.get("tags", {}).get(SUBMISSION_TAG) == submission
        }

    def failed_children(self, array: str) -> Iterator[Mapping[str, Any]]:
        """Yield summaries of the children of an array that failed."""
        with self._errors(f"job {array}"):
            for page in self._client.get_paginator("list_jobs").paginate(arrayJobId=array, jobStatus="FAILED"):
                yield from page["jobSummaryList"]

    def waiting_child(self, array: str) -> str:
        """Return what is said of why children of an array, of the first that are listed, do not begin; "" if nothing is."""
        with self._errors(f"job {array}"):
            listed = self._client.list_jobs(arrayJobId=array, jobStatus="RUNNABLE")["jobSummaryList"]
        return next((str(each["statusReason"]) for each in listed if each.get("statusReason")), "")

    def last_words(self, job_id: str) -> str:
        """Return the last line that a job, or a child of an array, has written; "" if there is none, or who asks may not read it."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            told = self._client.describe_jobs(jobs=[job_id])["jobs"][0]
            stream = told["container"]["logStreamName"]
            events = new_client(self.target, "logs").get_log_events(
                logGroupName=LOG_GROUP, logStreamName=stream, startFromHead=False, limit=MOST_LINES
            )["events"]
        except (BotoCoreError, ClientError, KeyError, IndexError):
            return ""
        lines = (" ".join(each["message"].split()) for each in reversed(events))
        return next((each for each in lines if each), "")

    @contextmanager
    def _errors(self, what: str) -> Generator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            kind = UnansweredError if _is_open(error) else JobError
            raise kind(self._explained(what, error)) from None

    def _explained(self, what: str, error: Exception) -> str:
        from botocore.exceptions import (
            ClientError,
            EndpointConnectionError,
            HTTPClientError,
            NoCredentialsError,
            PartialCredentialsError,
            TokenRetrievalError,
            UnauthorizedSSOTokenError,
        )

        said = " ".join(str(error).split())
        if isinstance(error, NoCredentialsError | PartialCredentialsError):
            return "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        if isinstance(error, TokenRetrievalError | UnauthorizedSSOTokenError):
            return f"the AWS credentials have expired: {said}"
        if isinstance(error, EndpointConnectionError | HTTPClientError):
            why = "" if isinstance(error, EndpointConnectionError) else f" ({said})"
            return (
                f"AWS Batch does not answer at {self.url}{why}: if it is elsewhere now, say so with --endpoint-url URL"
            )
        if not isinstance(error, ClientError):
            return f"{what}: {said}"
        told: Mapping[str, Any] = error.response.get("Error", {})
        code, message = str(told.get("Code", "")), " ".join(str(told.get("Message", "")).split())
        if code in _CREDENTIALS:
            return f"{_CREDENTIALS[code]} ({code}: {message})" if message else f"{_CREDENTIALS[code]} ({code})"
        return f"{what} was refused by AWS Batch: {message or code}"


def _is_open(error: Exception) -> bool:
    """Tell whether a request may have been carried out all the same: it was lost on the way, or something broke over there."""
    from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

    if isinstance(error, ClientError):
        return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= _BROKEN
    return isinstance(error, HTTPClientError) and not isinstance(error, EndpointConnectionError)
