"""The stack as moto makes it: a second opinion on the template, and its commands and roles used."""

from __future__ import annotations

import json
import os
import subprocess
import time

import boto3
import pytest

from sweep.errors import ObjectNotFoundError, StoreError
from sweep.store import open_store
from tests.deploy.conftest import REGION, WAIT_SECONDS, client, tell
from tests.deploy.policy import allows


def environment(endpoint: str, **more: str) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    given = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", **more}
    return (
        kept | given | {"AWS_ENDPOINT_URL": endpoint, "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}
    )


def test_spot_comes_first_and_the_merge_can_do_without(aws, outputs):
    told = {each["jobQueueName"]: each for each in client(aws, "batch").describe_job_queues()["jobQueues"]}
    kinds = {
        each["computeEnvironmentArn"]: each["computeResources"]["type"]
        for each in client(aws, "batch").describe_compute_environments()["computeEnvironments"]
    }
    ordered = {
        name: [
            kinds[each["computeEnvironment"]]
            for each in sorted(queue["computeEnvironmentOrder"], key=lambda each: each["order"])
        ]
        for name, queue in told.items()
    }
    assert ordered == {
        outputs["QueueName"]: ["SPOT", "EC2"],
        outputs["OnDemandQueueName"]: ["EC2"],
        outputs["GpuQueueName"]: ["SPOT"],
    }
    assert told[outputs["OnDemandQueueName"]]["priority"] > told[outputs["QueueName"]]["priority"]


@pytest.mark.parametrize("name", ["TryCommand", "TryGpuCommand"])
def test_the_commands_that_try_it_are_taken(aws, outputs, name):
    done = subprocess.run(
        ["sh", "-c", outputs[name]],
        env=environment(aws),
        capture_output=True,
        check=False,
        text=True,
        timeout=WAIT_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    job = json.loads(done.stdout)["jobId"]
    deadline = time.monotonic() + WAIT_SECONDS
    while (status := client(aws, "batch").describe_jobs(jobs=[job])["jobs"][0]["status"]) != "SUCCEEDED":
        assert status != "FAILED"
        assert time.monotonic() < deadline
        time.sleep(0.05)  # polling with a deadline: there is no event to wait on


def test_the_command_that_lets_a_group_submit(aws, outputs):
    client(aws, "iam").create_group(GroupName="GROUP")
    subprocess.run(["sh", "-c", outputs["AttachCommand"]], env=environment(aws), check=True, timeout=WAIT_SECONDS)
    attached = client(aws, "iam").list_attached_group_policies(GroupName="GROUP")["AttachedPolicies"]
    assert {each["PolicyArn"] for each in attached} == {outputs["SubmitPolicyArn"], outputs["StorePolicyArn"]}


@pytest.fixture
def document(aws):
    """Return a managed policy's document by its ARN."""

    def read(arn: str) -> dict:
        found = client(aws, "iam").get_policy_version(PolicyArn=arn, VersionId="v1")
        return found["PolicyVersion"]["Document"]

    return read


BATCH = f"arn:aws:batch:{REGION}:123456789012"


@pytest.mark.parametrize(
    ("allowed", "action", "resource", "context"),
    [
        (True, "batch:SubmitJob", "job-queue/sweep", {}),
        (True, "batch:SubmitJob", "job-queue/sweep-on-demand", {}),
        (True, "batch:SubmitJob", "job-queue/sweep-gpu", {}),
        (False, "batch:SubmitJob", "job-queue/theirs", {}),
        (True, "batch:SubmitJob", "job-definition/sweep-radar:3", {}),
        (False, "batch:SubmitJob", "job-definition/theirs:3", {}),
        (True, "batch:RegisterJobDefinition", "job-definition/sweep-radar", {}),
        (True, "batch:RegisterJobDefinition", "job-definition/sweep-radar", {"batch:Privileged": "false"}),
        (False, "batch:RegisterJobDefinition", "job-definition/sweep-radar", {"batch:Privileged": "true"}),
        (False, "batch:RegisterJobDefinition", "job-definition/theirs", {}),
        (True, "batch:TagResource", "job/3f", {}),
        (True, "batch:TerminateJob", "job/3f", {"aws:ResourceTag/sweep.plan": "bf39"}),
        (False, "batch:TerminateJob", "job/3f", {"aws:ResourceTag/theirs": "x"}),
        (False, "batch:TerminateJob", "job/3f", {}),
        (False, "batch:UpdateJobQueue", "job-queue/sweep", {}),
        (False, "batch:DeleteComputeEnvironment", "compute-environment/x", {}),
    ],
)
def test_who_submits_may_use_what_is_of_sweeps(outputs, document, allowed, action, resource, context):
    assert allows(document(outputs["SubmitPolicyArn"]), action, f"{BATCH}:{resource}", context) is allowed


@pytest.mark.parametrize("service", ["ecs-tasks.amazonaws.com", "ec2.amazonaws.com", "lambda.amazonaws.com"])
def test_who_submits_passes_roles_to_tasks_alone(outputs, document, service):
    policy = document(outputs["SubmitPolicyArn"])
    for role in ("JobRoleArn", "ExecutionRoleArn"):
        allowed = allows(policy, "iam:PassRole", outputs[role], {"iam:PassedToService": service})
        assert allowed is (service == "ecs-tasks.amazonaws.com")
    admin = "arn:aws:iam::123456789012:role/admin"
    assert not allows(policy, "iam:PassRole", admin, {"iam:PassedToService": service})


def test_a_missing_object_is_told_apart_and_other_prefixes_are_not_listed(outputs, document):
    """S3 asks for the right to list, without a prefix, before it says of an object that there is none."""
    policy, bucket = document(outputs["StorePolicyArn"]), f"arn:aws:s3:::{outputs['Store'].split('/')[2]}"
    assert allows(policy, "s3:ListBucket", bucket)
    assert allows(policy, "s3:ListBucket", bucket, {"s3:prefix": "sweeps/study/map/"})
    assert not allows(policy, "s3:ListBucket", bucket, {"s3:prefix": "other/"})
    assert not allows(policy, "s3:PutBucketPolicy", bucket)
    assert not allows(policy, "s3:GetObject", f"{bucket}/sweeps-of-others/plan.json")


@pytest.fixture
def as_a_child(aws, outputs, monkeypatch):
    """Be in the job role, at a server that asks who it is."""
    role = client(aws, "sts").assume_role(RoleArn=outputs["JobRoleArn"], RoleSessionName="child")["Credentials"]
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    session = {
        "AWS_ACCESS_KEY_ID": role["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": role["SecretAccessKey"],
        "AWS_SESSION_TOKEN": role["SessionToken"],
    }
    for name, text in environment(aws, **session).items():
        monkeypatch.setenv(name, text)
    tell(aws, "reset-auth", "0")
    yield
    tell(aws, "reset-auth", "1000000")


@pytest.mark.usefixtures("as_a_child")
def test_a_child_reaches_its_store(outputs):
    store = open_store(f"{outputs['Store']}/study")
    store.create("map/000001/00000.parquet", b"rows")
    assert store.get("map/000001/00000.parquet") == b"rows"
    with pytest.raises(ObjectNotFoundError):
        store.get("plan.json")
    assert [each.key for each in store.list("map/")] == ["map/000001/00000.parquet"]
    # one by one: moto 5 asks of many for the right to delete the bucket
    bucket, prefix = outputs["Store"].removeprefix("s3://").split("/")
    boto3.Session().client("s3").delete_object(Bucket=bucket, Key=f"{prefix}/study/map/000001/00000.parquet")
    assert list(store.list()) == []


@pytest.mark.usefixtures("as_a_child")
def test_a_child_reaches_nothing_else_of_the_bucket(outputs):
    bucket, prefix = outputs["Store"].removeprefix("s3://").split("/")
    for place in (f"s3://{bucket}/other", f"s3://{bucket}/{prefix}-of-others"):
        elsewhere = open_store(place)
        with pytest.raises(StoreError, match="AccessDenied"):
            elsewhere.create("a", b"")
        with pytest.raises(StoreError, match="AccessDenied"):
            elsewhere.get("a")
        with pytest.raises(StoreError, match="AccessDenied"):
            elsewhere.delete(["a"])
