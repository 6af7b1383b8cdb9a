"""What is submitted, as plain data."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep.child.task import Task
from sweep.child.work import Range, Work, ranges_of, shard_at
from sweep.errors import CorruptError, UsageError
from sweep.submit.definition import definition_of, is_same
from sweep.submit.options import Containers
from sweep.submit.requests import check_sizes, jobs_of, request_of

PLAN = json.dumps({"hash": "ab" * 32, "kernel": {"name": "radar (v2)"}})
PLAIN = Containers("image:1")


def requests(work: Work, store: str = "s3://bucket/x", containers: Containers = PLAIN) -> list[dict]:
    jobs = jobs_of(work, store, containers)
    ids = [f"id-{i}" for i in range(len(jobs))]
    return [request_of(each, ids, "q", "d:1", containers) for each in jobs]


def test_what_was_left_is_reduced_beside_the_rest():
    """Up to 10,000 a job; the merge waits for all reductions."""
    told = requests(Work(PLAN, "c", (Range(2, 0, 4),), (Range(1, 0, 12_000),)))
    assert [each.get("arrayProperties", {}).get("size") for each in told] == [4, 4, 10_000, 2_000, None]
    assert [each["jobName"] for each in told][2:4] == ["radar-v2-abababab-reduce-0", "radar-v2-abababab-reduce-10000"]
    assert told[4]["dependsOn"] == [{"jobId": "id-1"}, {"jobId": "id-2"}, {"jobId": "id-3"}]
    assert told[3]["containerOverrides"]["command"][-2:] == ["--offset", "10000"]


def test_gpus_run_what_is_mapped():
    told = requests(Work(PLAN, "c", (Range(1, 0, 2),)), containers=Containers("image:1", gpus=1))
    assert ["--device" in each["containerOverrides"]["command"] for each in told] == [True, False, False]
    assert Task.read(told[0]["containerOverrides"]["command"][3:]).device == "cuda"
    with pytest.raises(UsageError, match="--gpus 1 beside --executor ray"):
        Containers("image:1", gpus=1, executor="ray")


def test_no_more_than_twenty_dependencies():
    told = requests(Work(PLAN, "c", (Range(2, 0, 4),), (Range(1, 0, 400_000),)))
    assert len(told[-1]["dependsOn"]) == 20


def test_only_the_merge_is_left():
    told = requests(Work(PLAN, "c", ()))
    assert [each["jobName"] for each in told] == ["radar-v2-abababab-merge"]
    assert "dependsOn" not in told[0]


def test_names_are_aws_names():
    plan = json.dumps({"hash": "ab" * 32, "kernel": {"name": "µ" + "x" * 200}})
    for each in requests(Work(plan, "c", (Range(1, 0, 2),))):
        assert len(each["jobName"]) <= 128
        assert each["jobName"][0].isalnum()
        assert set(each["jobName"]) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_a_url_that_is_too_long():
    with pytest.raises(
        UsageError, match=r"the command of radar-v2-abababab-map is .* characters, and AWS Batch takes 8,192"
    ):
        check_sizes(requests(Work(PLAN, "c", (Range(1, 0, 2),)), "s3://bucket/" + "x" * 8000))


@given(
    st.sampled_from(["map", "reduce", "rest", "merge"]),
    st.integers(0, 10**6),
    st.integers(1, 64),
    st.sampled_from(["threads", "ray"]),
)
def test_a_command_is_read_back(stage, offset, cores, executor):
    written = Task("s3://b/x", "w", "c", "p", stage, offset, cores, executor)
    read = Task.read(written.command()[3:])
    assert (read.store, read.work, read.code, read.plan, read.stage, read.offset) == (
        "s3://b/x",
        "w",
        "c",
        "p",
        stage,
        offset,
    )
    if stage == "map":
        assert (read.cores, read.executor) == (cores, executor)


@given(st.sets(st.tuples(st.integers(1, 3), st.integers(0, 30))))
def test_ranges_hold_the_shards(shards):
    ordered = sorted(shards)
    ranges = ranges_of(ordered)
    assert [shard_at(ranges, place) for place in range(len(ordered))] == ordered
    with pytest.raises(CorruptError, match=f"there is no shard at place {len(ordered)}"):
        shard_at(ranges, len(ordered))


def described(definition: dict) -> dict:
    """Return a definition as AWS describes it: actions in lower case, empty lists, lists in another order."""
    told = json.loads(json.dumps(definition))
    container = told["containerProperties"]
    container["environment"].reverse()
    container["resourceRequirements"].reverse()
    container |= {"mountPoints": [], "secrets": [], "ulimits": [], "volumes": []}
    for rule in told["retryStrategy"]["evaluateOnExit"]:
        rule["action"] = rule["action"].lower()
    return told | {"revision": 4, "status": "ACTIVE", "tags": {}, "parameters": {}}


FULL = {"vcpus": 2, "memory": 512, "timeout": 60, "job_role": "r", "environment": {"A": "1", "B": "2"}}


def test_a_revision_that_is_the_same():
    wanted = definition_of("radar", Containers("image:1", **FULL))
    assert is_same(described(wanted), wanted)


@pytest.mark.parametrize(
    "other",
    [
        {"vcpus": 3},
        {"memory": 513},
        {"timeout": 61},
        {"timeout": None},
        {"job_role": "s"},
        {"environment": {"A": "1"}},
        {"attempts": 4},
        {"gpus": 1},
    ],
)
def test_a_revision_that_is_another(other):
    wanted = definition_of("radar", Containers("image:1", **FULL))
    assert not is_same(described(definition_of("radar", Containers("image:1", **{**FULL, **other}))), wanted)


def test_a_revision_with_more_in_it():
    """Somebody's mount would be there in each child."""
    wanted = definition_of("radar", PLAIN)
    told = described(wanted)
    told["containerProperties"]["mountPoints"] = [{"containerPath": "/x"}]
    assert not is_same(told, wanted)
