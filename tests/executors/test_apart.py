"""A Ray worker in a process of its own: what happens to it, and to the engine, when one of them dies."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sweep.executors import apart
from sweep.executors.apart import Apart
from sweep.executors.burial import bury_all, bury_dead
from sweep.jobs.definition import Container, Resources
from sweep.jobs.environment import Environment
from sweep.jobs.events import Fate, Unserved
from tests.executors.commands.conftest import fifo
from tests.executors.commands.rig import ROOT, Told, is_alive, shell, wait_dead, work_of

__all__ = ["fifo"]

SMALL = Resources(vcpus=1.0, memory=100)


@pytest.fixture
def begin(tmp_path):
    made = []

    def make(address="local"):
        told = Told()
        made.append(Apart(Environment("far", 2.0, 4000, address=address), told, tmp_path / "far"))
        return made[-1], told

    yield make
    for each in made:
        each.close()


def unserved(told):
    return [each.reason for each in told.events if isinstance(each, Unserved)]


def events_of(told):
    """What a worker told of leases."""
    others = Told()
    others.events = [each for each in told.events if not isinstance(each, Unserved)]
    return others


def wait_ended(told, count):
    told.wait(lambda told: len(events_of(told).ended()) >= count)
    return events_of(told).ended()


def test_its_death_loses_what_ran_and_the_next_lease_begins_another(begin, fifo):
    pids = fifo("pids")
    worker, told = begin()
    worker.start(work_of(shell(f"echo $$ > {pids.path}; exec sleep 1000", resources=SMALL)))
    child = int(pids.read())
    os.kill(worker._process.pid, signal.SIGKILL)
    assert wait_ended(told, 1)[0].fate is Fate.LOST
    assert not is_alive(child)
    assert unserved(told) == ["its worker's process has ended, with exit code -9"]
    worker.over(1)
    again = work_of(Container(function="builtins:repr", resources=SMALL), lease=2)
    worker.start(again)
    told.wait(lambda told: events_of(told).ended(2))
    assert events_of(told).ended(2)[0].exit_code == 0
    worker.start(work_of(shell("exit 3", resources=SMALL), lease=3))
    told.wait(lambda told: events_of(told).ended(3))
    assert events_of(told).ended(3)[0].exit_code == 3


def test_a_cluster_that_is_not_there_leaves_its_environment_unserved(begin):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        worker, told = begin(f"127.0.0.1:{closed.getsockname()[1]}")
        worker.start(work_of(shell("true", resources=SMALL), 3))
        assert {each.fate for each in wait_ended(told, 3).values()} == {Fate.RETURNED}
    (reason,) = unserved(told)
    assert reason.startswith("no Ray cluster answers at '127.0.0.1:")


def test_a_cluster_that_accepts_and_says_nothing_is_given_up(begin, monkeypatch):
    monkeypatch.setattr(apart, "PATIENCE", 4.0)
    with socket.create_server(("127.0.0.1", 0), backlog=50) as mute:
        worker, told = begin(f"127.0.0.1:{mute.getsockname()[1]}")
        worker.start(work_of(shell("true", resources=SMALL)))
        worker.recover(work_of(shell("true", resources=SMALL), lease=2))
        assert wait_ended(told, 1)[0].fate is Fate.RETURNED
        told.wait(lambda told: events_of(told).ended(2))
        assert events_of(told).ended(2)[0].fate is Fate.LOST
    assert unserved(told) == ["its worker has not begun within 4 s"]


def test_a_process_that_cannot_be_started_leaves_its_environment_unserved(begin, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    worker, told = begin()
    worker.start(work_of(shell("true", resources=SMALL)))
    assert wait_ended(told, 1)[0].fate is Fate.RETURNED
    assert unserved(told) == ["its worker's process cannot be started: No such file or directory"]


def test_when_the_engine_dies_it_ends_its_actors_and_itself(tmp_path, fifo):
    pids = fifo("pids")
    script = f"trap '' TERM; echo $$ > {pids.path}; while :; do sleep 1; done"
    code = f"""
        import signal
        from pathlib import Path
        from sweep.executors.apart import Apart
        from sweep.jobs.environment import Environment
        from tests.executors.commands.rig import Told, shell, work_of
        from tests.executors.test_apart import SMALL
        if __name__ == "__main__":
            worker = Apart(Environment("far", 2.0, 4000, address="local"), Told(), Path({str(tmp_path / "far")!r}))
            worker.start(work_of(shell({script!r}, resources=SMALL)))
            print(worker._process.pid, flush=True)
            signal.pause()
    """
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'kernels'}"}
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True, env=environment
    ) as engine:
        lodger = int(engine.stdout.readline())
        child = int(pids.read())
        engine.kill()
    wait_dead(lodger)
    wait_dead(child)


@pytest.fixture
def other_actor(tmp_path, fifo):
    """A process that has a command run as an actor does, and the command's process."""
    pids = fifo("pids")
    code = f"""
        import signal, sys
        from pathlib import Path
        sys.executable = {sys.executable!r}  # our name hides it
        from sweep.executors.burial import actor_folder
        from sweep.executors.commands.worker import Commands
        from tests.executors.commands.rig import Told, shell, work_of
        worker = Commands(actor_folder(Path({str(tmp_path)!r})), Told(), mortal=True)
        worker.start(work_of(shell("echo $$ > {pids.path}; exec env -i sleep 1000"), 2, slots=1))
        signal.pause()
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    with subprocess.Popen(
        ["ray::actor", "-c", textwrap.dedent(code)],
        executable=sys.executable,
        env=environment,
    ) as process:
        yield process, int(pids.read())
        process.kill()
    bury_all(tmp_path)


def test_an_earlier_engines_actor_is_dead_with_all_it_ran_before_anything_is_lost(other_actor, tmp_path):
    actor, child = other_actor
    bury_dead(tmp_path)
    assert is_alive(child)
    bury_all(tmp_path)
    assert not is_alive(child)
    assert not is_alive(actor.pid)
    assert not list(tmp_path.glob("*/logs/job/1-1.log"))


def test_what_a_dead_actor_left_is_buried_by_the_next(other_actor, tmp_path):
    actor, child = other_actor
    runner = int(Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[1])
    os.kill(runner, signal.SIGSTOP)  # or it would end by itself
    actor.kill()
    actor.wait()
    assert is_alive(child)
    bury_dead(tmp_path)
    assert not is_alive(child)
    assert not is_alive(runner)


def test_what_is_recovered_is_lost_when_all_of_it_is_dead(other_actor, tmp_path):
    actor, child = other_actor
    alive = []

    class Watching(Told):
        def __call__(self, event, error=None):
            alive.append(is_alive(child) or is_alive(actor.pid))
            super().__call__(event, error)

    told = Watching()
    worker = Apart(Environment("far", 2.0, 4000, address="local"), told, tmp_path)
    worker.recover(work_of(shell("true", resources=SMALL), 2))
    assert {each.fate for each in wait_ended(told, 2).values()} == {Fate.LOST}
    assert not any(alive)
    worker.close()
