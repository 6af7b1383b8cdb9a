"""Scheduling policies over the API."""

from __future__ import annotations

import pytest

from sweep.errors import JobError
from sweep.serve.refusal import RefusedError


def test_a_policy_from_its_making_to_its_end(ask):
    shares = [{"shareIdentifier": "a*", "weightFactor": 0.5}, {"shareIdentifier": "b"}]
    fair = {"shareDecaySeconds": 3600, "computeReservation": 10, "shareDistribution": shares}
    arn = ask.batch("CreateSchedulingPolicy", name="fair", fairsharePolicy=fair, tags={"a": "b"})["arn"]
    assert arn == "arn:aws:batch:eu-central-1:111122223333:scheduling-policy/fair"
    (told,) = ask.batch("DescribeSchedulingPolicies", arns=[arn, f"{arn}er"])["schedulingPolicies"]
    shares[1]["weightFactor"] = 1.0
    assert told == {"name": "fair", "arn": arn, "fairsharePolicy": fair, "tags": {"a": "b"}}
    ask.batch("UpdateSchedulingPolicy", arn=arn, fairsharePolicy={"shareDecaySeconds": 60})
    (told,) = ask.batch("DescribeSchedulingPolicies", arns=[arn])["schedulingPolicies"]
    assert told["fairsharePolicy"] == {"shareDecaySeconds": 60, "computeReservation": 0, "shareDistribution": []}
    order = [{"order": 1, "computeEnvironment": "here"}]
    ask.batch("CreateJobQueue", jobQueueName="f", priority=1, computeEnvironmentOrder=order, schedulingPolicyArn=arn)
    with pytest.raises(JobError, match="relationship"):
        ask.batch("DeleteSchedulingPolicy", arn=arn)
    ask.settle()
    ask.batch("UpdateJobQueue", jobQueue="f", state="DISABLED")
    ask.settle()
    ask.batch("DeleteJobQueue", jobQueue="f")
    ask.batch("DeleteSchedulingPolicy", arn=arn)
    assert ask.batch("ListSchedulingPolicies") == {"schedulingPolicies": []}


def test_what_is_refused(ask):
    ask.batch("CreateSchedulingPolicy", name="fair")
    with pytest.raises(JobError, match="already exists"):
        ask.batch("CreateSchedulingPolicy", name="fair")
    with pytest.raises(RefusedError, match="quota shares are for service jobs"):
        ask.batch("CreateSchedulingPolicy", name="q", quotaSharePolicy={"idleResourceAssignmentStrategy": "FIFO"})
    with pytest.raises(JobError, match="shareDecaySeconds=700000"):
        ask.batch("CreateSchedulingPolicy", name="p", fairsharePolicy={"shareDecaySeconds": 700_000})
    with pytest.raises(RefusedError, match="does not exist"):
        ask.batch("UpdateSchedulingPolicy", arn="arn:aws:batch:eu-central-1:111122223333:scheduling-policy/no")
    assert ask.batch("DescribeSchedulingPolicies", arns=[]) == {"schedulingPolicies": []}


def test_pages(ask):
    for name in "cab":
        ask.batch("CreateSchedulingPolicy", name=name)
    first = ask.batch("ListSchedulingPolicies", maxResults=2)
    rest = ask.batch("ListSchedulingPolicies", maxResults=2, nextToken=first["nextToken"])
    found = [each["arn"][-1] for each in first["schedulingPolicies"] + rest["schedulingPolicies"]]
    assert found == ["a", "b", "c"]
