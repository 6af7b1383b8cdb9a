"""Deaths: of the engine, of the runner, of both."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sweep.executors.commands.address import connect
from sweep.executors.commands.files import Files
from sweep.executors.commands.leftovers import bury
from sweep.executors.commands.line import Line
from sweep.executors.commands.link import last_instance
from sweep.executors.commands.loop import Loop
from sweep.executors.commands.processes import boot
from sweep.executors.commands.wire import pack
from sweep.jobs.definition import Retry
from sweep.jobs.events import Fate
from sweep.jobs.journal import Journal
from sweep.jobs.status import Status
from tests.executors.commands.rig import DEADLINE, ROOT, Alone, Engined, is_alive, shell, wait_dead, work_of


def runner_of(child):
    """The process that started another."""
    return int(Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[1])


def wait_any_dead(pids):
    """Wait until one of some processes is dead."""
    processes = []
    try:
        processes.extend(os.pidfd_open(each) for each in pids)
        dead, _, _ = select.select(processes, [], [], DEADLINE)
        assert dead
    except ProcessLookupError:
        return  # it is dead already
    finally:
        for each in processes:
            os.close(each)


def waiting(begun, gate):
    return f"echo $AWS_BATCH_JOB_ARRAY_INDEX $AWS_BATCH_JOB_ATTEMPT $$ > {begun.path}; {gate.wait}; exit $code"


@pytest.fixture
def first_engine(tmp_path, folder):
    """An engine in a process of its own, that can be killed."""

    def start(script, **options):
        code = f"""
            import signal
            from pathlib import Path
            from sweep.jobs.journal import Journal
            from tests.executors.commands.rig import Engined, shell
            from sweep.jobs.definition import Retry
            rig = Engined(Path({str(folder)!r}), Journal(Path({str(tmp_path / "journal")!r})))
            print(rig.submit(shell({script!r}), **{options!r}), flush=True)
            signal.pause()
        """
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'kernels'}"}
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True, env=environment
        )
        started.append(process)
        return process, process.stdout.readline().strip()

    started = []
    yield start
    for each in started:
        each.kill()
        each.wait()
        each.stdout.close()
    files = Files(str(folder))
    bury(files, last_instance(files))


@pytest.fixture
def second_engine(tmp_path, folder):
    started = []

    def start():
        from sweep.jobs.loop import Engine

        rig = Engined.__new__(Engined)
        rig.folder = folder
        rig.engine = Engine(rig._worker, Journal(tmp_path / "journal"))
        started.append(rig)
        rig.engine.start()
        return rig

    yield start
    for each in started:
        each.engine.close()


def test_an_engine_that_was_killed_finds_its_children_again(first_engine, second_engine, fifo):
    begun, gate = fifo("begun"), fifo("gate")
    engine, job_id = first_engine(waiting(begun, gate), size=6)
    pids = [int(begun.read().split()[2]) for _ in range(4)]
    engine.kill()
    engine.wait()
    gate.write("3")
    wait_any_dead(pids)
    runners = {runner_of(each) for each in pids if is_alive(each)}
    rig = second_engine()
    for _ in range(5):
        gate.write("0")
    pids = [int(begun.read().split()[2]) for _ in range(2)]
    job = rig.wait(job_id)
    assert len(runners) == 1
    assert sorted(job.children["exit"].tolist()) == [0, 0, 0, 0, 0, 3]
    assert job.children["attempt"].tolist() == [1] * 6
    assert len(list((rig.folder / f"logs/{job_id}").iterdir())) == 6


def test_engine_and_runner_killed(first_engine, second_engine, fifo):
    begun, gate = fifo("begun"), fifo("gate")
    engine, job_id = first_engine(waiting(begun, gate), size=5, retry=Retry(2))
    pids = [int(begun.read().split()[2]) for _ in range(4)]
    engine.kill()
    engine.wait()
    os.kill(runner_of(pids[0]), signal.SIGKILL)
    rig = second_engine()
    assert not any(is_alive(each) for each in pids)
    again = [tuple(map(int, begun.read().split())) for _ in range(4)]
    for _ in range(5):
        gate.write("0")
    again.append(tuple(map(int, begun.read().split())))
    job = rig.wait(job_id)
    assert job.status is Status.SUCCEEDED
    assert sorted(each[:2] for each in again) == [(0, 2), (1, 2), (2, 2), (3, 2), (4, 1)]


def test_runner_killed(engined, fifo):
    """Leftovers are dead before the retry begins."""
    begun, gate = fifo("begun"), fifo("gate")
    job_id = engined.submit(shell(waiting(begun, gate)), size=2, retry=Retry(2))
    pids = [int(begun.read().split()[2]) for _ in range(2)]
    os.kill(runner_of(pids[0]), signal.SIGKILL)
    again = [begun.read().split() for _ in range(2)]
    assert {each[1] for each in again} == {"2"}
    assert not any(is_alive(each) for each in pids)
    gate.write("0")
    gate.write("0")
    job = engined.wait(job_id)
    assert job.status is Status.SUCCEEDED
    assert {job.past[each][0].status_reason[:8] for each in range(2)} == {"Host EC2"}


def test_runner_killed_loses_only_what_had_begun(alone, fifo):
    begun, gate = fifo("begun"), fifo("gate")
    alone.commands.start(work_of(shell(waiting(begun, gate)), 5))
    pids = [int(begun.read().split()[2]) for _ in range(2)]
    alone.told.wait(lambda told: len(told.begun()) == 2)
    alone.commands.stop(1, ((4, 5, 1),), 1.0)
    os.kill(runner_of(pids[0]), signal.SIGKILL)
    assert {begun.read().split()[0] for _ in range(2)} == {"2", "3"}
    gate.write("0")
    gate.write("0")
    fates = {index: each.fate.name for index, each in alone.told.wait_ended(5).items()}
    assert fates == {0: "LOST", 1: "LOST", 2: "EXITED", 3: "EXITED", 4: "RETURNED"}


def test_a_runner_that_cannot_be_started_loses_all(alone, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    ended = alone.run(shell("true"), 3)
    assert {each.fate for each in ended.values()} == {Fate.LOST}
    assert "runner.log" in ended[0].reason


def test_everything_is_told_again(alone, fifo):
    begun, gate = fifo("begun"), fifo("gate")
    work = work_of(shell(waiting(begun, gate)), 3)
    alone.commands.start(work)
    for _ in range(2):
        begun.read()
    gate.write("5")
    begun.read()
    alone.told.wait(lambda told: len(told.begun()) == 2 and len(told.ended()) == 1)
    alone.desert()
    again = Alone(alone.folder)
    again.commands.recover(work)
    again.told.wait(lambda told: len(told.begun()) == 2 and len(told.ended()) == 1)
    gate.write("0")
    gate.write("0")
    assert sorted(each.exit_code for each in again.told.wait_ended(3).values()) == [0, 0, 5]
    again.commands.close()


def test_a_lease_that_was_written_down_and_never_sent_is_begun(alone):
    alone.commands.recover(work_of(shell("exit 6")))
    assert alone.told.wait_ended(1)[0].exit_code == 6


def test_what_ran_before_an_orderly_end_is_lost(folder):
    first = Alone(folder)
    first.run(shell("exit 0"))
    first.commands.close()
    second = Alone(folder)
    second.commands.recover(work_of(shell("exit 6"), 2))
    ended = second.told.wait_ended(2)
    assert (ended[0].fate, ended[1].exit_code) == (Fate.LOST, 6)
    second.commands.close()


def test_a_runner_without_engine_and_work_ends(alone, fifo):
    pids, gate = fifo("pids"), fifo("gate")
    alone.commands.start(work_of(shell(f"echo $PPID > {pids.path}; {gate.wait}")))
    runner = int(pids.read())
    alone.desert()
    gate.write("0")
    again = Alone(alone.folder)
    again.commands.recover(work_of(shell("")))
    assert again.told.wait_ended(1)[0].fate is Fate.EXITED
    again.commands.over(1)
    again.desert()
    wait_dead(runner)
    assert not (alone.folder / "runner.sock").exists()


def test_bury_kills_all_that_bears_the_mark(alone, fifo):
    pids = fifo("pids")
    alone.commands.start(
        work_of(shell(f"(setsid sleep 1000 & echo $! > {pids.path}); echo $$ > {pids.path}; sleep 1000"))
    )
    found = [int(pids.read()) for _ in range(2)]
    alone.commands._closing = True
    files = Files(str(alone.folder))
    bury(files, last_instance(files))
    assert not any(is_alive(each) for each in found)


def test_a_runner_of_another_version_is_ended(alone, fifo, monkeypatch):
    pids = fifo("pids")
    work = work_of(shell(f"echo $$ > {pids.path}; exec sleep 1000"))
    alone.commands.start(work)
    child = int(pids.read())
    alone.desert()
    monkeypatch.setattr("sweep.executors.commands.link.VERSION", 0)
    again = Alone(alone.folder)
    again.commands.recover(work)
    assert again.told.wait_ended(1)[0].fate is Fate.LOST
    assert not is_alive(child)
    again.commands.close()


def test_terminated_runner_ends_its_children(alone, fifo):
    pids = fifo("pids")
    alone.commands.start(work_of(shell(f"echo $$ > {pids.path}; exec sleep 1000")))
    child = int(pids.read())
    runner = runner_of(child)
    alone.told.wait(lambda told: told.begun())
    os.kill(runner, signal.SIGTERM)
    wait_dead(child)
    wait_dead(runner)
    assert alone.told.wait_ended(1)[0].fate is Fate.LOST


def test_what_hides_from_the_dead_runners_heir_dies_too(alone, fifo):
    """It lost the mark; it is known by its session."""
    pids = fifo("pids")
    alone.commands.start(work_of(shell(f"echo $$ > {pids.path}; exec env -i sleep 1000")))
    child = int(pids.read())
    alone.told.wait(lambda told: told.begun())
    os.kill(runner_of(child), signal.SIGKILL)
    assert alone.told.wait_ended(1)[0].fate is Fate.LOST
    assert not is_alive(child)


def test_a_session_of_another_boot_or_leader_is_left_alone(folder):
    folder.mkdir()
    files = Files(str(folder))
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, start_new_session=True) as other:
        files.write_note(instance="gone", session=other.pid, boot=boot())
        bury(files, "gone")
        assert is_alive(other.pid)
        files.write_note(instance="gone", session=other.pid, boot="another")
        bury(files, "gone")
        assert is_alive(other.pid)
        other.stdin.close()


def test_a_stranger_does_not_become_the_engine(alone, fifo):
    pids, gate = fifo("pids"), fifo("gate")
    alone.commands.start(work_of(shell(f"echo $$ > {pids.path}; {gate.wait}")))
    pids.read()
    for said in (b"", b"hi\n", b"[]\n", b'{"do": "close"}\n', b'{"do": "hello", "instance": "another"}\n'):
        stranger = connect(alone.folder / "runner.sock")
        stranger.sendall(said)
        if said:
            stranger.settimeout(DEADLINE)
            assert stranger.recv(100) == b""
        stranger.close()
    gate.write("0")
    ended = alone.told.wait_ended(1)[0]
    assert (ended.fate, ended.exit_code) == (Fate.EXITED, 0)


@pytest.mark.parametrize("speaks", [False, True])
def test_what_was_said_before_a_hang_up_is_heard(speaks):
    """The other end closes with something unread, and we have more to say: both are errors that must not hide what it said."""
    heard, gone = [], []
    loop = Loop()
    ours, theirs = socket.socketpair()
    line = Line(ours, loop, lambda _, message: heard.append(message["n"]), gone.append)
    line.send({"never": "read"})
    for n in range(3):
        theirs.sendall(pack({"n": n}))
    theirs.close()
    if speaks:
        line.send({"more": 1})
    while not gone:
        loop.turn(wait=True)
    loop.close()
    assert (heard, gone) == ([0, 1, 2], [line])


def test_an_engine_that_a_job_starts_outlives_the_job(alone, fifo):
    pids = fifo("pids")
    engine = f"SWEEP_RUNNER=free setsid sleep 1000 & echo $! > {pids.path}"
    alone.run(shell(f"{engine}; sleep 0.1"))
    pid = int(pids.read())
    alone.run(shell("true"), lease=2)
    alone.commands.close()
    try:
        assert is_alive(pid)
    finally:
        os.kill(pid, signal.SIGKILL)
