"""GetJobQueueSnapshot."""

from __future__ import annotations

import pytest

from sweep.serve.refusal import RefusedError


def jobs_of(told):
    return [each["jobArn"].rpartition("/")[2] for each in told["frontOfQueue"]["jobs"]]


def test_the_front_of_a_queue_and_what_its_jobs_hold(ask):
    holding = ask.submit(["sleep", "60"], arrayProperties={"size": 4})
    ask.await_status(f"{holding}:3", "RUNNING")
    jobs = [ask.submit(["true"]) for _ in range(3)]
    told = ask.batch("GetJobQueueSnapshot", jobQueue="arn:aws:batch:eu-central-1:111122223333:job-queue/q")
    assert jobs_of(told) == jobs
    times = [each["earliestTimeAtPosition"] for each in told["frontOfQueue"]["jobs"]]
    assert times[0] >= ask.job(jobs[0])["createdAt"]
    assert max(times) <= told["frontOfQueue"]["lastUpdatedAt"]
    assert told["queueUtilization"]["totalCapacityUsage"] == [{"capacityUnit": "VCPU", "quantity": 4.0}]
    assert "fairshareUtilization" not in told["queueUtilization"]
    ask.batch("TerminateJobs", jobs=[holding, *jobs], reason="enough")
    ask.wait(holding, *jobs)
    assert jobs_of(ask.batch("GetJobQueueSnapshot", jobQueue="q")) == []
    with pytest.raises(RefusedError, match="JobQueue r does not exist"):
        ask.batch("GetJobQueueSnapshot", jobQueue="r")


def test_shares(ask):
    arn = ask.batch("CreateSchedulingPolicy", name="fair")["arn"]
    order = [{"order": 1, "computeEnvironment": "here"}]
    ask.batch("CreateJobQueue", jobQueueName="f", priority=1, computeEnvironmentOrder=order, schedulingPolicyArn=arn)
    running = [ask.submit(["sleep", "60"], "f", shareIdentifier=each) for each in ("a", "a", "b")]
    for each in running:
        ask.await_status(each, "RUNNING")
    waiting = ask.submit(
        ["true"],
        "f",
        shareIdentifier="c",
        containerOverrides={"resourceRequirements": [{"type": "VCPU", "value": "4"}]},
    )
    told = ask.batch("GetJobQueueSnapshot", jobQueue="f")
    assert jobs_of(told) == [waiting]
    fair = told["queueUtilization"]["fairshareUtilization"]
    assert fair["activeShareCount"] == 2
    assert [
        (each["shareIdentifier"], each["capacityUsage"][0]["quantity"]) for each in fair["topCapacityUtilization"]
    ] == [
        ("a", 2.0),
        ("b", 1.0),
    ]


def test_a_hundred_at_most(ask):
    ask.batch("UpdateComputeEnvironment", computeEnvironment="here", state="DISABLED")
    jobs = [ask.submit(["true"]) for _ in range(101)]
    assert jobs_of(ask.batch("GetJobQueueSnapshot", jobQueue="q")) == jobs[:100]
