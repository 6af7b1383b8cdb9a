"""The loop: events in, written down, acted upon, answered; and what becomes of everybody when it fails."""

from __future__ import annotations

import threading

import pytest

from sweep.errors import JobError, SweepError, UsageError
from sweep.jobs.codec import encode
from sweep.jobs.definition import Container, Definition
from sweep.jobs.environment import Environment
from sweep.jobs.events import Begun, DeleteEnvironment, Ended, Fate, PutEnvironment, PutQueue, Register, Submit
from sweep.jobs.journal import Journal, read_story
from sweep.jobs.loop import Engine, Listener
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
    times = iter([0.0, 5.0, 4.0, 3.0, 6.0] + [7.0] * 100)
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


def test_who_asks_while_the_engine_ends_is_told(hands):
    engine = Engine(hands).start()
    furnish(engine)
    told = []

    def ask():
        with pytest.raises(JobError, match="the engine has ended") as raised:
            engine.submit(Request("job", "q", "d"))
        told.append(raised.value)

    late, refuse = threading.Thread(target=ask, daemon=True), engine._refuse_rest

    def at_the_end():
        refuse()
        late.start()
        late.join(WAIT)

    engine._refuse_rest = at_the_end
    engine.close()
    assert told


def test_what_is_posted_and_refused_ends_nothing(hands):
    with Engine(hands) as engine:
        furnish(engine)
        engine.post(DeleteEnvironment("nowhere"))
        assert engine.submit(Request("job", "q", "d"))
        assert not engine.failed.is_set()


class Deaf(Listener):
    def moved(self, move):
        raise ZeroDivisionError


def test_an_engine_that_fails_says_so_without_being_asked(hands):
    engine = Engine(hands, listener=Deaf()).start()
    furnish(engine)
    with pytest.raises(RuntimeError, match="the job engine has failed") as raised:
        engine.submit(Request("job", "q", "d"))
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
    assert engine.failed.wait(WAIT)
    engine.close()


def test_one_child_can_be_waited_for(hands):
    with Engine(hands) as engine:
        furnish(engine)
        job_id = engine.submit(Request("job", "q", "d", size=2))
        work = hands.worker.await_lease(1)
        assert not engine.wait([f"{job_id}:1", "nobody"], timeout=0)
        hands.worker.tell(Ended(work.lease, 1, 2, 1, exit_code=0))
        assert engine.wait([f"{job_id}:1"], WAIT)
        assert not engine.wait([f"{job_id}:1", job_id, f"{job_id}:0"], timeout=0)


def test_an_environment_that_is_elsewhere_now_gets_another_worker(hands):
    made = []

    def make(environment, tell):
        made.append(hands(environment, tell))
        return made[-1]

    with Engine(make) as engine:
        furnish(engine)
        engine.submit(Request("job", "q", "d"))
        work = hands.worker.await_lease(1)
        there = Environment("here", 2, 10_000, address="10.0.0.1:6379")
        with pytest.raises(JobError, match="cannot change while jobs run in it"):
            engine.ask(PutEnvironment(there))
        engine.ask(PutEnvironment(Environment("here", 3, 10_000)))
        hands.worker.end(work)
        engine.ask(PutEnvironment(there))
        assert [each.closed for each in made] == [True]
        engine.submit(Request("job", "q", "d"))
        assert len(made) == 2


def test_the_worker_of_an_environment_that_was_deleted_is_let_go(hands):
    with Engine(hands) as engine:
        furnish(engine)
        job_id = engine.submit(Request("job", "q", "d"))
        hands.worker.end(hands.worker.await_lease(1))
        assert engine.wait([job_id], WAIT)
        engine.ask(PutEnvironment(Environment("spare", 2, 10_000), new=True))
        engine.ask(PutQueue(Queue("q", 1, ("spare",))))
        engine.ask(PutEnvironment(Environment("here", 2, 10_000, enabled=False)))
        engine.ask(DeleteEnvironment("here"))
        assert hands.worker.closed


class Slow(Obedient):
    """A worker that begins nothing before somebody has looked at the state."""

    def __init__(self, tell):
        super().__init__(tell)
        self.looked = threading.Event()

    def start(self, work):
        super().start(work)
        assert self.looked.wait(WAIT)


def test_the_state_can_be_looked_at_while_a_worker_takes_its_time():
    made = []

    def make(environment, tell):
        made.append(Slow(tell))
        return made[0]

    with Engine(make) as engine:
        furnish(engine)
        engine.post(Submit("job", Request("job", "q", "d")))
        while not made:
            engine.wait([], timeout=0)
        made[0].await_lease(1)
        with engine.reading() as state:
            assert state.jobs["job"].status is Status.STARTING
        made[0].looked.set()


class Suspicious(Obedient):
    """A worker that looks into the journal before it begins anything."""

    def __init__(self, tell, folder):
        super().__init__(tell)
        self.folder = folder
        self.read = []

    def start(self, work):
        _, events = read_story(self.folder)
        self.read += [event.job_id for _, event in events if isinstance(event, Submit)]
        super().start(work)


def test_nothing_is_begun_before_it_is_written_down(tmp_path):
    made = []

    def make(environment, tell):
        made.append(Suspicious(tell, tmp_path))
        return made[0]

    with Engine(make, Journal(tmp_path)) as engine:
        furnish(engine)
        job_id = engine.submit(Request("job", "q", "d"))
        assert made[0].read == [job_id]


def test_time_goes_on_from_the_journals_last_though_the_clock_was_set_back(hands, tmp_path):
    with Engine(hands, Journal(tmp_path), clock=lambda: 5000.0) as engine:
        furnish(engine)
    times = iter([1000.0] + [1060.0] * 100)
    with Engine(hands, Journal(tmp_path), clock=lambda: next(times)) as engine:
        job_id = engine.submit(Request("job", "q", "d"))
        with engine.reading() as state:
            assert state.jobs[job_id].created == 5_060_000


def test_an_alarm_in_many_years_ends_nothing(hands):
    with Engine(hands) as engine:
        furnish(engine)
        engine.submit(Request("job", "q", "d", timeout=2.0**31 - 1))
        hands.worker.tell(Begun(hands.worker.await_lease(1).lease, 0, 1, 1, at=1))
        assert engine.submit(Request("job", "q", "d"))


def test_an_engine_that_cannot_write_its_last_snapshot_lets_go_of_its_folder(hands, tmp_path):
    engine = Engine(hands, Journal(tmp_path)).start()
    engine._journal._database.execute("PRAGMA query_only=1")
    with pytest.raises(SweepError, match="cannot be read or written"):
        engine.close()
    Journal(tmp_path).close()
