"""A sweep sent to our own endpoint, with an S3 server as its store: real processes over real sockets, one of which is killed on the way."""

from __future__ import annotations

import json
import signal
import time

import pytest

from sweep.store import open_store
from sweep.work import keys
from tests.serve.processes import serving
from tests.submit.rig import SECONDS, environment, same_as_run, start, sweep


@pytest.fixture
def batch(s3, tmp_path, monkeypatch):
    """Start an endpoint whose children know the store, and have the commands of this test speak to it."""
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3)
    with serving(tmp_path / "engine") as made:
        for name, text in made.variables.items():
            monkeypatch.setenv(name, text)
        yield made


def submit(store, *options, queue="default"):
    sweep("submit", "study.py", "--store", store, "--image", "local", "--queue", queue, *options)


def wait_until(condition, what):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)  # a store tells of no event


def is_there(store, key):
    return any(True for _ in open_store(store).list(key))


def test_the_same_bytes_as_sweep_run(batch, here, store, tmp_path):
    submit(store, "--shards", "3", "--wait")
    assert same_as_run(store, "study.py", tmp_path / "run")
    assert "map 3 succeeded; reduce 3 succeeded; merge 1 succeeded" in sweep("status", store)


def test_the_store_keeps_its_own_credentials(batch, here, store, tmp_path, monkeypatch):
    """The endpoint's key pair is in a profile: what the variables hold is the store's, and not good for the endpoint."""
    pair = {name: batch.variables[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    lines = ["[here]", *(f"{name.lower()} = {text}" for name, text in pair.items())]
    (tmp_path / "credentials").write_text("\n".join(lines))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    for name in pair:
        monkeypatch.setenv(name, "storesown")
    words = ["submit", "study.py", "--store", store, "--image", "local", "--queue", "default", "--shards", "2"]
    assert "AWS does not know the credentials" in sweep(*words, code=2)
    sweep(*words, "--profile", "here")
    assert "3 of 3 jobs" in sweep("cancel", store)
    assert "; merge 1 " in sweep("status", store)


def test_a_forecast_is_compared_with_what_was_submitted(batch, here, store):
    sweep("forecast", "study.py", "--budget", "0.5", "--store", store)
    submit(store, "--shards", "3", "--vcpus", "2", "--wait")
    fields = json.loads(sweep("forecast", "--compare", store, "--format", "json"))
    assert fields["recorded"] == fields["shards"] == 3
    assert fields["lines"][0]["actual"] > 0.0


def test_the_endpoint_is_killed_in_the_middle_and_started_again(batch, here, store, tmp_path):
    submit(store, "--shards", "6")
    wait_until(lambda: is_there(store, keys.MAP), "no shard is simulated")
    assert not is_there(store, keys.RESULT)
    batch.process.send_signal(signal.SIGKILL)
    batch.process.wait()
    with serving(batch.folder, "--port", str(batch.port)):
        wait_until(lambda: is_there(store, keys.RESULT), "no result")
        wait_until(lambda: "merge 1 succeeded" in sweep("status", store), "the merge does not end")
    assert same_as_run(store, "study.py", tmp_path / "run")


def test_spot_capacity_is_taken_away(batch, here, store, tmp_path):
    """Children lose their workers until the queue is moved to capacity that stays; who lost one goes on with what it had finished."""
    options = ("--vcpus", "2", "--memory", "4000", "--spot", "3600", "--notice", "0.5", "--engine", batch.folder)
    sweep("environments", "create", "spot", *options)
    client = batch.client()
    client.create_job_queue(jobQueueName="spot", priority=1, computeEnvironmentOrder=over("spot"))
    submit(store, "--shards", "4", "--attempts", "10", queue="spot")
    ids = [
        f"{each['jobId']}:{i}" for each in jobs_of(client, "spot") if each["jobName"].endswith("-map") for i in range(4)
    ]
    wait_until(lambda: lost(client, ids), "nothing is taken away")
    client.update_job_queue(jobQueue="spot", computeEnvironmentOrder=over("local"))
    wait_until(lambda: "merge 1 succeeded" in sweep("status", store), "the merge does not end")
    assert lost(client, ids)
    assert same_as_run(store, "study.py", tmp_path / "run")


def over(environment):
    return [{"order": 1, "computeEnvironment": environment}]


def jobs_of(client, queue):
    states = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")
    return [each for state in states for each in client.list_jobs(jobQueue=queue, jobStatus=state)["jobSummaryList"]]


def lost(client, ids):
    told = client.describe_jobs(jobs=ids)["jobs"]
    return any(each.get("statusReason", "").startswith("Host EC2") for job in told for each in job["attempts"])


RAISING = """
from sweep import Sweep, grid, kernel


@kernel(outputs=["x"])
def rare(rng, a):
    if rng.uniform() < 1e-4:
        raise ValueError
    return a * rng.uniform()


study = Sweep(rare, grid(a=[1.0, 2.0]), trials=20_000, seed=4)
"""


def test_why_a_child_failed_is_told_in_its_own_words(batch, here, store):
    (here / "study.py").write_text(RAISING)
    said = sweep(
        "submit", "study.py", "--store", store, "--image", "local", "--queue", "default", "--wait", "-q", code=1
    )
    assert "failed: Essential container in task exited (exit code 1), it said" in said
    assert "kernel 'rare' raised ValueError" in said
    assert "of point 0 (a=1.0)" in said
    assert "resume" not in said
    told = sweep("status", store).splitlines()[-1].strip()
    assert said.strip() == f"sweep: {told}"
    assert told.endswith("the same trial would fail again: mend the study and submit it")


def test_why_a_child_cannot_begin_is_told_once_and_waiting_can_be_given_up(batch, here, store):
    submit(store, "--shards", "2", "--vcpus", "512")
    reason = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"
    wait_until(lambda: reason in sweep("status", store), "no reason is told")
    process = start(["resume", store, "--wait"])
    try:
        lines = [process.stderr.readline()]
        while reason not in lines[-1]:
            assert lines[-1], "it ends without a reason"
            lines.append(process.stderr.readline())
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "is at work: it is followed, and nothing is submitted" in lines[0]
    assert any("0 %  throw-" in each for each in lines)
    assert " does not begin: " in lines[-1]
    assert reason not in rest
    assert f"the jobs go on: `sweep status {store}` tells how far, `sweep cancel {store}` ends them" in rest
    assert "terminated 3 of 3 jobs" in sweep("cancel", store)
    wait_until(lambda: "merge 1 failed" in sweep("status", store), "the jobs do not end")
    assert "was terminated by `sweep cancel`; what is finished is kept" in sweep("status", store).splitlines()[-1]
