"""AWS Batch as moto has it, over HTTP: a second opinion on what we ask, which runs nothing."""

from __future__ import annotations

import json
import urllib.request
import uuid

import boto3
import pytest

from tests.submit.rig import write_study
from tests.submit.stubborn import serving


@pytest.fixture
def endpoint(s3):
    """Tell moto to run no containers: jobs succeed as they are submitted."""
    ask = urllib.request.Request(
        f"{s3}/moto-api/config", json.dumps({"batch": {"use_docker": False}}).encode(), method="POST"
    )
    urllib.request.urlopen(ask, timeout=10).close()
    return s3


@pytest.fixture
def queue(endpoint):
    """Make a queue that takes jobs; return its name."""
    name = f"queue-{uuid.uuid4().hex[:8]}"
    make_queue(name)
    return name


def make_queue(name: str, state: str = "ENABLED") -> None:
    iam, batch = boto3.client("iam"), boto3.client("batch")
    role = iam.create_role(RoleName=f"role-{name}", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    environment = batch.create_compute_environment(
        computeEnvironmentName=f"environment-{name}", type="UNMANAGED", state="ENABLED", serviceRole=role
    )["computeEnvironmentArn"]
    batch.create_job_queue(
        jobQueueName=name,
        state=state,
        priority=1,
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}],
    )


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a study in it, to be the working directory."""
    folder = tmp_path / "here"
    folder.mkdir()
    write_study(folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def store(bucket):
    return f"s3://{bucket}/some/study"


@pytest.fixture
def stubborn(s3):
    with serving() as made:
        yield made
