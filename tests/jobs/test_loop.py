"""The loop: events in, written down, acted upon, answered; and what becomes of everybody when it fails."""

from __future__ import annotations

import threading

import pytest

from sweep.errors import JobError, UsageError
from sweep.jobs.codec import encode
from sweep.jobs.definition import Container, Definition
from sweep.jobs.environment import Environment
from sweep.jobs.events import Begun, Ended, Fate, PutEnvironment, PutQueue, Register
from sweep.jobs.journal import Journal
from sweep.jobs.loop import Engine
from sweep.jobs.queue import Queue
from sweep.jobs.request import Request
from sweep.jobs.status import Status

WAIT = 30


class Obedient:
    """A worker that notes what it is given; tests tell how it ends."""

    def __init__(self, tell):
        self.tell = tell
        self.started, self.recovered, self.stopped, self.forgotten = [], [], [], []
        self.given = threading.Condition()
        self.closed = False

    def start(self, work):
        with self.given:
            self.started.append(work)
            self.given.notify_all()

    def recover(self, work):
        self.recovered.append(work)

    def stop(self, lease, spans, grace):
        self.stopped.append((lease, spans, grace))

    def over(self, lease):
        self.forgotten.append(lease)

    def close(self):
        self.closed = True

    def await_lease(self, number):
        with self.given:
            assert self.given.wait_for(lambda: len(self.started) >= number, WAIT)
        return self.started[number - 1]

    def end(self, work, **how):
        for first, last, attempt in work.spans:
            self.tell(Ended(work.lease, first, last, attempt, exit_code=0, started=1, **how))


class Hands:
    """Makes one worker and remembers it."""

    def __call__(self, environment, tell):
        self.worker = Obedient(tell)
        return self.worker


def furnish(engine):
    engine.ask(PutEnvironment(Environment("here", 2, 10_000), new=True))
    engine.ask(PutQueue(Queue("q", 1, ("here",)), new=True))
    engine.ask(Register(Definition("d", container=Container(("true",)))))


@pytest.fixture
def hands():
    return Hands()


def test_a_job_from_submission_to_its_end(hands):
    with Engine(hands) as engine:
        furnish(engine)
        job_id = engine.submit(Request("job", "q", "d"))
        work = hands.worker.await_lease(1)
        assert work.environment(0, 1)["AWS_BATCH_JOB_ID"] == job_id
        assert not engine.wait([job_id], timeout=0)
        hands.worker.end(work)
        assert engine.wait([job_id], WAIT)
        with engine.reading() as state:
            assert state.jobs[job_id].status is Status.SUCCEEDED
        assert hands.worker.forgotten == [work.lease]
    assert hands.worker.closed


def test_a_refusal_is_raised_to_who_asked_and_the_engine_goes_on(hands):
    with Engine(hands) as engine:
        furnish(engine)
        with pytest.raises(JobError, match="JobQueue p does not exist"):
            engine.submit(Request("job", "p", "d"))
        assert engine.submit(Request("job", "q", "d"))


def test_stopping_reaches_the_worker(hands):
    with Engine(hands) as engine:
        furnish(engine)
        job_id = engine.submit(Request("job", "q", "d"))
        work = hands.worker.await_lease(1)
        hands.worker.tell(Begun(work.lease, 0, 1, 1, at=1))
        engine.terminate(job_id, "enough")
        assert hands.worker.stopped == [(work.lease, ((0, 1, 1),), 30.0)]


def test_time_alone_brings_timeouts_about(hands):
    with Engine(hands, relaxed=("short-timeouts",)) as engine:
        furnish(engine)
        job_id = engine.submit(Request("job", "q", "d", timeout=0.05))
        work = hands.worker.await_lease(1)
        with engine.reading() as state:
            now = state.jobs[job_id].created
        hands.worker.tell(Begun(work.lease, 0, 1, 1, at=now))
        hands.worker.stopped = Awaited()
        assert hands.worker.stopped.appended.wait(WAIT)


class Awaited(list):
    def __init__(self):
        super().__init__()
        self.appended = threading.Event()

    def append(self, item):
        super().append(item)
        self.appended.set()


def test_an_engine_that_died_goes_on_from_its_journal(hands, tmp_path):
    first = Engine(hands, Journal(tmp_path)).start()
    furnish(first)
    job_id = first.submit(Request("job", "q", "d", size=3))
    work = hands.worker.await_lease(1)
    with first.reading() as state:
        before = encode(state)
    first._messages.put(None)
    first._journal.close()  # as if it were killed: nothing else is said to anybody

    after = Hands()
    with Engine(after, Journal(tmp_path)) as second:
        with second.reading() as state:
            assert encode(state) == before
        assert [each.spans for each in after.worker.recovered] == [work.spans]
        for each in after.worker.recovered:
            after.worker.end(each, fate=Fate.EXITED)
        after.worker.end(after.worker.await_lease(1))
        assert second.wait([job_id], WAIT)


def test_what_was_to_be_stopped_is_stopped_again_after_a_death(hands, tmp_path):
    first = Engine(hands, Journal(tmp_path)).start()
    furnish(first)
    job_id = first.submit(Request("job", "q", "d"))
    work = hands.worker.await_lease(1)
    first.terminate(job_id, "enough")
    first._messages.put(None)
    first._journal.close()

    after = Hands()
    with Engine(after, Journal(tmp_path)):
        assert after.worker.stopped == [(work.lease, work.spans, 30.0)]


def test_time_never_runs_backwards(hands):
    times = iter([5.0, 4.0, 3.0, 6.0] + [7.0] * 100)
    with Engine(hands, clock=lambda: next(times)) as engine:
        furnish(engine)
        engine.submit(Request("job", "q", "d"))
        with engine.reading() as state:
            assert [each.created for each in state.jobs.values()] == [6000]


def test_an_environment_without_a_worker_stops_nothing_else(hands, tmp_path):
    there = threading.Event()

    def make(environment, tell):
        if environment.name == "away" and not there.is_set():
            raise UsageError("no cluster answers")
        return hands(environment, tell)

    with Engine(make, Journal(tmp_path)) as engine:
        furnish(engine)
        away = Environment("away", 2, 10_000)
        engine.ask(PutEnvironment(away, new=True))
        engine.ask(PutQueue(Queue("far", 1, ("away",)), new=True))
        stuck = engine.submit(Request("stuck", "far", "d"))
        engine.submit(Request("fine", "q", "d"))
        hands.worker.end(hands.worker.await_lease(1))
        with engine.reading() as state:
            assert state.invalid["away"][0] == "no cluster answers"
            assert state.jobs[stuck].status is Status.RUNNABLE
            assert state.jobs[stuck].children["attempt"][0] == 0
        there.set()
        engine.ask(PutEnvironment(away))
        assert hands.worker.await_lease(1).job_id == stuck
        with engine.reading() as state:
            assert not state.invalid


class Broken(Obedient):
    def start(self, work):
        raise UsageError("there is no such place")


def test_when_the_engine_fails_everybody_is_told():
    engine = Engine(lambda environment, tell: Broken(tell)).start()
    furnish(engine)
    with pytest.raises(UsageError, match="no such place"):
        engine.submit(Request("job", "q", "d"))
    with pytest.raises(UsageError, match="no such place"):
        engine.wait(["x"])
    with pytest.raises(UsageError, match="no such place"):
        engine.submit(Request("job", "q", "d"))
    engine.close()


def test_who_asks_a_closed_engine_is_told(hands):
    with Engine(hands) as engine:
        furnish(engine)
    with pytest.raises(JobError, match="the engine has ended"):
        engine.submit(Request("job", "q", "d"))
