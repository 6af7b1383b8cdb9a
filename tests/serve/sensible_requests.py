"""Requests that make sense to an engine, but for one thing: of the model's values chance seldom makes any that come past the first check.

    python -m tests.serve.sensible_requests --examples 20000 --seed 7

registers definitions of every kind, submits jobs of them and makes compute environments, each with one mutation, and has told what was taken.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import tempfile
from collections import Counter
from pathlib import Path

from sweep.serve.dispatch import Dispatcher
from sweep.serve.settling import Settling
from sweep.serve.wire.messages import Asked
from tests.serve.requests_from_model import idle_desk

ODD = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        2,
        1.5,
        2**31 - 1,
        2**31,
        2**63 - 1,
        2**63,
        1e308,
        {},
        [],
        [None],
        [{}],
        {"a": None},
    ),
    *(
        "",
        "0",
        "-1",
        "1",
        "nan",
        "1e308",
        "0.25",
        "9" * 400,
        "Ref::p",
        "Ref::none",
        "Ref::",
        "*",
        "a*",
        "\0",
        "a\0b",
        "\ud7ff",
        "\U0001f600",
    ),
    *(
        "x" * 129,
        "x" * 5000,
        "x" * 40_000,
        ".hidden",
        "a b",
        "a:1",
        "def:1",
        "def:0",
        "def:99999999999",
        "arn:aws:batch:::job-definition/def",
    ),
    *(
        "arn:aws:batch:r:a:job-queue/fair",
        "0:",
        ":",
        ":0",
        "1:0",
        "0:0",
        "5:",
        "0:1:2",
        "container",
        "host",
        "FARGATE",
        "EC2",
        "N_TO_N",
    ),
    *(
        "SEQUENTIAL",
        "RETRY",
        "exit",
        "DISABLED",
        "GPU",
        "MEMORY",
        "VCPU",
        "c",
        "token",
        "AWS_BATCH_X",
        "A=B",
        "2024-01-01",
    ),
)
NEEDS = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}]
RETRY = {
    "attempts": 3,
    "evaluateOnExit": [
        {"action": "RETRY", "onExitCode": "13*", "onReason": "a*"},
        {"action": "EXIT", "onStatusReason": "*"},
    ],
}


def container():
    return {
        "image": "busybox",
        "command": ["echo", "Ref::p"],
        "environment": [{"name": "A", "value": "1"}],
        "resourceRequirements": copy.deepcopy(NEEDS),
        "volumes": [{"name": "v", "host": {"sourcePath": "/v"}}],
        "mountPoints": [{"containerPath": "/v", "sourceVolume": "v"}],
        "ulimits": [{"hardLimit": 1, "name": "nofile", "softLimit": 1}],
        "logConfiguration": {"logDriver": "awslogs", "options": {"a": "b"}},
    }


def tasks():
    one = {**container(), "name": "main", "essential": True, "dependsOn": []}
    return {"taskProperties": [{"containers": [one], "volumes": one.pop("volumes"), "platformVersion": "LATEST"}]}


def nodes(*parts):
    ranges = [{"targetNodes": nodes, **part} for nodes, part in zip(("0:", "1:1"), parts, strict=False)]
    ranges[0]["consumableResourceProperties"] = consuming()
    return {"numNodes": 3, "mainNode": 0, "nodeRangeProperties": ranges}


def consuming():
    return {"consumableResourceList": [{"consumableResource": "token", "quantity": 1}]}


def definition(chance):
    """Make a definition of one of the kinds that there are."""
    kinds = (
        {"type": "container", "containerProperties": container(), "consumableResourceProperties": consuming()},
        {"type": "container", "containerProperties": {"image": "i", "vcpus": 2, "memory": 64, "command": ["true"]}},
        {"type": "container", "ecsProperties": tasks()},
        {"type": "container", "containerProperties": container(), "platformCapabilities": ["FARGATE"]},
        {"type": "multinode", "nodeProperties": nodes({"container": container()}, {"container": container()})},
        {"type": "multinode", "nodeProperties": nodes({"ecsProperties": tasks()})},
    )
    return {
        "jobDefinitionName": "def",
        "parameters": {"p": "1"},
        "retryStrategy": copy.deepcopy(RETRY),
        "timeout": {"attemptDurationSeconds": 60},
        "schedulingPriority": 1,
        "propagateTags": True,
        "tags": {"a": "b"},
        **chance.choice(kinds),
    }


def submission(chance, kind, earlier):
    """Make a submission for a definition of a kind, maybe of an array and after earlier jobs."""
    made = {
        "jobName": "job",
        "jobQueue": "fair" if chance.random() < 0.3 else "default",
        "jobDefinition": "def",
        "parameters": {"p": "2"},
        "retryStrategy": copy.deepcopy(RETRY),
        "timeout": {"attemptDurationSeconds": 90},
        "tags": {"c": "d"},
        "propagateTags": False,
    }
    override = {
        "command": ["echo", "Ref::p"],
        "environment": [{"name": "B", "value": "2"}],
        "resourceRequirements": NEEDS,
    }
    if made["jobQueue"] == "fair":
        made |= {"shareIdentifier": "s", "schedulingPriorityOverride": 2}
    if "nodeProperties" in kind:
        made["nodeOverrides"] = {
            "numNodes": 3,
            "nodePropertyOverrides": [{"targetNodes": "0:", "containerOverrides": override}],
        }
    elif "ecsProperties" in kind:
        containers = [{"name": "main", **override}]
        made["ecsPropertiesOverride"] = {"taskProperties": [{"containers": containers}]}
    else:
        made["containerOverrides"] = override
        made["consumableResourcePropertiesOverride"] = consuming()
    if "nodeProperties" not in kind and chance.random() < 0.5:
        made |= {"arrayProperties": {"size": 3}, "dependsOn": [{"type": "SEQUENTIAL"}]}
    if earlier and chance.random() < 0.5:
        made["dependsOn"] = [
            *made.get("dependsOn", ()),
            {"jobId": chance.choice(earlier), "type": chance.choice(("N_TO_N", "SEQUENTIAL"))},
        ]
    return copy.deepcopy(made)


def environment(chance, number):
    """Make a compute environment of one of the kinds that there are."""
    resources = {
        "type": chance.choice(("EC2", "SPOT")),
        "maxvCpus": 4,
        "minvCpus": 0,
        "desiredvCpus": 1,
        "subnets": ["subnet-1"],
        "instanceTypes": ["optimal"],
        "ec2Configuration": [{"imageType": "ECS_AL2"}],
        "launchTemplate": {"launchTemplateId": "lt", "version": "$Latest"},
        "tags": {"a": "b"},
        "bidPercentage": 50,
    }
    kinds = (
        {"type": "MANAGED", "computeResources": resources},
        {
            "type": "MANAGED",
            "computeResources": {"type": "FARGATE", "maxvCpus": 4, "subnets": [], "securityGroupIds": []},
        },
        {"type": "UNMANAGED", "unmanagedvCpus": 4, "tags": {"sweep.gpus": "1", "sweep.memory": "1000"}},
    )
    return {"computeEnvironmentName": f"e{number}", "state": "ENABLED", "serviceRole": "r", **chance.choice(kinds)}


def mutated(chance, value):
    """Return a value with one thing in it that is gone, there twice, or something else."""
    places = list(_places(value, ()))
    changed, path = copy.deepcopy(value), chance.choice(places)
    place = changed
    for each in path[:-1]:
        place = place[each]
    last, kind = path[-1], chance.random()
    if kind < 0.15:
        del place[last]
    elif kind < 0.25 and isinstance(place, list):
        place += [copy.deepcopy(place[last])] * chance.choice((1, 30))
    elif kind < 0.35 and isinstance(place, dict):
        place[str(chance.choice(ODD))] = place.pop(last)
    elif kind < 0.5:
        found = value
        for each in chance.choice(places):
            found = found[each]
        place[last] = copy.deepcopy(found)
    else:
        place[last] = copy.deepcopy(chance.choice(ODD))
    return changed


def _places(value, path):
    if path:
        yield path
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _places(each, (*path, key))


class Asker:
    """Sends requests; keeps those whose answers break the promise that a client's mistake is told as one."""

    def __init__(self, desk) -> None:
        from sweep.serve.operations import OPERATIONS

        self.came, self.broken, self.reports = Counter(), [], []
        self._dispatcher = Dispatcher(desk, OPERATIONS, report=self.reports.append)

    def __call__(self, operation, **request):
        body = json.dumps(request).encode()
        answer = self._dispatcher.answer(Asked("POST", f"/v1/{operation.lower()}", body=body))
        self.came[operation, answer.status] += 1
        told = json.loads(answer.body)
        if answer.status >= 500 or (answer.status != 200 and not 0 < len(told.get("message", "")) < 4000):
            self.broken.append((operation, request, told, self.reports[-1:]))
        return told if answer.status == 200 else None


