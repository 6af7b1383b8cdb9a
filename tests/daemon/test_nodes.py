"""A sweep on the nodes of a multi-node job: real processes, one Ray cluster of them all."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sweep.errors import UsageError
from sweep.executors.nodes import Node
from sweep.jobs.aws import definition_from
from sweep.jobs.environment import Environment
from sweep.jobs.events import PutEnvironment, PutQueue, Register
from sweep.jobs.queue import Queue
from tests.daemon.asking import submit, wait
from tests.studies import sha256, study

ROOT = Path(__file__).parents[2]
STUDY = """
from tests.studies import study
study = study()
"""


def test_one_sweep_on_three_nodes(client, tmp_path):
    """Each node runs the same command; the main one runs the study, the others lend it their processors, and all of them end."""
    (tmp_path / "many.py").write_text(STUDY)
    store = tmp_path / "store"
    code = "from sweep.cli.main import main; main()"
    command = [sys.executable, "-c", code, "run", str(tmp_path / "many.py"), "--store", str(store)]
    command += ["--ray-address", "nodes", "--shards", "12"]
    told = {
        "nodeProperties": {
            "numNodes": 3,
            "mainNode": 0,
            "nodeRangeProperties": [
                {
                    "targetNodes": "0:",
                    "container": {
                        "command": command,
                        "memory": 6000,
                        "vcpus": 1,
                        "environment": [
                            {"name": "PYTHONPATH", "value": f"{ROOT}:{ROOT / 'kernels'}"},
                            {"name": "RAY_AUTH_MODE", "value": "disabled"},
                        ],
                    },
                }
            ],
        }
    }
    client.tell(PutEnvironment(Environment("nodes", 3, 20_000), new=True))
    client.tell(PutQueue(Queue("nodes", 1, ("nodes",)), new=True))
    client.tell(Register(definition_from(told, "nodes")))
    job = submit(client, "nodes", queue="nodes")
    wait(client, job)
    logs = sorted((Path(client.folder) / "environments" / "nodes" / "logs" / job).iterdir())
    said = "\n".join(f"{each.name}: {each.read_text()}" for each in logs)
    (told,) = client.view("describe", job_ids=[job])
    assert told["status"] == "SUCCEEDED", said
    assert "the others did not come" not in said
    assert len(logs) == 3
    study().run(str(tmp_path / "here"), workers=2)
    assert sha256(str(store)) == sha256(str(tmp_path / "here"))


def test_what_is_no_node_is_told_so(tmp_path):
    with pytest.raises(UsageError, match="is no node of a multi-node job"):
        study().run(str(tmp_path / "store"), ray_address="nodes")
    assert not (tmp_path / "store" / "plan.json").exists()


def test_a_node_reads_who_it_is():
    told = {"AWS_BATCH_JOB_NUM_NODES": "3", "AWS_BATCH_JOB_MAIN_NODE_INDEX": "1", "AWS_BATCH_JOB_NODE_INDEX": "2"}
    told |= {"AWS_BATCH_JOB_ID": "job#2", "AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS": "192.0.2.7"}
    node = Node.here(told)
    assert (node.index, node.main, node.count, node.address, node.is_main) == (2, 1, 3, "192.0.2.7", False)
    assert node.port == Node.here(told | {"AWS_BATCH_JOB_ID": "job#1", "AWS_BATCH_JOB_NODE_INDEX": "1"}).port
