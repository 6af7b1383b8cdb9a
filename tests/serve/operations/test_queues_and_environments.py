"""Job queues and compute environments over the API."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from sweep.errors import JobError
from sweep.machine import memory_mib, processors
from sweep.serve.refusal import RefusedError

ARN = "arn:aws:batch:eu-central-1:111122223333:"


def environment(ask, name="here"):
    (told,) = ask.batch("DescribeComputeEnvironments", computeEnvironments=[name])["computeEnvironments"]
    return told


def queue(ask, name="q"):
    (told,) = ask.batch("DescribeJobQueues", jobQueues=[name])["jobQueues"]
    return told


def make_environment(ask, name, **resources):
    given = {"type": "EC2", "maxvCpus": 2, "subnets": []} | resources
    return ask.batch("CreateComputeEnvironment", computeEnvironmentName=name, type="MANAGED", computeResources=given)


def make_queue(ask, name, *environments, **options):
    order = [{"order": place, "computeEnvironment": each} for place, each in enumerate(environments, 5)]
    return ask.batch("CreateJobQueue", jobQueueName=name, priority=1, computeEnvironmentOrder=order, **options)


def test_an_environment_is_creating_and_then_valid_and_is_told_as_it_was_made(empty):
    made = empty.batch(
        "CreateComputeEnvironment",
        computeEnvironmentName="here",
        type="MANAGED",
        computeResources={
            "type": "EC2",
            "maxvCpus": 256,
            "minvCpus": 1,
            "subnets": ["subnet-1"],
            "securityGroupIds": ["sg-1"],
            "instanceTypes": ["c5.large"],
            "instanceRole": "role",
            "allocationStrategy": "BEST_FIT_PROGRESSIVE",
        },
        serviceRole="arn:aws:iam::111122223333:role/service",
        tags={"who": "me"},
    )
    assert made == {"computeEnvironmentName": "here", "computeEnvironmentArn": f"{ARN}compute-environment/here"}
    assert environment(empty)["status"] == "CREATING"
    empty.settle()
    told = environment(empty, made["computeEnvironmentArn"])
    assert (told["status"], told["statusReason"]) == ("VALID", "ComputeEnvironment Healthy")
    assert (told["type"], told["state"], told["containerOrchestrationType"]) == ("MANAGED", "ENABLED", "ECS")
    assert told["computeResources"] == {
        "type": "EC2",
        "maxvCpus": 256,
        "minvCpus": 1,
        "desiredvCpus": 1,
        "subnets": ["subnet-1"],
        "securityGroupIds": ["sg-1"],
        "instanceTypes": ["c5.large"],
        "instanceRole": "role",
        "allocationStrategy": "BEST_FIT_PROGRESSIVE",
    }
    assert told["serviceRole"] == "arn:aws:iam::111122223333:role/service"
    assert told["tags"] == {"who": "me"}
    assert told["ecsClusterArn"] == f"arn:aws:ecs:eu-central-1:111122223333:cluster/here_Batch_{told['uuid']}"


def test_an_environment_has_this_machines_memory_unless_a_tag_says_otherwise(empty):
    make_environment(empty, "here")
    empty.batch(
        "CreateComputeEnvironment",
        computeEnvironmentName="gpus",
        type="UNMANAGED",
        tags={"sweep.gpus": "2", "sweep.memory": "1000"},
    )
    with empty.desk.engine.reading() as state:
        here, gpus = state.environments["here"], state.environments["gpus"]
    assert (here.vcpus, here.memory, here.gpus, here.managed) == (2, memory_mib(), 0, True)
    assert (gpus.vcpus, gpus.memory, gpus.gpus, gpus.managed) == (processors(), 1000, 2, False)
    assert "computeResources" not in environment(empty, "gpus")


def test_an_environment_is_changed_in_part(ask):
    ask.batch(
        "UpdateComputeEnvironment",
        computeEnvironment="here",
        state="DISABLED",
        computeResources={"maxvCpus": 8},
        updatePolicy={"terminateJobsOnUpdate": False, "jobExecutionTimeoutMinutes": 30},
    )
    assert environment(ask)["status"] == "UPDATING"
    with pytest.raises(RefusedError, match="being modified"):
        ask.batch("UpdateComputeEnvironment", computeEnvironment="here", state="ENABLED")
    ask.settle()
    told = environment(ask)
    assert (told["state"], told["status"]) == ("DISABLED", "VALID")
    assert (told["computeResources"]["maxvCpus"], told["computeResources"]["subnets"]) == (8, ["subnet-1"])
    assert told["updatePolicy"]["jobExecutionTimeoutMinutes"] == 30


def test_what_an_update_only_asks_for_is_nothing_that_an_environment_has(ask):
    ask.batch(
        "UpdateComputeEnvironment", computeEnvironment="here", computeResources={"updateToLatestImageVersion": True}
    )
    assert "updateToLatestImageVersion" not in environment(ask)["computeResources"]


def test_a_provider_of_instances_is_changed_in_part(empty):
    template = {
        "ec2InstanceProfileArn": "arn:aws:iam::111122223333:instance-profile/p",
        "networkConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]},
        "monitoring": "BASIC",
    }
    provider = {"infrastructureRoleArn": "arn:aws:iam::111122223333:role/r", "instanceLaunchTemplate": template}
    for name, resources in (
        ("managed", {"type": "ECS_MANAGED_INSTANCES", "maxvCpus": 4, "managedInstancesProvider": provider}),
        ("plain", {"type": "EC2", "maxvCpus": 4}),
    ):
        empty.batch("CreateComputeEnvironment", computeEnvironmentName=name, type="MANAGED", computeResources=resources)
    empty.settle()
    change = {"managedInstancesProvider": {"instanceLaunchTemplate": {"monitoring": "DETAILED"}}}
    empty.batch("UpdateComputeEnvironment", computeEnvironment="managed", computeResources=change)
    told = environment(empty, "managed")["computeResources"]["managedInstancesProvider"]
    assert told == provider | {"instanceLaunchTemplate": template | {"monitoring": "DETAILED"}}
    with pytest.raises(RefusedError, match="managedInstancesProvider is for compute environments of the type"):
        empty.batch("UpdateComputeEnvironment", computeEnvironment="plain", computeResources=change)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"type": "MANAGED"}, "computeResources must be provided"),
        ({"type": "UNMANAGED", "computeResources": {"type": "EC2", "maxvCpus": 1}}, "must not be provided"),
        ({"type": "MANAGED", "computeResources": {"type": "T", "maxvCpus": 1}}, "type T is not one of"),
        ({"type": "UNMANAGED", "tags": {"sweep.gpus": "two"}}, "sweep.gpus=two is not a whole number"),
        ({"type": "UNMANAGED", "tags": {"sweep.gpus": "9" * 255}}, "is not a whole number"),
        (
            {"type": "UNMANAGED", "eksConfiguration": {"eksClusterArn": "a", "kubernetesNamespace": "n"}},
            "no Kubernetes",
        ),
    ],
)
def test_environments_that_are_refused(empty, request_, said):
    with pytest.raises(RefusedError, match=said):
        empty.batch("CreateComputeEnvironment", computeEnvironmentName="e", **request_)


def test_an_environment_goes_when_it_is_disabled_and_in_no_queue(ask):
    with pytest.raises(JobError, match="is not DISABLED"):
        ask.batch("DeleteComputeEnvironment", computeEnvironment="here")
    ask.batch("UpdateComputeEnvironment", computeEnvironment="here", state="DISABLED")
    ask.settle()
    with pytest.raises(JobError, match="Cannot delete, found existing JobQueue relationship"):
        ask.batch("DeleteComputeEnvironment", computeEnvironment="here")
    ask.batch("UpdateJobQueue", jobQueue="q", state="DISABLED")
    ask.settle()
    ask.batch("DeleteJobQueue", jobQueue="q")
    ask.batch("DeleteComputeEnvironment", computeEnvironment=f"{ARN}compute-environment/here")
    assert ask.batch("DescribeComputeEnvironments")["computeEnvironments"] == []
    with pytest.raises(RefusedError, match="does not exist"):
        ask.batch("DeleteComputeEnvironment", computeEnvironment="here")


@pytest.mark.parametrize("relaxed", [frozenset({"delete-enabled"})])
def test_an_endpoint_may_let_go_of_what_is_enabled(ask):
    ask.batch("DeleteJobQueue", jobQueue="q")
    ask.batch("DeleteComputeEnvironment", computeEnvironment="here")
    assert ask.batch("DescribeJobQueues")["jobQueues"] == []
    assert ask.batch("DescribeComputeEnvironments")["computeEnvironments"] == []


def test_a_queue_is_told_as_it_was_made(empty):
    make_environment(empty, "a")
    make_environment(empty, "b")
    policy = empty.batch("CreateSchedulingPolicy", name="fair")["arn"]
    limits = [
        {
            "reason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
            "state": "RUNNABLE",
            "maxTimeSeconds": 600,
            "action": "CANCEL",
        }
    ]
    made = make_queue(
        empty,
        "q",
        f"{ARN}compute-environment/b",
        "a",
        schedulingPolicyArn=policy,
        jobStateTimeLimitActions=limits,
        tags={"a": "b"},
    )
    assert made == {"jobQueueName": "q", "jobQueueArn": f"{ARN}job-queue/q"}
    assert queue(empty)["status"] == "CREATING"
    empty.settle()
    told = queue(empty, f"{ARN}job-queue/q")
    assert told == {
        "jobQueueName": "q",
        "jobQueueArn": f"{ARN}job-queue/q",
        "state": "ENABLED",
        "status": "VALID",
        "statusReason": "JobQueue Healthy",
        "priority": 1,
        "computeEnvironmentOrder": [
            {"order": 5, "computeEnvironment": f"{ARN}compute-environment/b"},
            {"order": 6, "computeEnvironment": f"{ARN}compute-environment/a"},
        ],
        "jobQueueType": "ECS",
        "schedulingPolicyArn": policy,
        "jobStateTimeLimitActions": limits,
        "tags": {"a": "b"},
    }


def test_a_queue_is_changed_in_part(ask):
    make_environment(ask, "more")
    order = [{"order": 2, "computeEnvironment": "here"}, {"order": 1, "computeEnvironment": "more"}]
    ask.batch("UpdateJobQueue", jobQueue="q", priority=9, computeEnvironmentOrder=order)
    assert queue(ask)["status"] == "UPDATING"
    with pytest.raises(RefusedError, match="being modified"):
        ask.batch("UpdateJobQueue", jobQueue="q", priority=1)
    ask.settle()
    told = queue(ask)
    names = [each["computeEnvironment"].rpartition("/")[2] for each in told["computeEnvironmentOrder"]]
    assert (told["priority"], told["state"], names) == (9, "ENABLED", ["more", "here"])
    with pytest.raises(RefusedError, match="JobQueue r does not exist"):
        ask.batch("UpdateJobQueue", jobQueue="r", priority=1)


def test_a_policy_can_be_neither_added_to_a_queue_nor_of_a_name_that_is_not_known(ask):
    ask.batch("CreateSchedulingPolicy", name="fair")
    with pytest.raises(JobError, match="neither added to nor removed"):
        ask.batch("UpdateJobQueue", jobQueue="q", schedulingPolicyArn=f"{ARN}scheduling-policy/fair")
    with pytest.raises(JobError, match="SchedulingPolicy unfair does not exist"):
        make_queue(ask, "r", "here", schedulingPolicyArn=f"{ARN}scheduling-policy/unfair")


def test_queues_that_are_refused(ask):
    make_environment(ask, "fargate", type="FARGATE")
    with pytest.raises(JobError, match="already exists"):
        make_queue(ask, "q", "here")
    with pytest.raises(JobError, match="ComputeEnvironment nowhere does not exist"):
        make_queue(ask, "r", "nowhere")
    with pytest.raises(RefusedError, match="cannot be in the same job queue"):
        make_queue(ask, "r", "here", "fargate")
    with pytest.raises(RefusedError, match="at least one"):
        make_queue(ask, "r")
    with pytest.raises(RefusedError, match="no SageMaker"):
        make_queue(ask, "r", "here", jobQueueType="SAGEMAKER_TRAINING")
    with pytest.raises(RefusedError, match="no Kubernetes"):
        make_queue(ask, "r", "here", jobQueueType="EKS")
    with pytest.raises(RefusedError, match="of a compute-environment, not of a job-queue"):
        ask.batch("DeleteJobQueue", jobQueue=f"{ARN}compute-environment/here")
    order = [{"order": 1, "computeEnvironment": "here"}, {"order": 1, "computeEnvironment": "fargate"}]
    with pytest.raises(RefusedError, match="same order"):
        ask.batch("UpdateJobQueue", jobQueue="q", computeEnvironmentOrder=order)


def test_a_queue_with_a_live_job_is_deleting_until_that_has_ended(ask):
    ask.batch("UpdateComputeEnvironment", computeEnvironment="here", state="DISABLED")
    job = ask.submit(["true"])
    running = ask.job(job)
    assert running["status"] == "RUNNABLE"
    with pytest.raises(JobError, match="is not DISABLED"):
        ask.batch("DeleteJobQueue", jobQueue="q")
    ask.batch("UpdateJobQueue", jobQueue="q", state="DISABLED")
    with pytest.raises(RefusedError, match="being modified"):
        ask.batch("DeleteJobQueue", jobQueue="q")
    ask.settle()
    ask.batch("DeleteJobQueue", jobQueue="q")
    ask.wait(job)
    assert ask.batch("DescribeJobQueues", jobQueues=["q"])["jobQueues"] == []
    assert ask.job(job)["status"] == "FAILED"


def test_all_are_described_in_pages_by_name(empty):
    for name in "dbca":
        make_environment(empty, name)
        make_queue(empty, name, name)
    for operation, member, key in [
        ("DescribeJobQueues", "jobQueues", "jobQueueName"),
        ("DescribeComputeEnvironments", "computeEnvironments", "computeEnvironmentName"),
    ]:
        first = empty.batch(operation, maxResults=3, nextToken="")
        rest = empty.batch(operation, maxResults=3, nextToken=first["nextToken"])
        assert [each[key] for each in first[member] + rest[member]] == list("abcd")
        assert "nextToken" not in rest
        assert empty.batch(operation, **{member: ["a", "nowhere"]})[member][0][key] == "a"
        with pytest.raises(RefusedError, match="Invalid nextToken"):
            empty.batch(operation, nextToken=first["nextToken"][:-4] + "AAA=")
        with pytest.raises(RefusedError, match="Invalid nextToken"):
            empty.batch(operation, **{member: ["a"]}, nextToken=first["nextToken"])
        with pytest.raises(RefusedError, match="more than 100"):
            empty.batch(operation, **{member: ["a"] * 101})


def test_of_many_changes_at_once_one_is_made(ask):
    def change(priority):
        try:
            return ask.batch("UpdateJobQueue", jobQueue="q", priority=priority)
        except RefusedError as error:
            return str(error)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(change, range(10, 18)))
    assert sum(isinstance(each, dict) for each in answers) == 1
    (made,) = [place for place, each in enumerate(answers, 10) if isinstance(each, dict)]
    assert queue(ask)["priority"] == made


@pytest.mark.parametrize("relaxed", [frozenset({"delete-enabled"})])
def test_a_deletion_that_is_refused_changes_nothing(ask, tmp_path):
    with pytest.raises(JobError, match="found existing JobQueue relationship"):
        ask.batch("DeleteComputeEnvironment", computeEnvironment="here")
    make_environment(ask, "there")
    job = ask.submit(["sleep", "600"])
    ask.await_status(job, "RUNNING")
    order = [{"order": 1, "computeEnvironment": "there"}]
    ask.settle()
    ask.batch("UpdateJobQueue", jobQueue="q", computeEnvironmentOrder=order)
    with pytest.raises(JobError, match="Cannot delete, jobs still run in ComputeEnvironment here"):
        ask.batch("DeleteComputeEnvironment", computeEnvironment="here")
    assert environment(ask)["state"] == "ENABLED"
    ask.batch("TerminateJob", jobId=job, reason="enough")
    ask.wait(job)


def test_what_of_an_unmanaged_environment_aws_alone_uses_is_kept_and_told(empty):
    empty.batch("CreateComputeEnvironment", computeEnvironmentName="own", type="UNMANAGED", unmanagedvCpus=7)
    assert environment(empty, "own")["unmanagedvCpus"] == 7
    empty.settle()
    empty.batch("UpdateComputeEnvironment", computeEnvironment="own", unmanagedvCpus=9)
    assert environment(empty, "own")["unmanagedvCpus"] == 9
    make_environment(empty, "here")
    empty.settle()
    with pytest.raises(RefusedError, match="unmanagedvCpus is for UNMANAGED"):
        empty.batch("UpdateComputeEnvironment", computeEnvironment="here", unmanagedvCpus=9)
    policy = {"terminateJobsOnUpdate": True}
    empty.batch("UpdateComputeEnvironment", computeEnvironment="here", updatePolicy=policy)
    assert environment(empty)["updatePolicy"] == policy
