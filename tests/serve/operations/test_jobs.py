"""Jobs from their submission to their end over the API."""

from __future__ import annotations

import pytest

from sweep.errors import JobError
from sweep.serve.refusal import RefusedError
from tests.serve.operations.conftest import definition

ARN = "arn:aws:batch:eu-central-1:111122223333:"


def test_a_job_that_ends_well(ask):
    ask.batch("RegisterJobDefinition", **definition("task", ["echo", "hello"]))
    told = ask.batch(
        "SubmitJob", jobName="first", jobQueue=f"{ARN}job-queue/q", jobDefinition=f"{ARN}job-definition/task"
    )
    job = told["jobId"]
    assert told == {"jobArn": f"{ARN}job/{job}", "jobName": "first", "jobId": job}
    ask.wait(job)
    told = ask.job(job)
    assert (told["jobName"], told["jobId"], told["jobArn"]) == ("first", job, f"{ARN}job/{job}")
    assert (told["jobQueue"], told["jobDefinition"]) == (f"{ARN}job-queue/q", f"{ARN}job-definition/task:1")
    assert (told["status"], told["statusReason"]) == ("SUCCEEDED", "Essential container in task exited")
    assert told["createdAt"] <= told["startedAt"] <= told["stoppedAt"]
    assert told["retryStrategy"] == {"attempts": 1, "evaluateOnExit": []}
    (attempt,) = told["attempts"]
    stream = f"task/default/{job}.0.1"
    assert attempt["container"] == {
        "exitCode": 0,
        "logStreamName": stream,
        "taskArn": f"arn:aws:ecs:eu-central-1:111122223333:task/sweep/{job}.0.1",
        "containerInstanceArn": told["container"]["containerInstanceArn"],
        "networkInterfaces": [],
    }
    container = told["container"]
    assert (container["image"], container["command"]) == ("busybox", ["echo", "hello"])
    assert (container["exitCode"], container["logStreamName"]) == (0, stream)
    assert {"type": "VCPU", "value": "1"} in container["resourceRequirements"]
    assert container["mountPoints"] == container["volumes"] == []


def test_what_a_command_is_told_by_its_environment(ask):
    script = "test $AWS_EXECUTION_ENV = AWS_ECS_EC2 && test $AWS_BATCH_JQ_NAME = q && test $AWS_BATCH_CE_NAME = here"
    script += (
        " && test $AWS_BATCH_JOB_ATTEMPT = 1 && test -n $AWS_BATCH_JOB_ID && test -z ${AWS_BATCH_JOB_ARRAY_INDEX-}"
    )
    assert ask.run(["sh", "-c", script])["status"] == "SUCCEEDED"


def test_a_job_that_fails_twice(ask):
    told = ask.run(["sh", "-c", "exit 7"], retryStrategy={"attempts": 2})
    assert told["status"] == "FAILED"
    assert [each["container"]["exitCode"] for each in told["attempts"]] == [7, 7]
    streams = [each["container"]["logStreamName"] for each in told["attempts"]]
    assert [each[-2:] for each in streams] == [".1", ".2"]
    assert told["container"]["logStreamName"] == streams[1]


def test_overrides_and_parameters(ask):
    define = {"parameters": {"who": "nobody", "what": "1"}, "timeout": {"attemptDurationSeconds": 100}}
    script = 'test "$0" = you && test "$1" = x1 && test "$GREETING" = hi'
    told = ask.run(
        ["false"],
        define=define,
        parameters={"who": "you"},
        containerOverrides={
            "command": ["sh", "-c", script, "Ref::who", "xRef::what"],
            "environment": [{"name": "GREETING", "value": "hi"}],
            "resourceRequirements": [{"type": "VCPU", "value": "2"}],
        },
        timeout={"attemptDurationSeconds": 60},
        tags={"a": "b"},
        propagateTags=True,
    )
    assert told["status"] == "SUCCEEDED", told
    assert told["container"]["command"][3:] == ["you", "x1"]
    assert told["container"]["environment"] == [{"name": "GREETING", "value": "hi"}]
    assert told["container"]["resourceRequirements"] == [
        {"type": "VCPU", "value": "2"},
        {"type": "MEMORY", "value": "64"},
    ]
    assert told["parameters"] == {"who": "you", "what": "1"}
    assert told["timeout"] == {"attemptDurationSeconds": 60}
    assert (told["tags"], told["propagateTags"]) == ({"a": "b"}, True)


