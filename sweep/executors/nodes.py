"""The nodes of an AWS Batch multi-node parallel job as one Ray cluster: the main node is its head, the others join it.

All nodes run the same command. AWS Batch tells each who it is by environment variables (AWS Batch User Guide, "Environment variables for
multi-node parallel jobs"), starts the main node first, and ends the others when the main node ends.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.errors import UsageError, WorkerError
from sweep.executors.cluster import OBJECT_STORE_BYTES
from sweep.machine import processors

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

__all__ = ["NODES", "Node", "gathered", "head", "join"]

NODES = "nodes"
"""The address by which a run names the nodes of its own job."""

PATIENCE = 600.0
"""Seconds that the main node waits for the others, and they for it: instances do not come up at the same moment."""

GONE_AFTER = 5.0
"""Seconds without an answer after which the main node is taken to have ended."""

LOOK = 0.2
"""Seconds between two looks at another node."""

FIRST_PORT, PORTS = 20_000, 10_000
"""The head's port is one of these, by the job's id: several jobs may have nodes on one machine."""


STARTS = 4
"""How often a node starts Ray, where that ends while the main node answers."""


@dataclass(frozen=True)
class Node:
    """One node of a multi-node job.

    Attributes
    ----------
    index, main, count
        Which node this is, which is the main one, and how many there are.
    port
        Where the main node's Ray is to be reached.
    address
        The main node's, as the others see it; None on the main node.
    own
        This node's address; None to have Ray find it.
    """

    index: int
    main: int
    count: int
    port: int
    address: str | None
    own: str | None

    @classmethod
    def here(cls, environ: Mapping[str, str] = os.environ) -> Node:
        """Read which node this process runs on.

        Raises
        ------
        UsageError
            If it runs on none.
        """
        if "AWS_BATCH_JOB_NUM_NODES" not in environ:
            raise UsageError(
                f"ray_address={NODES!r}: this process is no node of a multi-node job (AWS_BATCH_JOB_NUM_NODES is not set)"
            )
        job = environ.get("AWS_BATCH_JOB_ID", "").partition("#")[0]
        return cls(
            index=int(environ["AWS_BATCH_JOB_NODE_INDEX"]),
            main=int(environ["AWS_BATCH_JOB_MAIN_NODE_INDEX"]),
            count=int(environ["AWS_BATCH_JOB_NUM_NODES"]),
            port=FIRST_PORT + zlib.crc32(job.encode()) % PORTS,
            address=environ.get("AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS"),
            own=environ.get("SWEEP_NODE_ADDRESS"),
        )

    @property
    def is_main(self) -> bool:
        """Whether this is the main node."""
        return self.index == self.main


@contextmanager
def head(node: Node) -> Generator[str]:
    """Start Ray's head on the main node, and give its address.

    Raises
    ------
    UsageError
        If this is not the main node.
    WorkerError
        If Ray does not start.
    """
    if not node.is_main:
        raise UsageError(f"node {node.index} is not the main node {node.main}: it can only join the cluster")
    own = node.own or _own_address()
    with _ray("--head", f"--port={node.port}", f"--node-ip-address={own}", "--include-dashboard=false") as started:
        deadline = time.monotonic() + PATIENCE
        while not _answers(own, node.port):
            _require(started, deadline)
            time.sleep(LOOK)
        yield f"{own}:{node.port}"


def gathered(node: Node, patience: float = PATIENCE) -> int:
    """Wait until all nodes have joined the cluster that this process has a session with; return how many have.

    Nodes that do not come within `patience` seconds are done without: what they would have run, the others run.
    """
    import ray

    deadline = time.monotonic() + patience
    while (there := sum(each["Alive"] for each in ray.nodes())) < node.count and time.monotonic() < deadline:
        time.sleep(LOOK)
    return there


def join(node: Node) -> None:
    """Lend this node to the main node's cluster until that ends.

    Raises
    ------
    WorkerError
        If the main node does not answer within `PATIENCE`, or Ray has ended here `STARTS` times while the main node goes on.
    """
    main = node.address or "127.0.0.1"
    deadline = time.monotonic() + PATIENCE
    while not _answers(main, node.port):
        if time.monotonic() > deadline:
            raise WorkerError(f"the main node does not answer at {main}:{node.port} after {PATIENCE:.0f} s")
        time.sleep(LOOK)
    own = [] if node.own is None else [f"--node-ip-address={node.own}"]
    code: int | None = None
    for left in reversed(range(STARTS)):
        with _ray(f"--address={main}:{node.port}", *own) as started:
            code = _lent(started, main, node.port)
        if code is None:
            return
        if left:  # nodes on one machine that start at one time may take the same port
            time.sleep(LOOK * (1 + os.getpid() % 10))
    raise WorkerError(f"Ray has ended on this node, with exit code {code}")


def _lent(started: subprocess.Popen[bytes], main: str, port: int) -> int | None:
    """Wait while the main node answers; return the exit code of Ray here if that ends before, else None."""
    heard = time.monotonic()
    while time.monotonic() - heard < GONE_AFTER:
        time.sleep(LOOK)
        if _answers(main, port):
            heard = time.monotonic()
            if started.poll() is not None:
                return started.returncode
    return None


@contextmanager
def _ray(*options: str) -> Generator[subprocess.Popen[bytes]]:
    """Have Ray run in a process of its own, which ends its others when it is ended."""
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats", *options]
    command += [f"--num-cpus={processors()}", f"--object-store-memory={OBJECT_STORE_BYTES}"]
    started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own words
    try:
        yield started
    finally:
        started.terminate()
        started.wait()


def _require(started: subprocess.Popen[bytes], deadline: float) -> None:
    if started.poll() is not None:
        raise WorkerError(f"Ray has ended on this node, with exit code {started.returncode}")
    if time.monotonic() > deadline:
        raise WorkerError(f"Ray has not started on this node within {PATIENCE:.0f} s")


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError:
        return False
    return True


def _own_address() -> str:
    """Return this machine's address in its network; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(("192.0.2.1", 9))  # an address for documentation, RFC 5737
        except OSError:
            return "127.0.0.1"
        return asked.getsockname()[0]
