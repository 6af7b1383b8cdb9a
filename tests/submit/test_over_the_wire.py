"""A sweep sent to our own endpoint, with an S3 server as its store: real processes over real sockets, one of which is killed on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from sweep.store import open_store
from sweep.work import keys
from tests.serve.processes import serving
from tests.submit.rig import SECONDS, environment, same_as_run, sweep

SPOT = "spot"
OFTEN = 120  # interruptions an hour of each child's processor: two a minute


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


def submit(store, *options):
    sweep("submit", "study.py", "--store", store, "--image", "local", "--queue", "default", *options)


def wait_until(condition, what):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)  # a store tells of no event


def is_there(store, key):
    return any(True for _ in open_store(store).list(key))


def test_the_same_bytes_as_sweep_run(batch, here, store, tmp_path):
    submit(store, "--shards", "5", "--wait")
    assert same_as_run(store, "study.py", tmp_path / "run")
    assert "map 5 succeeded; reduce 5 succeeded; merge 1 succeeded" in sweep("status", store)


def test_the_endpoint_is_killed_in_the_middle_and_started_again(batch, here, store, tmp_path):
    submit(store, "--shards", "12")
    wait_until(lambda: is_there(store, keys.MAP), "no shard is simulated")
    assert not is_there(store, keys.RESULT)
    batch.process.send_signal(signal.SIGKILL)
    batch.process.wait()
    with serving(batch.folder, "--port", str(batch.port)):
        wait_until(lambda: is_there(store, keys.RESULT), "no result")
        wait_until(lambda: "merge 1 succeeded" in sweep("status", store), "the merge does not end")
    assert same_as_run(store, "study.py", tmp_path / "run")
