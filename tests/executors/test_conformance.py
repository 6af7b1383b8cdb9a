"""One suite for every worker that runs Python functions. What these do goes to files, since they may run in other processes."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sweep.jobs.definition import Action, Container, Definition, ExitRule, Resources, Retry
from sweep.jobs.environment import Environment
from sweep.jobs.events import Ended, PutEnvironment, PutQueue, Register
from sweep.jobs.loop import Engine, Listener
from sweep.jobs.queue import Queue
from sweep.jobs.request import Request
from sweep.jobs.status import Status
from tests.executors.commands.rig import Fifo, Told, work_of

WAIT = 200
ONCE = Retry()


@dataclass(frozen=True)
class Touch:
    """Leave a line in a file of the child's own each time it runs."""

    folder: str

    def __call__(self, child):
        with Path(self.folder, str(child.index)).open("a") as file:
            file.write(f"{child.attempt} {os.getpid()}\n")
        child.report(10)


@dataclass(frozen=True)
class FailAt:
    index: int

    def __call__(self, child):
        if child.index == self.index:
            raise LookupError(f"index {child.index} is odd")


@dataclass(frozen=True)
class DieOnce:
    """Kill the worker at the first attempt of a few children."""

    folder: str
    always: bool = False

    def __call__(self, child):
        if self.always or (child.index % 7 == 3 and child.attempt == 1):
            os.kill(os.getpid(), signal.SIGKILL)
        Touch(self.folder)(child)


@dataclass(frozen=True)
class Endless:
    """Go on until stopped; a stubborn one never asks whether it is."""

    folder: str
    stubborn: bool = False

    def __call__(self, child):
        Path(self.folder, f"began-{child.index}").touch()
        while True:
            time.sleep(0.01)  # the work: it takes time and does nothing
            if not self.stubborn:
                child.report(0)


@dataclass(frozen=True)
class Stubborn:
    """Say that it has begun, and go on."""

    fifo: str

    def __call__(self, child):
        Path(self.fifo).write_text("begun\n")
        while True:
            time.sleep(0.01)  # as above


def code(child):
    return child.index


def leave(child):
    raise SystemExit(7)


class Hearing(Listener):
    def __init__(self):
        self.counted = 0
        self.errors = []
        self.begun = threading.Event()

    def steps(self, job_id, count):
        self.counted += count

    def raised(self, event, error):
        self.errors.append(error)

    def moved(self, move):
        if move.status is Status.RUNNING:
            self.begun.set()


class Place:
    """An engine over one environment and one queue."""

    def __init__(self, kind):
        self.kind = kind

    @contextmanager
    def engine(self, function, *, vcpus=2, retry=ONCE, timeout=None):
        self.heard = Hearing()
        address = "local" if self.kind == "ray" else None
        with Engine(self.worker({"f": function}), relaxed=("short-timeouts",), listener=self.heard) as engine:
            engine.ask(PutEnvironment(Environment("here", vcpus, 100_000, address=address), new=True))
            engine.ask(PutQueue(Queue("q", 1, ("here",)), new=True))
            container = Container(function="f", resources=Resources(1.0, 100))
            engine.ask(Register(Definition("f", container=container, retry=retry, timeout=timeout)))
            self.made = engine
            yield engine

    def worker(self, functions):
        if self.kind == "ray":
            from sweep.executors.ray import RayWorker

            return lambda environment, tell: RayWorker(functions, environment, tell)
        from sweep.executors.inprocess import InProcess

        return lambda environment, tell: InProcess(functions, tell)

    def run(self, function, size=None, **options):
        with self.engine(function, **options) as engine:
            job_id = engine.submit(Request("job", "q", "f", size=size))
            assert engine.wait([job_id], WAIT)
            with engine.reading() as state:
                return state.jobs[job_id]


@pytest.fixture(params=["inprocess", "ray"])
def place(request):
    if request.param == "ray":
        request.getfixturevalue("ray_here")
    return Place(request.param)


@pytest.mark.parametrize("count", [2, 100, 3000])
def test_each_child_runs_once_and_is_told_once(place, tmp_path, count):
    job = place.run(Touch(str(tmp_path)), count)
    assert job.counts[Status.SUCCEEDED] == count
    assert place.heard.counted == 10 * count
    assert {path.name: len(path.read_text().splitlines()) for path in tmp_path.iterdir()} == {
        str(i): 1 for i in range(count)
    }