def test_the_older_members_override_the_older_members_alone(ask):
    old = {"image": "i", "command": ["true"], "vcpus": 1, "memory": 64}
    ask.batch("RegisterJobDefinition", jobDefinitionName="old", type="container", containerProperties=old)
    ask.batch("RegisterJobDefinition", **definition("new"))
    jobs = {
        name: ask.batch(
            "SubmitJob", jobName="j", jobQueue="q", jobDefinition=name, containerOverrides={"vcpus": 2, "memory": 65}
        )["jobId"]
        for name in ("old", "new")
    }
    ask.wait(*jobs.values())
    container = ask.job(jobs["old"])["container"]
    assert (container["vcpus"], container["memory"], container["resourceRequirements"]) == (2, 65, [])
    container = ask.job(jobs["new"])["container"]
    assert [each["value"] for each in container["resourceRequirements"]] == ["1", "64"]
    assert "vcpus" not in container


def test_a_task_of_one_container(ask):
    container = {
        "name": "main",
        "image": "i",
        "command": ["false"],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}],
    }
    task = {"taskProperties": [{"containers": [container], "taskRoleArn": "role"}]}
    ask.batch("RegisterJobDefinition", jobDefinitionName="task", type="container", ecsProperties=task)
    told = ask.batch("DescribeJobDefinitions")["jobDefinitions"][0]
    assert told["ecsProperties"] == task
    override = {"taskProperties": [{"containers": [{"name": "main", "command": ["sh", "-c", "exit 0"]}]}]}
    job = ask.batch("SubmitJob", jobName="j", jobQueue="q", jobDefinition="task", ecsPropertiesOverride=override)[
        "jobId"
    ]
    ask.wait(job)
    told = ask.job(job)
    assert (told["status"], told["container"]) == ("SUCCEEDED", {})
    (shown,) = told["ecsProperties"]["taskProperties"]
    assert (shown["taskRoleArn"], shown["containers"][0]["name"]) == ("role", "main")
    assert (shown["containers"][0]["command"], shown["containers"][0]["exitCode"]) == (["sh", "-c", "exit 0"], 0)
    assert shown["taskArn"].endswith(".0.1")
    two = {"taskProperties": [{"containers": [container, container]}]}
    with pytest.raises(RefusedError, match="2 containers in a task"):
        ask.batch("RegisterJobDefinition", jobDefinitionName="two", type="container", ecsProperties=two)
    override = {"taskProperties": [{"containers": [{"name": "other"}]}]}
    with pytest.raises(RefusedError, match="the container of task:1 is main"):
        ask.batch("SubmitJob", jobName="j", jobQueue="q", jobDefinition="task", ecsPropertiesOverride=override)


def test_an_array(ask):
    script = "test $AWS_BATCH_JOB_ARRAY_INDEX != 1"
    job = ask.submit(["sh", "-c", script], arrayProperties={"size": 3})
    ask.wait(job)
    told = ask.job(job)
    assert (told["status"], told["statusReason"]) == ("FAILED", "Array Child Job failed")
    assert told["arrayProperties"]["size"] == 3
    assert told["arrayProperties"]["statusSummaryLastUpdatedAt"] >= told["stoppedAt"]
    summary = told["arrayProperties"]["statusSummary"]
    assert len(summary) == 7
    assert (summary["SUCCEEDED"], summary["FAILED"], summary["RUNNING"]) == (2, 1, 0)
    assert told["attempts"] == []
    assert "container" not in told
    children = ask.batch("DescribeJobs", jobs=[f"{job}:{index}" for index in range(4)])["jobs"]
    assert [each["arrayProperties"] for each in children] == [{"index": index} for index in range(3)]
    assert [each["status"] for each in children] == ["SUCCEEDED", "FAILED", "SUCCEEDED"]
    assert children[1]["jobArn"] == f"{ARN}job/{job}:1"
    assert children[1]["container"]["logStreamName"] == f"task/default/{job}.1.1"
    assert not set(children[1]["container"]["logStreamName"]) & set(":*")


