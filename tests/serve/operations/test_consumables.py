"""Consumable resources over the API."""

from __future__ import annotations

import pytest

from sweep.errors import JobError
from sweep.serve.refusal import RefusedError
from tests.serve.operations.conftest import definition

ARN = "arn:aws:batch:eu-central-1:111122223333:consumable-resource/"


def make(ask, name="licence", total=2, **options):
    return ask.batch("CreateConsumableResource", consumableResourceName=name, totalQuantity=total, **options)


def amounts(ask, name="licence"):
    told = ask.batch("DescribeConsumableResource", consumableResource=name)
    return told["totalQuantity"], told["inUseQuantity"], told["availableQuantity"]


def needing(*names, quantity=1):
    needs = [{"consumableResource": each, "quantity": quantity} for each in names]
    return {"consumableResourceProperties": {"consumableResourceList": needs}}


def update(ask, name="licence", **request):
    return ask.batch("UpdateConsumableResource", consumableResource=name, **request)["totalQuantity"]


def test_a_resource_from_its_making_to_its_end(ask):
    assert make(ask, tags={"a": "b"}) == {"consumableResourceName": "licence", "consumableResourceArn": f"{ARN}licence"}
    told = ask.batch("DescribeConsumableResource", consumableResource=f"{ARN}licence")
    created = told.pop("createdAt")
    assert created > 1_700_000_000_000
    assert told == {
        "consumableResourceName": "licence",
        "consumableResourceArn": f"{ARN}licence",
        "totalQuantity": 2,
        "inUseQuantity": 0,
        "availableQuantity": 2,
        "resourceType": "REPLENISHABLE",
        "tags": {"a": "b"},
    }
    assert update(ask, operation="ADD", quantity=3, clientToken="t") == 5
    assert update(ask, operation="ADD", quantity=3, clientToken="t") == 5
    assert update(ask, operation="REMOVE", quantity=1) == 4
    assert update(ask, quantity=9) == 9
    ask.batch("DeleteConsumableResource", consumableResource="licence")
    with pytest.raises(RefusedError, match="licence does not exist"):
        amounts(ask)


def test_what_is_refused(ask):
    make(ask)
    with pytest.raises(JobError, match="already exists"):
        make(ask)
    with pytest.raises(JobError, match="totalQuantity=-1"):
        make(ask, "other", -1)
    with pytest.raises(RefusedError, match="resourceType X is not one of"):
        make(ask, "other", resourceType="X")
    with pytest.raises(RefusedError, match="operation X is not one of"):
        update(ask, operation="X", quantity=1)
    with pytest.raises(RefusedError, match="quantity must be provided"):
        update(ask)
    with pytest.raises(JobError, match="totalQuantity=-1"):
        update(ask, operation="REMOVE", quantity=3)
    with pytest.raises(JobError, match="does not exist"):
        ask.batch("DeleteConsumableResource", consumableResource="other")
    with pytest.raises(RefusedError, match="does not exist"):
        ask.batch("ListJobsByConsumableResource", consumableResource="other")
    ask.batch("RegisterJobDefinition", **definition(**needing("other")))
    with pytest.raises(JobError, match="ConsumableResource other does not exist"):
        ask.batch("SubmitJob", jobName="j", jobQueue="q", jobDefinition="task")


def test_a_job_waits_for_what_it_needs_and_gives_it_back(ask, tmp_path):
    make(ask, total=1)
    held = tmp_path / "held"
    held.touch()
    script = f"while test -e {held}; do sleep 0.05; done"
    first = ask.submit(["sh", "-c", script], define=needing(f"{ARN}licence"))
    second = ask.submit(["true"], define=needing("licence"))
    ask.await_status(first, "RUNNING")
    assert ask.job(second)["status"] == "RUNNABLE"
    assert amounts(ask) == (1, 1, 0)
    with pytest.raises(JobError, match="needs ConsumableResource licence"):
        ask.batch("DeleteConsumableResource", consumableResource="licence")
    held.unlink()
    ask.wait(first, second)
    assert ask.job(second)["status"] == "SUCCEEDED"
    assert amounts(ask) == (1, 0, 1)
    needs = {"consumableResourceList": [{"consumableResource": f"{ARN}licence", "quantity": 1}]}
    assert ask.job(second)["consumableResourceProperties"] == needs