def test_a_plain_job(place, tmp_path):
    assert place.run(Touch(str(tmp_path))).status is Status.SUCCEEDED


def test_an_int_is_the_exit_code(place):
    job = place.run(code, 300)
    assert job.children["exit"].tolist() == [i % 256 for i in range(300)]
    assert job.counts[Status.SUCCEEDED] == 2


def truth(child):
    return True


def test_a_bool_is_no_exit_code(place):
    assert place.run(truth).status is Status.SUCCEEDED


def test_leaving_is_an_exit_code(place):
    assert place.run(leave).children["exit"].tolist() == [7]


def test_what_a_function_raises_comes_back_as_it_is(place):
    job = place.run(FailAt(5), 20)
    assert job.counts[Status.FAILED] == 1
    assert (job.children["exit"][5], job.reasons[job.children["reason"][5]]) == (1, "LookupError: index 5 is odd")
    (error,) = place.heard.errors
    assert isinstance(error, LookupError)
    assert str(error) == "index 5 is odd"


def test_a_failure_is_tried_again(place):
    job = place.run(FailAt(1), 3, retry=Retry(3))
    assert job.children["attempt"].tolist() == [1, 3, 1]
    assert len(place.heard.errors) == 3


def test_a_function_that_is_not_there_fails_its_job(place):
    with place.engine(code) as engine:
        engine.ask(Register(Definition("none", container=Container(function="sweep.nowhere:nothing"))))
        job_id = engine.submit(Request("job", "q", "none"))
        assert engine.wait([job_id], WAIT)
        with engine.reading() as state:
            job = state.jobs[job_id]
    assert "Task failed to start" in job.reasons
    assert any("sweep.nowhere" in each for each in job.reasons)


def test_what_runs_is_terminated_and_what_waits_never_begins(place, tmp_path):
    with place.engine(Endless(str(tmp_path))) as engine:
        job_id = engine.submit(Request("job", "q", "f", size=5))
        assert place.heard.begun.wait(WAIT)
        engine.terminate(job_id, "enough")
        assert engine.wait([job_id], WAIT)
        with engine.reading() as state:
            rows = state.jobs[job_id].children
            assert {state.jobs[job_id].reasons[each] for each in rows["status_reason"]} == {"enough"}
    assert len(list(tmp_path.glob("began-*"))) <= 2


def test_a_timeout_ends_an_attempt(place, tmp_path):
    job = place.run(Endless(str(tmp_path)), timeout=0.3)
    assert job.reasons[job.children["status_reason"][0]] == "Job attempt duration exceeded timeout"
    assert job.children["exit"].tolist() == [143]


def test_closing_the_engine_stops_what_runs(place, tmp_path):
    before = set(threading.enumerate())
    with place.engine(Endless(str(tmp_path))) as engine:
        engine.submit(Request("job", "q", "f", size=2))
        assert place.heard.begun.wait(WAIT)
    assert not [each for each in set(threading.enumerate()) - before if each.name.startswith("sweep-")]


@pytest.fixture
def on_ray(ray_here):
    return Place("ray")


LOST = Retry(3, (ExitRule(Action.RETRY, on_status_reason="Host EC2*"), ExitRule(Action.EXIT, on_reason="*")))


def test_a_lost_worker_is_replaced_and_its_children_run_again(on_ray, tmp_path):
    job = on_ray.run(DieOnce(str(tmp_path)), 40, retry=Retry(10))
    assert job.counts[Status.SUCCEEDED] == 40
    assert {path.name for path in tmp_path.iterdir()} == {str(i) for i in range(40)}
    assert job.past[3][0].status_reason.startswith("Host EC2 (instance i-")


def test_a_child_that_always_kills_its_worker_is_given_up(on_ray, tmp_path):
    job = on_ray.run(DieOnce(str(tmp_path), always=True), vcpus=1, retry=LOST)
    assert job.status is Status.FAILED
    assert job.children["attempt"].tolist() == [3]


def test_what_does_not_stop_is_ended_with_its_actor(on_ray, tmp_path):
    from sweep.jobs.effects import Stop

    with on_ray.engine(Endless(str(tmp_path), stubborn=True), vcpus=1) as engine:
        job_id = engine.submit(Request("job", "q", "f"))
        assert on_ray.heard.begun.wait(WAIT)
        with engine.reading() as state:
            (lease,) = state.leases.values()
        engine._act([Stop(lease.id, lease.spans, 0.1)])  # AWS's grace of 30 s is too long for a test
        assert engine.wait([job_id], WAIT)
        with engine.reading() as state:
            assert state.jobs[job_id].children["exit"].tolist() == [137]


