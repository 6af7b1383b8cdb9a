"""Commands under a real engine."""

from __future__ import annotations

from sweep.jobs.definition import Container, NodeGroup, Nodes, Resources, Retry
from sweep.jobs.request import Dependency, Kind
from sweep.jobs.status import Status
from tests.executors.commands.rig import is_alive, shell

SMALL = Resources(vcpus=1, memory=64)


def statuses(job):
    return [Status(each).name for each in job.children["status"].tolist()]


def test_an_array(engined):
    job = engined.run(shell("exit $(( AWS_BATCH_JOB_ARRAY_INDEX % 2 ))"), size=6)
    assert statuses(job) == ["SUCCEEDED", "FAILED"] * 3
    assert job.children["exit"].tolist() == [0, 1] * 3


def test_children_one_after_the_other(engined):
    job = engined.run(shell("true"), size=20, depends_on=(Dependency(kind=Kind.SEQUENTIAL),))
    assert job.status is Status.SUCCEEDED
    assert (job.children["started"][1:] >= job.children["started"][:-1]).all()


def test_retries_have_logs_of_their_own(engined):
    job = engined.run(shell("echo try $AWS_BATCH_JOB_ATTEMPT; [ $AWS_BATCH_JOB_ATTEMPT = 3 ]"), retry=Retry(5))
    assert (job.status, job.children["attempt"].tolist()) == (Status.SUCCEEDED, [3])
    logs = engined.folder / f"logs/{job.id}"
    assert {each.name: each.read_text() for each in logs.iterdir()} == {f"0-{n}.log": f"try {n}\n" for n in (1, 2, 3)}


def test_program_that_is_not_there(engined):
    job = engined.run(Container(command=("no-such-program",)), size=3)
    assert statuses(job) == ["FAILED"] * 3
    assert job.reasons[job.children["status_reason"][0]] == "Task failed to start"
    assert job.reasons[job.children["reason"][0]].startswith("CannotStartContainerError")


def test_timeout_of_what_ignores_it(engined, fifo):
    pids = fifo("pids")
    job = engined.run(
        shell(f"trap '' TERM; echo $$ > {pids.path}; while :; do sleep 1; done"), timeout=1, retry=Retry(3)
    )
    assert (job.status, job.children["exit"].tolist()) == (Status.FAILED, [137])
    assert job.reasons[job.children["status_reason"][0]] == "Job attempt duration exceeded timeout"
    assert not is_alive(int(pids.read()))


def test_terminate(engined, fifo):
    pids = fifo("pids")
    job_id = engined.submit(shell(f"echo $$ > {pids.path}; exec sleep 1000"), size=6)
    running = [int(pids.read()) for _ in range(4)]
    engined.engine.terminate(job_id, "enough")
    job = engined.wait(job_id)
    assert statuses(job) == ["FAILED"] * 6
    assert {job.reasons[each] for each in job.children["status_reason"]} == {"enough"}
    assert not any(is_alive(each) for each in running)


def test_nodes(engined, fifo):
    gate = fifo("gate")
    main = shell(f"env; {gate.wait}", resources=SMALL)
    other = shell(f"env; echo 0 > {gate.path}; exec sleep 1000", resources=SMALL)
    nodes = Nodes(2, 0, (NodeGroup(0, 0, main), NodeGroup(1, 1, other)))
    job = engined.run(None, nodes=nodes)
    assert job.status is Status.SUCCEEDED
    logs = engined.folder / f"logs/{job.id}"
    assert f"AWS_BATCH_JOB_ID={job.id}#0\n" in (logs / "0-1.log").read_text()
    assert "AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS=127.0.0.1\n" in (logs / "1-1.log").read_text()


def test_five_hundred_children(engined):
    job = engined.run(Container(command=("/bin/true",)), size=500)
    assert job.status is Status.SUCCEEDED
    assert job.counts[Status.SUCCEEDED] == 500
