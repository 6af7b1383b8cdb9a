"""A sweep on a Ray cluster that is there already: real processes, another session of Ray than this one's."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.studies import sha256, study

ROOT = Path(__file__).parents[2]
RUN = """
import sys
from tests.studies import study
study().run(sys.argv[1], executor="ray", workers=2, shards=6, ray_address=sys.argv[2])
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def cluster(tmp_path):
    """Start a head node in the foreground of a process of its own; end that by its process id."""
    port = free_port()
    command = ["ray", "start", "--head", "--block", f"--port={port}", "--node-ip-address=127.0.0.1", "--num-cpus=2"]
    command += ["--include-dashboard=false", "--object-store-memory=80000000", "--disable-usage-stats"]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'kernels'}", "RAY_AUTH_MODE": "disabled"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with (tmp_path / "ray.log").open("w") as log:
        head = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while not answers(port):
            assert head.poll() is None, (tmp_path / "ray.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)  # polling with a deadline
        yield f"127.0.0.1:{port}", environment
    finally:
        head.send_signal(signal.SIGTERM)
        head.wait(60)


def test_on_a_cluster_by_its_address(cluster, tmp_path):
    address, environment = cluster
    study().run(str(tmp_path / "here"), workers=2)
    subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path / "there"), address], env=environment, check=True, timeout=120
    )
    assert sha256(str(tmp_path / "there")) == sha256(str(tmp_path / "here"))


def test_no_cluster_there_is_one_line(tmp_path):
    code = "from sweep.cli.main import main; main()"
    arguments = [
        "run",
        str(ROOT / "examples" / "emergency_braking.py"),
        "--trials",
        "10",
        "--store",
        str(tmp_path / "x"),
    ]
    arguments += ["--executor", "ray", "--ray-address", f"127.0.0.1:{free_port()}"]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'kernels'}", "RAY_AUTH_MODE": "disabled"}
    environment["RAY_gcs_rpc_server_reconnect_timeout_s"] = "1"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "no Ray cluster answers at '127.0.0.1:" in done.stderr
    assert not (tmp_path / "x").exists()
