"""The engine as a process: asked over its socket, killed, started again."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from sweep.daemon.client import Client
from sweep.daemon.logs import find_log
from sweep.errors import JobError
from sweep.jobs.aws import definition_from
from sweep.jobs.definition import Action, Container, Definition, ExitRule, Resources, Retry
from sweep.jobs.environment import Environment, Purchase
from sweep.jobs.events import PutEnvironment, PutQueue, Register
from sweep.jobs.queue import Queue
from sweep.jobs.request import Dependency, Kind
from tests.daemon.asking import WAIT, counts, define, submit, wait
from tests.daemon.conftest import kill


def test_a_new_engine_offers_this_machine(client):
    (environment,) = client.view("environments")
    assert environment["computeEnvironmentName"] == "local"
    assert environment["computeResources"]["maxvCpus"] >= 1
    assert [each["jobQueueName"] for each in client.view("queues")] == ["default"]


def test_two_clients_at_once_start_one_engine(folder):
    met = []
    both = [threading.Thread(target=lambda: met.append(Client(folder))) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join(WAIT)
    pids = {each.pid for each in met}
    for each in met:
        each.close()
    assert len(met) == 2
    assert len(pids) == 1


def test_no_engine_is_one_line(folder):
    with pytest.raises(JobError, match="no engine is at work in"):
        Client(folder, start=False)


def test_a_folder_that_cannot_be_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(JobError, match="no engine can be kept in"):
        Client(str(tmp_path / "file" / "engine"))


def test_an_engine_that_cannot_come_up_says_why(tmp_path):
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "journal.sqlite").write_bytes(b"no journal, but long enough to be looked into" * 50)
    with pytest.raises(JobError, match="is not a journal"):
        Client(str(tmp_path / "engine"))


def test_what_is_asked_in_vain_is_refused_and_the_engine_goes_on(client):
    for question, text in [
        (lambda: client.view("weather"), "nothing is known of 'weather'"),
        (lambda: client.view("jobs", queue="defualt"), "did you mean 'default'"),
        (lambda: client.view("jobs", status="RUNING"), "is not one of"),
        (lambda: client.view("describe", job_ids=["x"]), "job x does not exist"),
        (lambda: submit(client, "nothing"), "JobDefinition nothing does not exist"),
        (lambda: client._ask({"colour": "red"}), "a question without"),
    ]:
        with pytest.raises(JobError, match=text):
            question()
    assert client.view("jobs") == []


def test_jobs_outlive_the_command_that_submitted_them_and_the_engine(client, folder, tmp_path):
    mark, go = tmp_path / "mark", tmp_path / "go"
    define(
        client, "d", ["sh", "-c", f"echo $AWS_BATCH_JOB_ATTEMPT >> {mark}; while [ ! -e {go} ]; do sleep 0.05; done"]
    )
    job = submit(client, "d", retry=Retry(3))
    deadline = time.monotonic() + WAIT
    while counts(client, job) != {"RUNNING": 1}:
        assert time.monotonic() < deadline
    kill(client)
    with Client(folder) as again:
        assert counts(again, job) == {"RUNNING": 1}
        go.touch()
        wait(again, job)
        assert counts(again, job) == {"SUCCEEDED": 1}
    assert mark.read_text() == "1\n"


def test_an_engine_that_was_told_to_stop_counts_what_ran_as_lost(client, folder):
    define(client, "d", ["sh", "-c", "[ $AWS_BATCH_JOB_ATTEMPT = 2 ] || sleep 600"])
    job = submit(client, "d", retry=Retry(2))
    deadline = time.monotonic() + WAIT
    while counts(client, job) != {"RUNNING": 1}:
        assert time.monotonic() < deadline
    client.end()
    client.wait_for_end()
    with Client(folder) as again:
        wait(again, job)
        (told,) = again.view("describe", job_ids=[job])
    assert told["status"] == "SUCCEEDED"
    assert [each["statusReason"].partition(" (")[0] for each in told["attempts"]] == [
        "Host EC2",
        "Essential container in task exited",
    ]


def test_the_engine_is_killed_again_and_again_and_nothing_is_lost_or_doubled(client, folder, tmp_path):
    """Each child appends its index and its attempt; a few fail at their first attempt. The long version is benchmarks/engine_kills.py."""
    out = tmp_path / "out"
    script = f'echo "$AWS_BATCH_JOB_ARRAY_INDEX $AWS_BATCH_JOB_ATTEMPT" >> {out}; [ $AWS_BATCH_JOB_ATTEMPT = 2 ] || [ $((AWS_BATCH_JOB_ARRAY_INDEX % 9)) != 4 ]'
    define(client, "d", ["sh", "-c", script])
    job = submit(client, "d", size=300, retry=Retry(4))
    chance = random.Random(5)
    for _ in range(5):
        client.wait([job], chance.uniform(0.02, 0.4))
        kill(client)
        client = Client(folder)
    wait(client, job)
    assert counts(client, job) == {"SUCCEEDED": 300}
    lines = Counter(out.read_text().splitlines())
    client.close()
    assert set(lines.values()) == {1}
    assert {int(each.split()[0]) for each in lines} == set(range(300))
    assert {each for each in lines if each.endswith(" 2")} == {f"{i} 2" for i in range(300) if i % 9 == 4}


def test_spot_workers_are_taken_away_and_their_children_run_again(client):
    """This seed takes the first lease, of two children, away after 1.7 s, and the next nine after 9 s or more."""
    spot = Environment("spot", 2, 2000, purchase=Purchase.SPOT, interruptions_per_hour=300.0, notice=0.2, seed=29178)
    client.tell(PutEnvironment(spot, new=True))
    client.tell(PutQueue(Queue("cheap", 1, ("spot",)), new=True))
    rules = (ExitRule(Action.RETRY, on_status_reason="Host EC2*"), ExitRule(Action.EXIT, on_reason="*"))
    define(client, "d", ["sleep", "2"], retry=Retry(10, rules))
    job = submit(client, "d", queue="cheap", size=4)
    wait(client, job)
    assert counts(client, job) == {"SUCCEEDED": 4}
    told = client.view("describe", job_ids=[f"{job}:{i}" for i in range(4)])
    reasons = [each["statusReason"] for child in told for each in child["attempts"][:-1]]
    assert len(reasons) == 2
    assert all(each.startswith("Host EC2 (instance i-") for each in reasons)


def test_a_function_runs_as_a_process(client, tmp_path):
    (tmp_path / "task.py").write_text("import os\n\n\ndef work(child):\n    print(os.getpid())\n    return 7\n")
    container = Container(
        function="task:work", environment={"PYTHONPATH": str(tmp_path)}, resources=Resources(1.0, 256)
    )
    client.tell(Register(Definition("f", container=container)))
    job = submit(client, "f")
    wait(client, job)
    (told,) = client.view("describe", job_ids=[job])
    pid = int(find_log(client.folder, client.view("attempt", job_id=job), None).read_text())
    assert (told["container"]["exitCode"], pid == client.pid, Path(f"/proc/{pid}").exists()) == (7, False, False)


def test_n_to_n_over_the_socket(client):
    define(client, "d", ["sh", "-c", "[ $AWS_BATCH_JOB_ARRAY_INDEX != 2 ]"])
    define(client, "e", ["true"])
    first = submit(client, "d", size=4)
    second = submit(client, "e", size=4, depends_on=(Dependency(first, Kind.N_TO_N),))
    wait(client, first, second)
    assert counts(client, second) == {"SUCCEEDED": 3, "FAILED": 1}
    (told,) = client.view("describe", job_ids=[f"{second}:2"])
    assert told["statusReason"] == "Dependent Job failed"
    assert told["attempts"] == []


def test_the_daemon_is_light():
    """It must import none of the heavy libraries that it does not need."""
    modules = ["numba", "ray", "pyarrow", "scipy", "matplotlib", "boto3"]
    code = f"import sys, sweep.daemon.server; print([m for m in {modules!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert json.loads(done.stdout.replace("'", '"')) == []


def test_nodes_of_one_job_find_each_other(client, tmp_path):
    """The main node starts first and is told to the others; when it ends they are stopped, and the job is what it was."""
    script = f"""
        echo $AWS_BATCH_JOB_NODE_INDEX $AWS_BATCH_JOB_NUM_NODES $AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS >> {tmp_path}/out
        [ $AWS_BATCH_JOB_NODE_INDEX = $AWS_BATCH_JOB_MAIN_NODE_INDEX ] || sleep 600
        while [ $(wc -l < {tmp_path}/out) -lt 3 ]; do sleep 0.05; done
    """
    told = {
        "nodeProperties": {
            "numNodes": 3,
            "mainNode": 1,
            "nodeRangeProperties": [
                {"targetNodes": "0:", "container": {"command": ["sh", "-c", script], "memory": 64, "vcpus": 1}}
            ],
        }
    }
    client.tell(PutEnvironment(Environment("wide", 4, 4000), new=True))
    client.tell(PutQueue(Queue("wide", 1, ("wide",)), new=True))
    client.tell(Register(definition_from(told, "nodes")))
    job = submit(client, "nodes", queue="wide")
    wait(client, job)
    (told,) = client.view("describe", job_ids=[job])
    assert told["status"] == "SUCCEEDED"
    assert sorted((tmp_path / "out").read_text().splitlines()) == ["0 3 127.0.0.1", "1 3", "2 3 127.0.0.1"]
    (other,) = client.view("describe", job_ids=[f"{job}#0"])
    assert other["nodeProperties"] == {"nodeIndex": 0, "isMainNode": False}


def test_gpus_are_given_to_one_child_at_a_time(client, tmp_path):
    client.tell(PutEnvironment(Environment("gpus", 4, 4000, gpus=2), new=True))
    client.tell(PutQueue(Queue("gpus", 1, ("gpus",)), new=True))
    held = f"{tmp_path}/held-$CUDA_VISIBLE_DEVICES"
    script = f"mkdir {held} || exit 9; echo $CUDA_VISIBLE_DEVICES >> {tmp_path}/out; sleep 0.2; rmdir {held}"
    define(client, "d", ["sh", "-c", script], resources=Resources(1.0, 64, 1))
    job = submit(client, "d", queue="gpus", size=4)
    wait(client, job)
    assert counts(client, job) == {"SUCCEEDED": 4}
    given = (tmp_path / "out").read_text().split("\n")[:-1]
    assert (len(given), set(given)) == (4, {"0", "1"})


def test_an_image_that_no_runtime_can_run_is_said_so_in_the_log(client, folder):
    container = Container(("echo", "here"), image="nowhere/sim:1", runtime="container", resources=Resources(1.0, 64))
    client.tell(Register(Definition("boxed", container=container)))
    job = submit(client, "boxed")
    wait(client, job)
    log = find_log(Path(folder), client.view("attempt", job_id=job), None).read_text().splitlines()
    assert log[0].startswith("sweep: image nowhere/sim:1 is not used, its command runs on the host")
    assert log[1] == "here"
