"""Tags over the API."""

from __future__ import annotations

import pytest

from sweep.errors import JobError
from sweep.serve.refusal import RefusedError

ARN = "arn:aws:batch:eu-central-1:111122223333:"


def shown(ask, arn):
    return ask.batch("ListTagsForResource", resourceArn=arn)["tags"]


def test_everything_with_an_arn_has_tags(ask):
    policy = ask.batch("CreateSchedulingPolicy", name="fair", tags={"a": "1"})["arn"]
    resource = ask.batch("CreateConsumableResource", consumableResourceName="r", tags={"a": "1"})
    job = ask.submit(["true"], define={"tags": {"a": "1"}}, tags={"a": "1"})
    ask.wait(job)
    ask.batch("TagResource", resourceArn=f"{ARN}job-queue/q", tags={"a": "1"})
    ask.batch("TagResource", resourceArn=f"{ARN}compute-environment/here", tags={"a": "1"})
    for arn in (
        policy,
        resource["consumableResourceArn"],
        f"{ARN}job/{job}",
        f"{ARN}job-definition/task:1",
        f"{ARN}job-queue/q",
        f"{ARN}compute-environment/here",
    ):
        assert shown(ask, arn) == {"a": "1"}
        ask.batch("TagResource", resourceArn=arn, tags={"a": "2", "b": ""})
        assert shown(ask, arn) == {"a": "2", "b": ""}
        ask.batch("UntagResource", resourceArn=arn, tagKeys=["a", "unknown"])
        assert shown(ask, arn) == {"b": ""}
    assert ask.job(job)["tags"] == {"b": ""}
    assert ask.batch("DescribeJobDefinitions")["jobDefinitions"][0]["tags"] == {"b": ""}
    assert ask.batch("DescribeJobQueues")["jobQueues"][0]["tags"] == {"b": ""}
    assert ask.batch("DescribeComputeEnvironments")["computeEnvironments"][0]["tags"] == {"b": ""}


def test_what_is_refused(ask):
    array = ask.submit(["true"], arrayProperties={"size": 2})
    for arn, said in [
        (f"{ARN}job/{array}:0", "is of a child"),
        (f"{ARN}job-queue/nowhere", "JobQueue nowhere does not exist"),
        (f"{ARN}service-job/a", "of a service-job, which has no tags"),
        ("nonsense", "Invalid ARN"),
    ]:
        for operation, more in [
            ("TagResource", {"tags": {"a": "1"}}),
            ("UntagResource", {"tagKeys": ["a"]}),
            ("ListTagsForResource", {}),
        ]:
            with pytest.raises((RefusedError, JobError), match=said):
                ask.batch(operation, resourceArn=arn, **more)
    with pytest.raises(JobError, match="51 tags are more than 50"):
        ask.batch("TagResource", resourceArn=f"{ARN}job-queue/q", tags={str(each): "" for each in range(51)})