def test_nodes(ask):
    script = "test $AWS_BATCH_JOB_NUM_NODES = 2 && test -n $AWS_BATCH_JOB_MAIN_NODE_INDEX"
    container = {"image": "i", "command": ["sh", "-c", script], "vcpus": 1, "memory": 64}
    nodes = {"numNodes": 3, "mainNode": 0, "nodeRangeProperties": [{"targetNodes": "0:", "container": container}]}
    ask.batch("RegisterJobDefinition", jobDefinitionName="many", type="multinode", nodeProperties=nodes)
    job = ask.batch("SubmitJob", jobName="j", jobQueue="q", jobDefinition="many", nodeOverrides={"numNodes": 2})[
        "jobId"
    ]
    ask.wait(job)
    told = ask.job(job)
    assert told["status"] == "SUCCEEDED", told
    assert told["nodeProperties"]["numNodes"] == 2
    assert len(told["attempts"]) == 1
    main = ask.job(f"{job}#0")
    assert main["nodeDetails"] == {"nodeIndex": 0, "isMainNode": True}
    listed = ask.batch("ListJobs", multiNodeJobId=job, jobStatus="SUCCEEDED")["jobSummaryList"]
    assert listed[0]["nodeProperties"] == {"nodeIndex": 0, "isMainNode": True}


def test_nodes_that_were_registered_as_tasks_are_told_as_tasks(ask):
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}]
    main = {"name": "main", "image": "i", "command": ["true"], "resourceRequirements": needs, "dependsOn": []}
    task = {"containers": [main], "taskRoleArn": "role", "ipcMode": "host"}
    plain = {"image": "i", "command": ["true"], "vcpus": 1, "memory": 64}
    ranges = [
        {"targetNodes": "0:0", "ecsProperties": {"taskProperties": [task]}},
        {"targetNodes": "1:", "container": plain},
    ]
    nodes = {"numNodes": 2, "mainNode": 0, "nodeRangeProperties": ranges}
    ask.batch("RegisterJobDefinition", jobDefinitionName="tasks", type="multinode", nodeProperties=nodes)
    job = ask.batch("SubmitJob", jobName="j", jobQueue="q", jobDefinition="tasks")["jobId"]
    ask.wait(job)
    first, second = ask.job(job)["nodeProperties"]["nodeRangeProperties"]
    (shown,) = first["ecsProperties"]["taskProperties"]
    assert shown == task | {"containers": [main | {"environment": []}]}
    assert ("container" in first, second["container"]["command"]) == (False, ["true"])
    told = ask.job(f"{job}#0")
    (shown,) = told["ecsProperties"]["taskProperties"]
    assert (shown["ipcMode"], shown["containers"][0]["exitCode"], told["container"]) == ("host", 0, {})
    assert ask.job(f"{job}#1")["container"]["command"] == ["true"]


def test_arrays_of_no_size_are_plain_jobs_and_dependencies_may_name_no_type(ask):
    first = ask.submit(["true"], arrayProperties={})
    second = ask.submit(["true"], dependsOn=[{"jobId": first}])
    ask.wait(second)
    assert ask.job(second)["dependsOn"] == [{"jobId": first}]
    assert "arrayProperties" not in ask.job(first)


def test_dependencies_of_each_kind(ask):
    first = ask.submit(["true"], arrayProperties={"size": 2})
    after = [{"jobId": first, "type": "N_TO_N"}, {"type": "SEQUENTIAL"}]
    second = ask.submit(["true"], arrayProperties={"size": 2}, dependsOn=after)
    failed = ask.submit(["false"])
    third = ask.submit(["true"], dependsOn=[{"jobId": second}, {"jobId": failed}])
    ask.wait(third)
    told = ask.job(third)
    assert (told["status"], told["statusReason"], told["attempts"]) == ("FAILED", "Dependent Job failed", [])
    assert "startedAt" not in told
    assert "logStreamName" not in told["container"]
    ask.wait(second)
    assert ask.job(second)["status"] == "SUCCEEDED"
    assert ask.job(second)["dependsOn"] == after


