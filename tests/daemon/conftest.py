"""An engine of its own for each test, as a process."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

import pytest

from sweep.daemon.client import Client
from sweep.errors import JobError


@pytest.fixture
def folder(tmp_path):
    """Name a folder; end the engine that a test has started there."""
    place = tmp_path / "engine"
    yield str(place)
    with suppress(JobError), Client(str(place), start=False) as client:
        client.end()
        client.wait_for_end()


@pytest.fixture
def client(folder):
    with Client(folder, relaxed=("large-arrays", "short-timeouts")) as made:
        yield made


def kill(client: Client) -> None:
    """Kill the engine at once, and wait until it is gone."""
    pid = client.pid
    os.kill(pid, signal.SIGKILL)
    client.wait_for_end()
