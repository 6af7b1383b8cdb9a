"""The file of what jobs go through."""

from __future__ import annotations

import json

import pytest

from sweep.daemon.workers import worker_maker
from sweep.jobs.journal import Journal
from sweep.jobs.loop import Engine
from sweep.serve.desk import Desk
from sweep.serve.events import EventFile
from sweep.serve.settling import Settling
from tests.serve.operations.conftest import Asking, Clock, model, problems

WAIT = 60


class Recorded(Asking):
    """Asks a desk whose engine writes events."""

    def __init__(self, desk, clock, file):
        super().__init__(desk, clock)
        self.file = file

    def lines(self, name="events.jsonl"):
        assert self.file.flush(WAIT)
        path = self.desk.folder / name
        return [json.loads(each) for each in path.read_text().splitlines()] if path.exists() else []

    def statuses(self, job_id):
        return [each["detail"]["status"] for each in self.lines() if each["detail"]["jobId"] == job_id]


@pytest.fixture
def largest():
    return 1 << 20


@pytest.fixture
def recorded(tmp_path, largest):
    folder, clock = tmp_path / "engine", Clock()
    file = EventFile(folder, "eu-central-1", "111122223333", largest)
    with Engine(worker_maker(folder), Journal(folder, ("large-arrays",)), listener=file) as engine:
        asking = Recorded(
            Desk(engine, folder, "eu-central-1", "111122223333", settling=Settling(clock=clock)), clock, file
        )
        resources = {"type": "EC2", "maxvCpus": 4, "subnets": []}
        asking.batch(
            "CreateComputeEnvironment", computeEnvironmentName="here", type="MANAGED", computeResources=resources
        )
        order = [{"order": 1, "computeEnvironment": "here"}]
        asking.batch("CreateJobQueue", jobQueueName="q", priority=1, computeEnvironmentOrder=order)
        asking.settle()
        yield asking
    file.close()


def test_each_change_of_a_job_but_its_submission(recorded):
    job = recorded.submit(["true"], tags={"a": "b"})
    recorded.wait(job)
    assert recorded.statuses(job) == ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]
    last = recorded.lines()[-1]
    arn = f"arn:aws:batch:eu-central-1:111122223333:job/{job}"
    assert (last["version"], last["source"], last["detail-type"]) == ("0", "aws.batch", "Batch Job State Change")
    assert (last["account"], last["region"], last["resources"]) == ("111122223333", "eu-central-1", [arn])
    assert len(last["time"]) == len("2026-01-01T00:00:00Z")
    detail = last["detail"]
    told = recorded.job(job)
    assert detail["container"].pop("networkInterfaces") == told["container"].pop("networkInterfaces")
    told["attempts"][0]["container"].pop("networkInterfaces")
    assert detail == told


def test_each_line_has_the_shape_of_a_job(recorded):
    job = recorded.submit(["sh", "-c", "exit 3"], arrayProperties={"size": 2}, retryStrategy={"attempts": 2})
    recorded.wait(job)
    shape = model("batch").shape_for("JobDetail")
    lines = recorded.lines()
    assert len({each["id"] for each in lines}) == len(lines) > 8
    for each in lines:
        assert not problems(each["detail"], shape, "detail")
        assert {"attempts", "tags", "propagateTags", "platformCapabilities"} <= each["detail"].keys()


def test_attempts_that_fail_are_told(recorded):
    job = recorded.submit(["sh", "-c", "exit 3"], retryStrategy={"attempts": 2})
    recorded.wait(job)
    *_, last = recorded.lines()
    assert [each["container"]["exitCode"] for each in last["detail"]["attempts"]] == [3, 3]
    assert last["detail"]["attempts"] == [
        each | {"container": {key: value for key, value in each["container"].items() if key != "networkInterfaces"}}
        for each in recorded.job(job)["attempts"]
    ]
    assert recorded.statuses(job)[-1] == "FAILED"
    assert recorded.statuses(job).count("RUNNABLE") == 2


def test_an_array_is_pending_until_it_ends(recorded):
    job = recorded.submit(["true"], arrayProperties={"size": 3})
    recorded.wait(job)
    assert recorded.statuses(job) == ["PENDING", "SUCCEEDED"]
    last = [each["detail"] for each in recorded.lines() if each["detail"]["jobId"] == job][-1]
    assert last["arrayProperties"]["statusSummary"]["SUCCEEDED"] == 3
    assert last["stoppedAt"] == recorded.job(job)["stoppedAt"]
    for index in range(3):
        assert recorded.statuses(f"{job}:{index}") == ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]


def test_nodes_and_their_job(recorded):
    container = {"image": "i", "command": ["true"], "vcpus": 1, "memory": 64}
    nodes = {"numNodes": 2, "mainNode": 0, "nodeRangeProperties": [{"targetNodes": "0:1", "container": container}]}
    recorded.batch("RegisterJobDefinition", jobDefinitionName="many", type="multinode", nodeProperties=nodes)
    job = recorded.batch("SubmitJob", jobName="j", jobQueue="q", jobDefinition="many")["jobId"]
    recorded.wait(job)
    assert recorded.statuses(job)[-1] == "SUCCEEDED"
    assert recorded.statuses(f"{job}#0")[-1] == "SUCCEEDED"
    second = next(each["detail"] for each in recorded.lines() if each["detail"]["jobId"] == f"{job}#1")
    assert second["nodeDetails"] == {"nodeIndex": 1, "isMainNode": False}


def test_of_a_larger_array_than_aws_allows_the_whole_alone_is_told(recorded):
    recorded.batch("UpdateComputeEnvironment", computeEnvironment="here", state="DISABLED")
    job = recorded.submit(["true"], arrayProperties={"size": 10_001})
    recorded.batch("TerminateJob", jobId=job, reason="enough")
    recorded.wait(job)
    assert recorded.statuses(job) == ["PENDING", "FAILED"]
    assert len(recorded.lines()) == 2


def test_tags_of_a_live_job_are_those_of_now(recorded):
    recorded.batch("UpdateComputeEnvironment", computeEnvironment="here", state="DISABLED")
    job = recorded.submit(["true"], tags={"a": "1"})
    recorded.batch("TagResource", resourceArn=recorded.job(job)["jobArn"], tags={"a": "2"})
    recorded.batch("CancelJob", jobId=job, reason="no")
    assert [each["detail"]["tags"] for each in recorded.lines()] == [{"a": "1"}, {"a": "2"}]
    assert recorded.lines()[-1]["detail"]["statusReason"] == "no"


@pytest.mark.parametrize("largest", [4000])
def test_a_file_that_has_grown_becomes_the_one_before(recorded):
    jobs = [recorded.submit(["true"]) for _ in range(4)]
    recorded.wait(*jobs)
    both = recorded.lines("events.1.jsonl") + recorded.lines()
    assert both[-1]["detail"]["status"] == "SUCCEEDED"
    sizes = [(recorded.desk.folder / each).stat().st_size for each in ("events.1.jsonl", "events.jsonl")]
    assert 4000 < sizes[0] < 8000
    assert sizes[1] <= 8000
    assert len(both) < 16


def test_a_file_that_cannot_be_written_stops_nothing(recorded, capsys):
    (recorded.desk.folder / "events.jsonl").mkdir()
    job = recorded.submit(["true"])
    recorded.wait(job)
    assert recorded.file.flush(WAIT)
    assert recorded.job(job)["status"] == "SUCCEEDED"
    assert capsys.readouterr().err.count("is not written any more") == 1
