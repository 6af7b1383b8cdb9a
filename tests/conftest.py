"""Fixtures for the whole suite: a cache of its own, and a real S3 server."""

from __future__ import annotations

import os
import uuid

# Two workers have two processors: more threads would wait for each other, and at full speed. BLAS reads this as NumPy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import matplotlib as mpl
import pytest

from tests.moto_server import moto_server

mpl.use("Agg")


@pytest.fixture(scope="session", autouse=True)
def cache_of_compiled_kernels(tmp_path_factory):
    """Compile each kernel once a session, whichever worker of the suite needs it first, and never read what the user's own cache holds."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "compiled"
    folder.mkdir(mode=0o700, exist_ok=True)
    os.environ["SWEEP_CACHE_DIR"] = str(folder)
    return os.environ["SWEEP_CACHE_DIR"]


@pytest.fixture(scope="session")
def s3_server():
    """Start moto's S3 server for the session."""
    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture
def s3(s3_server, monkeypatch):
    """Point the standard AWS environment variables at the server."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return s3_server


@pytest.fixture
def bucket(s3):
    """Make a bucket of its own; return its name."""
    import boto3

    name = f"bucket-{uuid.uuid4().hex[:12]}"
    boto3.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return name


@pytest.fixture(scope="session")
def ray_here():
    """Start Ray once for the session, as a run starts it; end what was started."""
    from sweep.executors.cluster import Cluster

    with Cluster(2):
        yield
