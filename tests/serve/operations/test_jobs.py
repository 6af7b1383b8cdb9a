"""Jobs from their submission to their end over the API."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from sweep.errors import JobError
from sweep.serve.dispatch import Dispatcher
from sweep.serve.operations import OPERATIONS
from sweep.serve.refusal import RefusedError
from sweep.serve.wire.messages import Asked
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


NO_VCPUS = ("x", "1e308", "nan", "inf", "-1", "0x2", "1_0", " 1", "1.", "\u0661", "")
NO_WHOLES = ("x", "1e3", "nan", "1.5", "-1", "1_0", " 64", "9" * 5000, "")


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
        *(
            (
                {"containerOverrides": {"resourceRequirements": [{"type": kind, "value": value}]}},
                f"{kind} value '{value}",
            )
            for kind, values in (("VCPU", NO_VCPUS), ("MEMORY", NO_WHOLES), ("GPU", NO_WHOLES))
            for value in values
        ),
        (
            {"containerOverrides": {"resourceRequirements": [{"type": "VCPU", "value": "0.5"}]}},
            "VCPU value 0.5 is not a",
        ),
        ({"containerOverrides": {"command": ["a", "b\0c"]}}, "command: 'b.*holds a NUL"),
        ({"containerOverrides": {"environment": [{"name": "A", "value": "b\0c"}]}}, "environment A: 'b.*holds a NUL"),
        ({"parameters": {"p": "b\0c"}}, "parameters p: 'b.*holds a NUL"),
        ({"containerOverrides": {"resourceRequirements": [{"type": "DISK", "value": "1"}]}}, "type DISK is not one of"),
        ({"eksPropertiesOverride": {}}, "no Kubernetes"),
        *(
            ({"consumableResourcePropertiesOverride": {"consumableResourceList": [some]}}, f"{name} is missing in the")
            for name, some in (("quantity", {"consumableResource": "r"}), ("consumableResource", {"quantity": 1}))
        ),
        ({"ecsPropertiesOverride": {"taskProperties": [{}]}}, "for job definitions with ecsProperties"),
        ({"tags": {"k": "v" * 257}}, "a value at most 256"),
    ],
)
def test_submissions_that_are_refused(ask, change, said):
    ask.batch("RegisterJobDefinition", **definition())
    with pytest.raises((RefusedError, JobError), match=said[:80]):
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


def test_no_tags_are_taken_as_aws_takes_them(ask):
    answers = Dispatcher(ask.desk, OPERATIONS)
    ask.batch("RegisterJobDefinition", **definition())
    told = {"jobName": "j", "jobQueue": "q", "jobDefinition": "task", "tags": {}}
    answer = answers.answer(Asked("POST", "/v1/submitjob", body=json.dumps(told).encode()))
    assert answer.status == 200, answer.body
    assert "tags" not in ask.job(json.loads(answer.body)["jobId"])
    arn = quote(f"{ARN}job-queue/q", safe="")
    assert answers.answer(Asked("POST", f"/v1/tags/{arn}", body=b'{"tags": {}}')).status == 400


LONG = "x" * 20_000


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("SubmitJob", {"jobName": LONG}),
        ("SubmitJob", {"jobQueue": LONG}),
        ("SubmitJob", {"jobQueue": f"{ARN}{LONG}/q"}),
        ("SubmitJob", {"jobDefinition": LONG}),
        ("SubmitJob", {"jobDefinition": f"task:{LONG}"}),
        ("SubmitJob", {"dependsOn": [{"jobId": LONG}]}),
        ("SubmitJob", {"shareIdentifier": LONG}),
        ("SubmitJob", {"containerOverrides": {"environment": [{"name": f"{LONG} ", "value": ""}]}}),
        ("SubmitJob", {"containerOverrides": {"environment": [{"name": f"AWS_BATCH{LONG}", "value": ""}]}}),
        ("SubmitJob", {"containerOverrides": {"command": [f"Ref::{LONG}"]}}),
        ("SubmitJob", {"containerOverrides": {"command": [f"{LONG}\0"]}}),
        ("SubmitJob", {"containerOverrides": {"resourceRequirements": [{"type": LONG, "value": "1"}]}}),
        ("SubmitJob", {"containerOverrides": {"resourceRequirements": [{"type": "VCPU", "value": LONG}]}}),
        (
            "SubmitJob",
            {
                "consumableResourcePropertiesOverride": {
                    "consumableResourceList": [{"consumableResource": LONG, "quantity": 1}]
                }
            },
        ),
        ("RegisterJobDefinition", {"jobDefinitionName": LONG}),
        ("RegisterJobDefinition", {"tags": {"sweep.runtime": LONG}}),
        (
            "RegisterJobDefinition",
            {"retryStrategy": {"attempts": 1, "evaluateOnExit": [{"action": LONG, "onReason": "*"}]}},
        ),
        (
            "RegisterJobDefinition",
            {"retryStrategy": {"attempts": 1, "evaluateOnExit": [{"action": "EXIT", "onExitCode": LONG}]}},
        ),
        ("DeregisterJobDefinition", {"jobDefinition": LONG}),
        ("DeregisterJobDefinition", {"jobDefinition": f"{LONG}:1"}),
        ("ListJobs", {"jobQueue": LONG}),
        ("ListJobs", {"jobQueue": "q", "jobStatus": LONG}),
        ("ListJobs", {"jobQueue": "q", "nextToken": LONG}),
        ("ListJobs", {"jobQueue": "q", "filters": [{"name": LONG, "values": ["a"]}]}),
        ("ListTagsForResource", {"resourceArn": LONG}),
        ("ListTagsForResource", {"resourceArn": f"{ARN}{LONG}/x"}),
        ("ListTagsForResource", {"resourceArn": f"{ARN}job/{LONG}"}),
        ("DeleteJobQueue", {"jobQueue": LONG}),
        ("DeleteComputeEnvironment", {"computeEnvironment": LONG}),
        ("DeleteSchedulingPolicy", {"arn": LONG}),
        ("DeleteConsumableResource", {"consumableResource": LONG}),
        ("UpdateSchedulingPolicy", {"arn": LONG}),
        ("CreateConsumableResource", {"consumableResourceName": "r", "resourceType": LONG}),
        ("CreateComputeEnvironment", {"computeEnvironmentName": LONG, "type": "UNMANAGED"}),
        (
            "CreateComputeEnvironment",
            {"computeEnvironmentName": "e", "type": "UNMANAGED", "tags": {"sweep.gpus": LONG}},
        ),
        (
            "CreateJobQueue",
            {"jobQueueName": "n", "priority": 1, "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": LONG}]},
        ),
        ("GetJobQueueSnapshot", {"jobQueue": LONG}),
    ],
)
def test_a_refusal_does_not_repeat_all_of_a_long_value(ask, operation, request_):
    known = {
        "SubmitJob": {"jobName": "j", "jobQueue": "q", "jobDefinition": "task"},
        "RegisterJobDefinition": definition(),
    }
    ask.batch("RegisterJobDefinition", **definition())
    with pytest.raises((RefusedError, JobError)) as refused:
        OPERATIONS["batch"][operation](ask.desk, known.get(operation, {}) | request_)
    assert LONG[:20] in str(refused.value) or "characters" in str(refused.value)
    assert len(str(refused.value)) < 400