def test_a_timeout_ends_a_job(ask):
    told = ask.run(["sleep", "60"], timeout={"attemptDurationSeconds": 1})
    assert (told["status"], told["statusReason"]) == ("FAILED", "Job attempt duration exceeded timeout")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"jobName": "no name"}, "Job name should match valid pattern"),
        ({"jobQueue": "nowhere"}, "JobQueue nowhere does not exist"),
        ({"jobDefinition": "nothing"}, "JobDefinition nothing does not exist"),
        ({"jobDefinition": "task:7"}, "JobDefinition task:7 does not exist"),
        ({"jobQueue": f"{ARN}compute-environment/here"}, "of a compute-environment, not of a job-queue"),
        ({"jobQueue": "arn:aws:s3:::bucket"}, "Invalid ARN"),
        ({"dependsOn": [{"jobId": str(each)} for each in range(21)]}, "Job cannot have more than 20 dependencies"),
        ({"dependsOn": [{"jobId": "nobody"}]}, "nobody that it depends on does not exist"),
        ({"arrayProperties": {"size": 1}}, "array size 1 is not between 2 and 10,000"),
        ({"shareIdentifier": "a"}, "can onlybe submitted to job queue with fair share"),
        ({"parameters": {"a": "x" * 48_000}}, "Job size must be less than 30 KiB, got 47 KiB"),
        (
            {"retryStrategy": {"evaluateOnExit": [{"action": "EXIT", "onReason": "*"}]}},
            "RetryAttempts must be provided",
        ),
        ({"containerOverrides": {"command": ["a", ""]}}, "empty string"),
        ({"containerOverrides": {"environment": [{"name": "AWS_BATCH_X", "value": ""}]}}, "AWS_BATCH"),
        ({"containerOverrides": {"command": ["Ref::nobody"]}}, "No parameter found for reference nobody"),
        ({"containerOverrides": {"resourceRequirements": [{"type": "VCPU", "value": "x"}]}}, "cannot be read"),
        ({"containerOverrides": {"resourceRequirements": [{"type": "DISK", "value": "1"}]}}, "type DISK is not one of"),
        ({"eksPropertiesOverride": {}}, "no Kubernetes"),
        ({"ecsPropertiesOverride": {"taskProperties": [{}]}}, "for job definitions with ecsProperties"),
        ({"tags": {"k": "v" * 257}}, "a value at most 256"),
    ],
)
def test_submissions_that_are_refused(ask, change, said):
    ask.batch("RegisterJobDefinition", **definition())
    with pytest.raises((RefusedError, JobError), match=said):
        ask.batch("SubmitJob", **{"jobName": "j", "jobQueue": "q", "jobDefinition": "task"} | change)
    assert ask.batch("ListJobs", jobQueue="q", filters=[{"name": "JOB_NAME", "values": ["*"]}])["jobSummaryList"] == []


@pytest.mark.parametrize("nodes", ["a:b", "0:1:2", "", "\u0661", "9" * 5000 + ":"])
def test_nodes_that_are_none_are_refused_when_they_are_overridden(ask, nodes):
    group = {"targetNodes": "0:", "container": {"image": "busybox", "command": ["true"], "vcpus": 1, "memory": 4}}
    ask.batch(
        "RegisterJobDefinition",
        jobDefinitionName="nodes",
        type="multinode",
        nodeProperties={"numNodes": 2, "mainNode": 0, "nodeRangeProperties": [group]},
    )
    change = {"nodePropertyOverrides": [{"targetNodes": nodes, "containerOverrides": {"command": ["false"]}}]}
    with pytest.raises(JobError, match="is not a node or a range of nodes"):
        ask.batch("SubmitJob", jobName="j", jobQueue="q", jobDefinition="nodes", nodeOverrides=change)


def test_overrides_that_are_too_long_fail_the_job(ask):
    told = ask.run(["true"], containerOverrides={"environment": [{"name": "A", "value": "x" * 9000}]})
    assert (told["status"], told["statusReason"]) == ("FAILED", "Container Overrides length must be at most 8192")


