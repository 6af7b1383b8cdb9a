"""What is asked of AWS Batch, in which order; and that a dry run says so before."""

from __future__ import annotations

import json

import boto3
import pytest

from sweep.load import load_sweep
from sweep.store import open_store
from sweep.submit.batch import Batch
from sweep.submit.options import Containers, Target
from sweep.submit.order import Order
from sweep.submit.sending import submit as send
from tests.submit.rig import last_record, requests_of, submit, sweep

OPTIONS = {"vcpus": 4, "memory": 4096, "gpus": 1, "timeout": 600, "attempts": 3}
FLAGS = [
    *("--vcpus", "4", "--memory", "4096", "--gpus", "1", "--timeout", "600", "--attempts", "3"),
    *("--job-role", "arn:aws:iam::123456789012:role/job", "--execution-role", "arn:aws:iam::123456789012:role/run"),
    *("--share-identifier", "night", "--priority", "7", "--tag", "team=radar", "--env", "OMP_NUM_THREADS=1"),
]


def listening(batch: Batch) -> list[dict]:
    """Record the calls that botocore makes, by its own events."""
    calls: list[dict] = []

    def hear(params, model, **_):
        calls.append({"service": "batch", "operation": model.name, "parameters": dict(params)})

    batch._client.meta.events.register("provide-client-params.batch.*", hear)
    return calls


def call(queue: str, store: str, shards: int, containers: Containers) -> list[dict]:
    swept = load_sweep("study.py")
    order = Order(
        "study.py", swept.kernel, swept.plan(source="study.py"), swept.data, open_store(store), containers, shards
    )
    batch = Batch(Target(queue))
    calls = listening(batch)
    send(order, batch)
    return calls


def filled(text: str, store: str, revision: int) -> list[dict]:
    """Put what AWS answered in place of what stands for it."""
    record = last_record(store)
    for number, id_ in enumerate(record.ids, 1):
        text = text.replace(f"${{job {number}}}", id_)
    text = text.replace("${submission}", record.name)
    return json.loads(text.replace("${revision}", str(revision)))


@pytest.mark.parametrize("shards", [1, 3])
def test_a_dry_run_says_what_is_called(here, store, queue, shards):
    told = submit(
        "study.py",
        store,
        queue,
        "--dry-run",
        "--shards",
        shards,
        "--image",
        f"dry:{shards}",
        *FLAGS,
        AWS_ACCESS_KEY_ID="",
        AWS_PROFILE="",
    )
    assert list(open_store(store).list()) == []
    containers = Containers(
        f"dry:{shards}",  # of which there is no definition yet
        **OPTIONS,
        job_role="arn:aws:iam::123456789012:role/job",
        execution_role="arn:aws:iam::123456789012:role/run",
        share="night",
        priority=7,
        tags={"team": "radar"},
        environment=json_environment(told),
    )
    calls = call(queue, store, shards, containers)
    revision = int(last_record(store).definition.rpartition(":")[2])
    assert calls == filled(told, store, revision)
    operations = [each["operation"] for each in calls]
    assert operations == ["DescribeJobQueues", "DescribeJobDefinitions", "RegisterJobDefinition", *["SubmitJob"] * 3]


def json_environment(told: str) -> dict[str, str]:
    register = next(each for each in json.loads(told) if each["operation"] == "RegisterJobDefinition")
    return {each["name"]: each["value"] for each in register["parameters"]["containerProperties"]["environment"]}


def test_the_three_jobs(here, store, queue):
    map_, reduce, merge = [each["parameters"] for each in requests_of("study.py", store, queue, "--shards", "3")[3:]]
    assert [each["jobName"].rpartition("-")[2] for each in (map_, reduce, merge)] == ["map", "reduce", "merge"]
    assert [each.get("arrayProperties") for each in (map_, reduce, merge)] == [{"size": 3}, {"size": 3}, None]
    assert "dependsOn" not in map_
    assert reduce["dependsOn"] == [{"jobId": "${job 1}", "type": "N_TO_N"}]
    assert merge["dependsOn"] == [{"jobId": "${job 2}"}]
    plan = json.loads(sweep("plan", "study.py"))
    assert {each["tags"]["sweep.plan"] for each in (map_, reduce, merge)} == {plan["hash"]}
    assert map_["jobName"] == f"throw-{plan['hash'][:8]}-map"


def test_one_shard_is_no_array(here, store, queue):
    jobs = [each["parameters"] for each in requests_of("study.py", store, queue, "--shards", "1")[3:]]
    assert [each.get("arrayProperties") for each in jobs] == [None, None, None]
    assert jobs[1]["dependsOn"] == [{"jobId": "${job 1}"}]


def test_what_is_registered(here, store, queue):
    register = requests_of("study.py", store, queue, "--shards", "1", *FLAGS)[2]["parameters"]
    assert register["retryStrategy"] == {
        "attempts": 3,
        "evaluateOnExit": [
            {"onStatusReason": "Host EC2*", "action": "RETRY"},
            {"onReason": "*", "action": "EXIT"},
        ],
    }
    container = register["containerProperties"]
    assert container["resourceRequirements"] == [
        {"type": "VCPU", "value": "4"},
        {"type": "MEMORY", "value": "4096"},
        {"type": "GPU", "value": "1"},
    ]
    assert {"name": "OMP_NUM_THREADS", "value": "1"} in container["environment"]
    assert not any("KEY" in each["name"] or "TOKEN" in each["name"] for each in container["environment"])


def test_a_definition_is_registered_once(here, queue, bucket):
    """Another memory is another revision; what is there already is used again, also when it is not the latest."""
    used = []
    for number, memory in enumerate((512, 1024, 512)):
        store = f"s3://{bucket}/{number}"
        submit("study.py", store, queue, "--shards", "2", "--memory", memory, "--image", "once:1")
        used.append(last_record(store).definition)
    assert used[0] == used[2] != used[1]
    told = boto3.client("batch").describe_job_definitions(jobDefinitionName="sweep-throw")["jobDefinitions"]
    assert len([each for each in told if each["containerProperties"]["image"] == "once:1"]) == 2


def test_the_code_is_written_once(here, queue, bucket, store):
    submit("study.py", store, queue, "--shards", "2")
    first = [each.key for each in open_store(store).list("code/")]
    submit("study.py", store, queue, "--shards", "2", "--trials", "30_000")
    assert [each.key for each in open_store(store).list("code/")] == first
    assert len(first) == 1