def furnish(ask):
    """Make what is referred to."""
    ask("CreateSchedulingPolicy", name="policy", fairsharePolicy={"shareDecaySeconds": 60, "computeReservation": 10})
    order = [{"order": 1, "computeEnvironment": "local"}]
    policy = "arn:aws:batch:us-east-1:123456789012:scheduling-policy/policy"
    ask("CreateJobQueue", jobQueueName="fair", priority=1, computeEnvironmentOrder=order, schedulingPolicyArn=policy)
    ask("CreateConsumableResource", consumableResourceName="token", totalQuantity=2)
    assert not ask.broken


def one_round(ask, chance, number, earlier):
    """Register, submit and make; then have told what was taken."""
    kind = definition(chance)
    registered = ask("RegisterJobDefinition", **(kind if chance.random() < 0.5 else mutated(chance, kind)))
    if registered is not None:
        ask("DescribeJobDefinitions", jobDefinitions=[registered["jobDefinitionArn"]])
        made = {**submission(chance, kind, earlier), "jobDefinition": registered["jobDefinitionArn"]}
        submitted = ask("SubmitJob", **(made if chance.random() < 0.3 else mutated(chance, made)))
        if submitted is not None:
            earlier[:] = [*earlier[-20:], submitted["jobId"]]
            ask("DescribeJobs", jobs=[submitted["jobId"], f"{submitted['jobId']}:1", f"{submitted['jobId']}#1"])
            ask("ListJobs", arrayJobId=submitted["jobId"], jobStatus="PENDING")
            ask("ListJobs", multiNodeJobId=submitted["jobId"], jobStatus="RUNNABLE")
            ask("TerminateJob", jobId=submitted["jobId"], reason="enough")
    asked = mutated(chance, environment(chance, number))
    if ask("CreateComputeEnvironment", **asked) is not None:
        name = asked["computeEnvironmentName"]
        ask("DescribeComputeEnvironments", computeEnvironments=[name])
        ask("UpdateComputeEnvironment", **mutated(chance, {"computeEnvironment": name, "state": "DISABLED"}))
    if number % 100 == 0:
        for queue in ("default", "fair"):
            ask("GetJobQueueSnapshot", jobQueue=queue)
            ask("ListJobs", jobQueue=queue, jobStatus="FAILED")


def main():
    """Send many."""
    options = argparse.ArgumentParser()
    options.add_argument("--examples", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    chance, earlier = random.Random(given.seed), []
    with tempfile.TemporaryDirectory() as folder, idle_desk(Path(folder)) as desk:
        desk.settling = Settling(span=0.0)
        ask = Asker(desk)
        furnish(ask)
        number = 0
        while sum(ask.came.values()) < given.examples:
            number += 1
            one_round(ask, chance, number, earlier)
    for (operation, status), count in sorted(ask.came.items()):
        print(f"{operation:32} {status}  {count:,}")
    for each in ask.broken:
        print(*each, sep="\n", end="\n\n")
    raise SystemExit(bool(ask.broken))


if __name__ == "__main__":
    main()