def test_a_definition_for_fargate_needs_fargate(ask):
    capable = {"platformCapabilities": ["FARGATE"]}
    ask.batch("RegisterJobDefinition", **definition("task", **capable))
    with pytest.raises(RefusedError, match="can not run Jobs with capability FARGATE"):
        ask.batch("SubmitJob", jobName="j", jobQueue="q", jobDefinition="task")
    ask.batch(
        "CreateComputeEnvironment",
        computeEnvironmentName="f",
        type="MANAGED",
        computeResources={"type": "FARGATE", "maxvCpus": 4, "subnets": []},
    )
    order = [{"order": 1, "computeEnvironment": "f"}]
    ask.batch("CreateJobQueue", jobQueueName="fq", priority=1, computeEnvironmentOrder=order)
    assert ask.batch("DescribeJobQueues", jobQueues=["fq"])["jobQueues"][0]["jobQueueType"] == "ECS_FARGATE"
    job = ask.submit(["sh", "-c", "test $AWS_EXECUTION_ENV = AWS_ECS_FARGATE"], "fq", capable)
    ask.wait(job)
    told = ask.job(job)
    assert (told["status"], told["platformCapabilities"]) == ("SUCCEEDED", ["FARGATE"])
    ask.batch("RegisterJobDefinition", **definition("plain"))
    with pytest.raises(RefusedError, match="can not run Jobs with capability EC2"):
        ask.batch("SubmitJob", jobName="j", jobQueue="fq", jobDefinition="plain")


def test_a_disabled_queue_and_an_inactive_definition_take_no_jobs(ask):
    ask.batch("RegisterJobDefinition", **definition())
    ask.batch("UpdateJobQueue", jobQueue="q", state="DISABLED")
    with pytest.raises(JobError, match="DISABLED"):
        ask.batch("SubmitJob", jobName="j", jobQueue="q", jobDefinition="task")
    ask.batch("DeregisterJobDefinition", jobDefinition="task:1")
    with pytest.raises(JobError, match="no ACTIVE revision"):
        ask.batch("SubmitJob", jobName="j", jobQueue="q", jobDefinition="task")


def test_at_most_a_hundred_are_described(ask):
    with pytest.raises(RefusedError, match="Maximum number of jobs supported is  100"):
        ask.batch("DescribeJobs", jobs=[str(each) for each in range(101)])
    assert ask.batch("DescribeJobs", jobs=["nobody"]) == {"jobs": []}


def test_cancel_and_terminate(ask):
    running = ask.submit(["sleep", "60"])
    ask.await_status(running, "RUNNING")
    assert ask.job(running)["container"]["logStreamName"]
    waiting = ask.submit(["true"], dependsOn=[{"jobId": running}])
    ask.batch("CancelJob", jobId=running, reason="no")
    ask.batch("CancelJob", jobId=waiting, reason="not needed")
    assert ask.job(running)["status"] == "RUNNING"
    assert (ask.job(running)["isCancelled"], ask.job(waiting)["status"]) == (True, "PENDING")
    ask.batch("TerminateJob", jobId=running, reason="enough")
    ask.wait(running, waiting)
    told = ask.job(running)
    assert (told["status"], told["isTerminated"]) == ("FAILED", True)
    assert ask.job(waiting)["status"] == "FAILED"
    ask.batch("TerminateJob", jobId="nobody", reason="any")
    for operation in ("CancelJob", "TerminateJob"):
        with pytest.raises(RefusedError, match="jobId must not be empty"):
            ask.batch(operation, jobId="", reason="any")
        with pytest.raises(JobError, match="1 to 1024"):
            ask.batch(operation, jobId=running, reason="")


def test_many_at_once(ask):
    ask.batch("UpdateComputeEnvironment", computeEnvironment="here", state="DISABLED")
    jobs = [ask.submit(["true"]) for _ in range(4)]
    told = ask.batch("CancelJobs", jobs=[*jobs[:2], "nobody", ""], reason="no")
    assert told["successful"] == [*jobs[:2], "nobody"]
    assert told["errors"] == [{"job": "", "code": "ClientException", "message": "jobId must not be empty"}]
    assert ask.batch("TerminateJobs", jobs=jobs[2:], reason="no") == {"successful": jobs[2:], "errors": []}
    assert {ask.job(each)["statusReason"] for each in jobs} == {"no"}
    for operation in ("CancelJobs", "TerminateJobs"):
        with pytest.raises(RefusedError, match="50, got 51"):
            ask.batch(operation, jobs=["j"] * 51, reason="no")
