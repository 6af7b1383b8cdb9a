"""Job definitions over the API."""

from __future__ import annotations

import pytest

from sweep.errors import JobError
from sweep.serve.refusal import RefusedError
from tests.serve.operations.conftest import definition

ARN = "arn:aws:batch:eu-central-1:111122223333:job-definition/"


def register(ask, name="task", **options):
    return ask.batch("RegisterJobDefinition", **definition(name, **options))


def described(ask, **request):
    return ask.batch("DescribeJobDefinitions", **request)["jobDefinitions"]


def test_revisions_count_from_one_and_are_not_given_again(empty):
    assert register(empty) == {"jobDefinitionName": "task", "jobDefinitionArn": f"{ARN}task:1", "revision": 1}
    assert register(empty)["revision"] == 2
    empty.batch("DeregisterJobDefinition", jobDefinition=f"{ARN}task:2")
    assert register(empty)["revision"] == 3
    assert [each["status"] for each in described(empty)] == ["ACTIVE", "INACTIVE", "ACTIVE"]
    assert [each["revision"] for each in described(empty, status="INACTIVE")] == [2]


def test_what_was_registered_is_told_with_the_lists_that_were_left_out(empty):
    given = {
        "jobRoleArn": "arn:aws:iam::111122223333:role/me",
        "volumes": [{"name": "data", "host": {"sourcePath": "/data"}}],
        "mountPoints": [{"containerPath": "/data", "sourceVolume": "data", "readOnly": True}],
        "logConfiguration": {"logDriver": "awslogs"},
        "privileged": False,
    }
    register(
        empty,
        container=given,
        parameters={"a": "1"},
        retryStrategy={"attempts": 2, "evaluateOnExit": [{"action": "EXIT", "onExitCode": "3*"}]},
        timeout={"attemptDurationSeconds": 90},
        schedulingPriority=7,
        propagateTags=True,
        platformCapabilities=["EC2"],
        tags={"who": "me"},
    )
    (told,) = described(empty, jobDefinitions=["task:1"])
    assert told["jobDefinitionArn"] == f"{ARN}task:1"
    container = told["containerProperties"]
    assert container["image"] == "busybox"
    assert {name: container[name] for name in given} == given
    assert container["environment"] == container["secrets"] == container["ulimits"] == []
    assert told["retryStrategy"] == {"attempts": 2, "evaluateOnExit": [{"action": "exit", "onExitCode": "3*"}]}
    assert (told["timeout"], told["schedulingPriority"]) == ({"attemptDurationSeconds": 90}, 7)
    assert (told["propagateTags"], told["platformCapabilities"]) == (True, ["EC2"])
    assert (told["parameters"], told["tags"]) == ({"a": "1"}, {"who": "me"})


def test_the_older_members_are_told_as_they_were_given(empty):
    container = {"image": "i", "vcpus": 2, "memory": 100}
    empty.batch("RegisterJobDefinition", jobDefinitionName="old", type="container", containerProperties=container)
    (told,) = described(empty, jobDefinitionName="old")
    assert (told["containerProperties"]["vcpus"], told["containerProperties"]["memory"]) == (2, 100)
    assert told["containerProperties"]["resourceRequirements"] == []


def test_nodes_are_told_as_they_were_given(empty):
    nodes = {
        "numNodes": 2,
        "mainNode": 0,
        "nodeRangeProperties": [{"targetNodes": "0:", "container": {"image": "i", "vcpus": 1, "memory": 64}}],
    }
    empty.batch("RegisterJobDefinition", jobDefinitionName="many", type="multinode", nodeProperties=nodes)
    (told,) = described(empty)
    assert told["type"] == "multinode"
    assert told["nodeProperties"]["numNodes"] == 2
    assert told["nodeProperties"]["nodeRangeProperties"][0]["targetNodes"] == "0:"
    assert told["nodeProperties"]["nodeRangeProperties"][0]["container"]["command"] == []