def test_what_is_stopped_as_soon_as_it_has_begun_is_ended_too(ray_here, tmp_path):
    from sweep.executors.ray import RayWorker

    begun, told = Fifo(tmp_path / "begun"), Told()
    worker = RayWorker({"f": Stubborn(str(begun.path))}, Environment("here", 1.0, 1000, address="local"), told)
    worker.start(work_of(Container(function="f", resources=Resources(1.0, 100))))
    assert begun.read() == "begun"
    worker.stop(1, ((0, 1, 1),), 0.0)
    told.wait_ended(1)
    assert (
        next(each.exit_code for each in told.events if isinstance(each, Ended)) == 137
    )  # what is told later counts no more
    worker.close()
    begun.close()


def test_jobs_of_other_sizes_take_turns(on_ray, tmp_path):
    with on_ray.engine(Touch(str(tmp_path))) as engine:
        both = Container(function="f", resources=Resources(2.0, 100))
        engine.ask(Register(Definition("both", container=both)))
        jobs = [engine.submit(Request("job", "q", each, size=3)) for each in ("f", "both", "f")]
        assert engine.wait(jobs, WAIT)
        with engine.reading() as state:
            assert {state.jobs[each].status for each in jobs} == {Status.SUCCEEDED}


def test_no_more_actors_than_the_cluster_has_processors_for(tmp_path, ray_here):
    """A child that waits for an actor which cannot be started would wait for ever."""
    job = Place("ray").run(Touch(str(tmp_path)), 12, vcpus=5)
    assert job.counts[Status.SUCCEEDED] == 12


def test_a_session_with_another_cluster_is_not_taken_for_the_one_asked_for(ray_here):
    from sweep.errors import UsageError
    from sweep.executors.cluster import Cluster

    with pytest.raises(UsageError, match=r"not with '127\.0\.0\.1:1'"):
        Cluster(2, "127.0.0.1:1")


@pytest.fixture
def commands_on_ray(ray_here, tmp_path):
    """An engine whose commands are placed by Ray."""
    from sweep.executors.ray import RayWorker

    def make(environment, tell):
        return RayWorker({}, environment, tell, folder=tmp_path / "commands")

    with Engine(make, relaxed=("short-timeouts",)) as engine:
        engine.ask(PutEnvironment(Environment("here", 2, 100_000, address="local"), new=True))
        engine.ask(PutQueue(Queue("q", 1, ("here",)), new=True))
        yield engine


def run_command(engine, command, **options):
    container = Container(tuple(command), resources=Resources(1.0, 200))
    engine.ask(Register(Definition("d", container=container)))
    job_id = engine.submit(Request("job", "q", "d", **options))
    assert engine.wait([job_id], WAIT)
    with engine.reading() as state:
        return state.jobs[job_id]


def test_commands_on_ray(commands_on_ray, tmp_path):
    script = f"echo $AWS_BATCH_JOB_ARRAY_INDEX of $SWEEP_ARRAY_SIZE >> {tmp_path}/out; exit $AWS_BATCH_JOB_ARRAY_INDEX"
    job = run_command(commands_on_ray, ["sh", "-c", script], size=30)
    assert job.children["exit"].tolist() == list(range(30))
    assert sorted((tmp_path / "out").read_text().splitlines()) == sorted(f"{i} of 30" for i in range(30))
    assert len(list(tmp_path.glob("commands/*/logs/*/*.log"))) == 30


def test_a_command_on_ray_is_stopped(commands_on_ray):
    job = run_command(commands_on_ray, ["sleep", "600"], timeout=0.5)
    assert (job.status, job.children["exit"].tolist()) == (Status.FAILED, [143])


def test_a_command_ends_with_its_actor(commands_on_ray, tmp_path):
    """The first attempt kills its actor; nothing of it may be left when the second begins."""
    script = f"""
        if [ $AWS_BATCH_JOB_ATTEMPT = 1 ]; then
            echo $$ > {tmp_path}/first
            folder=$(dirname $(dirname $PWD)); kill -9 ${{folder##*-}}; sleep 600
        fi
        ! grep -q sleep /proc/$(cat {tmp_path}/first)/cmdline
    """
    job = run_command(commands_on_ray, ["sh", "-c", script], retry=LOST)
    assert job.status is Status.SUCCEEDED
    assert job.children["attempt"].tolist() == [2]
