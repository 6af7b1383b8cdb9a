"""The state machine for Step Functions."""

from __future__ import annotations

import json

from sweep.store import open_store
from tests.submit.rig import submit


def machine(store: str, queue: str, *more) -> dict:
    return json.loads(submit("study.py", store, queue, "--export", "step-functions", *more))


def check(told: dict) -> list[str]:
    """Walk the machine as its interpreter would; return the states in order."""
    assert set(told) <= {"Comment", "StartAt", "States", "TimeoutSeconds", "Version"}
    name, walked = told["StartAt"], []
    while True:
        state = told["States"][name]
        walked.append(name)
        assert state["Type"] == "Task"
        assert state["Resource"] == "arn:aws:states:::batch:submitJob.sync"
        assert {"JobName", "JobQueue", "JobDefinition"} <= set(state["Parameters"])
        assert ("Next" in state) != ("End" in state)
        if "End" in state:
            break
        name = state["Next"]
        assert name not in walked
    assert set(walked) == set(told["States"])
    return walked


def test_three_states_in_sequence(here, store, queue):
    told = machine(store, queue, "--shards", "3", "--tag", "team=radar")
    assert check(told) == ["Map", "Reduce", "Merge"]
    map_ = told["States"]["Map"]["Parameters"]
    assert map_["ArrayProperties"] == {"Size": 3}
    assert map_["ContainerOverrides"]["Command"][:3] == ["python", "-m", "sweep.child"]
    assert map_["Tags"]["team"] == "radar"
    assert "DependsOn" not in told["States"]["Reduce"]["Parameters"]
    assert "ArrayProperties" not in told["States"]["Merge"]["Parameters"]
    assert map_["JobDefinition"].startswith("sweep-throw:")


def test_everything_is_there_that_it_needs_and_nothing_is_submitted(here, store, queue):
    machine(store, queue, "--shards", "3")
    prefixes = {each.key.partition("/")[0] for each in open_store(store).list()}
    assert prefixes == {"code", "plan.json", "waves", "work"}


def test_its_commands_give_the_same_bytes(here, store, queue, tmp_path):
    from tests.submit.rig import run_container, same_as_run

    told = machine(store, queue, "--shards", "2")
    for name in check(told):
        parameters = told["States"][name]["Parameters"]
        size = parameters.get("ArrayProperties", {}).get("Size")
        for index in range(size or 1):
            run_container(parameters["ContainerOverrides"]["Command"], index if size else None)
    assert same_as_run(store, "study.py", tmp_path / "run")


def test_a_dry_run_writes_nothing(here, store, queue):
    told = machine(store, queue, "--shards", "1", "--dry-run")
    assert check(told) == ["Map", "Reduce", "Merge"]
    assert list(open_store(store).list()) == []


def test_a_second_export_goes_on_with_the_same_wave(here, store, queue):
    machine(store, queue, "--shards", "3")
    machine(store, queue)
    assert [each.key for each in open_store(store).list("waves/")] == ["waves/000001.json"]