def test_pages_of_one_name(empty):
    for _ in range(5):
        register(empty)
    register(empty, "tusk")
    first = empty.batch("DescribeJobDefinitions", jobDefinitionName="task", maxResults=3)
    rest = empty.batch("DescribeJobDefinitions", jobDefinitionName="task", maxResults=3, nextToken=first["nextToken"])
    assert [each["revision"] for each in first["jobDefinitions"] + rest["jobDefinitions"]] == [5, 4, 3, 2, 1]
    assert "nextToken" not in rest


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"containerProperties": {"vcpus": 1, "memory": 4}}, "image must be provided"),
        ({"containerProperties": {"image": "i", "memory": 4}}, "resourceRequirements of type VCPU"),
        ({"containerProperties": {"image": "i", "vcpus": 1}}, "resourceRequirements of type MEMORY"),
        ({"type": "multinode"}, "does not fit"),
        ({"eksProperties": {}}, "no Kubernetes"),
        (
            {"retryStrategy": {"evaluateOnExit": [{"action": "EXIT", "onReason": "*"}]}},
            "RetryAttempts must be provided",
        ),
        ({"timeout": {"attemptDurationSeconds": -1}}, "attemptDurationSeconds"),
        ({"jobDefinitionName": "no name"}, "no name"),
        ({"parameters": {"a": "x" * 25_000}}, "must be less than 24 KiB, got 25 KiB"),
    ],
)
def test_what_is_refused(empty, change, said):
    with pytest.raises((RefusedError, JobError), match=said):
        empty.batch("RegisterJobDefinition", **{**definition(), **change})
    assert described(empty) == []


def test_a_revision_must_be_named_and_known_to_be_deregistered(empty):
    register(empty)
    for revision in ("", ":", ":x", ":\u0661", ":" + "9" * 5000):
        with pytest.raises(RefusedError, match="names no revision"):
            empty.batch("DeregisterJobDefinition", jobDefinition=f"task{revision}")
    with pytest.raises(JobError, match="task:2 does not exist"):
        empty.batch("DeregisterJobDefinition", jobDefinition="task:2")


@pytest.mark.parametrize(
    ("container", "said"),
    [
        ({"command": ["a\0b"]}, "command: 'a.*holds a NUL"),
        ({"image": "a\0b"}, "image: 'a.*holds a NUL"),
        ({"environment": [{"name": "A", "value": "\0"}]}, "environment A: .*holds a NUL"),
        ({"environment": [{"name": "A\0", "value": ""}]}, "is no name"),
        ({"resourceRequirements": [{"type": "VCPU", "value": "1e308"}]}, "VCPU value '1e308' is no number of vCPUs"),
        ({"resourceRequirements": [{"type": "VCPU", "value": "nan"}]}, "VCPU value 'nan' is no number of vCPUs"),
        (
            {"resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "1e3"}]},
            "MEMORY value '1e3'",
        ),
        (
            {"resourceRequirements": [{"type": "VCPU", "value": "0.5"}]},
            "VCPU value 0.5 is not a whole number from 1 on, as EC2",
        ),
        ({"vcpus": 0, "resourceRequirements": []}, "VCPU"),
        ({"vcpus": -3, "resourceRequirements": []}, "VCPU value '-3'"),
    ],
)
def test_containers_that_are_refused(empty, container, said):
    told = {"memory": 64} | container
    with pytest.raises((RefusedError, JobError), match=said):
        register(empty, container=told)
    with pytest.raises((RefusedError, JobError), match=said):
        empty.batch("RegisterJobDefinition", **multinode({**definition()["containerProperties"], **told}))
    assert described(empty) == []


def multinode(container, **options):
    group = {"targetNodes": "0:", "container": container}
    nodes = {"numNodes": 2, "mainNode": 0, "nodeRangeProperties": [group]}
    return {"jobDefinitionName": "nodes", "type": "multinode", "nodeProperties": nodes, **options}


def test_fargate_has_parts_of_vcpus_and_only_some(empty):
    def needing(vcpus):
        needs = [{"type": "VCPU", "value": vcpus}, {"type": "MEMORY", "value": "512"}]
        register(empty, container={"resourceRequirements": needs}, platformCapabilities=["FARGATE"])

    needing("0.25")
    with pytest.raises(
        RefusedError, match=r"VCPU value 0\.3 is not one of 0\.25, 0\.5, 1, 2, 4, 8, 16, 32, as FARGATE"
    ):
        needing("0.3")


def test_nodes_are_not_run_in_containers_and_a_task_has_one_container(empty):
    one = {
        "image": "i",
        "name": "a",
        "resourceRequirements": definition()["containerProperties"]["resourceRequirements"],
    }
    with pytest.raises(JobError, match=r"tag sweep\.runtime=container: nodes are run on the host"):
        empty.batch(
            "RegisterJobDefinition",
            **multinode({"image": "i", "vcpus": 1, "memory": 64}, tags={"sweep.runtime": "container"}),
        )
    tasks = {"taskProperties": [{"containers": [one, {**one, "name": "b"}]}]}
    with pytest.raises(RefusedError, match="ecsProperties: 2 containers in a task; a job is one command here"):
        empty.batch("RegisterJobDefinition", jobDefinitionName="two", type="container", ecsProperties=tasks)
    assert described(empty) == []