def test_what_is_not_replenishable_is_used_up(ask):
    make(ask, "token", 3, resourceType="NON_REPLENISHABLE")
    job = ask.submit(["true"], define=needing("token"), arrayProperties={"size": 2})
    ask.wait(job)
    assert amounts(ask, "token") == (1, 0, 1)


def test_a_submission_may_need_something_else(ask):
    make(ask, "token", 3, resourceType="NON_REPLENISHABLE")
    override = {"consumableResourceList": [{"consumableResource": "token", "quantity": 2}]}
    ask.run(["true"], define=needing("token"), consumableResourcePropertiesOverride=override)
    assert amounts(ask, "token") == (1, 0, 1)


def test_nodes_need_and_are_overridden_by_their_ranges(ask):
    make(ask, "token", 9, resourceType="NON_REPLENISHABLE")
    container = {"image": "i", "command": ["false"], "vcpus": 1, "memory": 64}
    ranges = [{"targetNodes": each, "container": container, **needing("token")} for each in ("0:0", "1:2")]
    nodes = {"numNodes": 3, "mainNode": 0, "nodeRangeProperties": ranges}
    ask.batch("RegisterJobDefinition", jobDefinitionName="many", type="multinode", nodeProperties=nodes)
    overrides = [
        {"targetNodes": "0:0", "containerOverrides": {"command": ["true"]}},
        {
            "targetNodes": "1:2",
            "containerOverrides": {"command": ["true"]},
            "consumableResourcePropertiesOverride": {
                "consumableResourceList": [{"consumableResource": "token", "quantity": 2}]
            },
        },
    ]
    job = ask.batch(
        "SubmitJob", jobName="j", jobQueue="q", jobDefinition="many", nodeOverrides={"nodePropertyOverrides": overrides}
    )["jobId"]
    ask.wait(job)
    told = ask.job(job)
    assert told["status"] == "SUCCEEDED"
    shown = told["nodeProperties"]["nodeRangeProperties"]
    assert [each["consumableResourceProperties"]["consumableResourceList"][0]["quantity"] for each in shown] == [1, 2]
    assert amounts(ask, "token")[0] <= 8
    with pytest.raises(RefusedError, match="overridden by containerOverrides"):
        ask.batch(
            "SubmitJob",
            jobName="j",
            jobQueue="q",
            jobDefinition="many",
            nodeOverrides={"nodePropertyOverrides": [{"targetNodes": "0:0", "ecsPropertiesOverride": {}}]},
        )


def test_resources_are_listed_by_name(ask):
    for name in ("Beta", "alpha", "alpine"):
        make(ask, name)

    def listed(**request):
        told = ask.batch("ListConsumableResources", **request)
        return [each["consumableResourceName"] for each in told["consumableResources"]], told.get("nextToken")

    everything, token = listed()
    assert (everything, token) == (["Beta", "alpha", "alpine"], None)
    first, token = listed(maxResults=2)
    assert (first, listed(maxResults=2, nextToken=token)) == (["Beta", "alpha"], (["alpine"], None))
    assert listed(filters=[{"name": "CONSUMABLE_RESOURCE_NAME", "values": ["AL*"]}])[0] == ["alpha", "alpine"]
    assert listed(filters=[{"name": "CONSUMABLE_RESOURCE_NAME", "values": ["beta"]}])[0] == ["Beta"]
    with pytest.raises(RefusedError, match="filter COLOUR is not one of"):
        listed(filters=[{"name": "COLOUR", "values": ["a"]}])


def test_jobs_are_listed_by_what_they_need(ask):
    make(ask, total=0)
    first = ask.submit(["true"], define=needing("licence", quantity=3), jobName="first")
    second = ask.submit(["true"], define=needing("licence"), jobName="second")
    ask.submit(["true"])
    ask.batch("CancelJob", jobId=first, reason="no")

    def listed(*filters):
        told = ask.batch("ListJobsByConsumableResource", consumableResource="licence", filters=list(filters))
        return told["jobs"]

    assert [each["jobArn"].rpartition("/")[2] for each in listed()] == [second, first]
    assert [each["quantity"] for each in listed({"name": "JOB_STATUS", "values": ["FAILED"]})] == [3]
    (told,) = listed({"name": "JOB_NAME", "values": ["SECOND"]})
    assert (told["jobName"], told["jobStatus"], told["jobQueueArn"][-2:]) == ("second", "RUNNABLE", "/q")
    with pytest.raises(RefusedError, match="JOB_STATUS X is not one of"):
        listed({"name": "JOB_STATUS", "values": ["X"]})
