"""The engine at work: events come in from users, workers and the clock; are handled, written down, and acted upon, in that order."""

from __future__ import annotations

import queue
import threading
import uuid
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from sweep.errors import JobError, SweepError
from sweep.jobs.attempts import stops_due
from sweep.jobs.clock import next_alarm
from sweep.jobs.effects import Answer, Moved, Over, Start, Stop, Unneeded
from sweep.jobs.engine import handle
from sweep.jobs.events import Begun, Cancel, Ended, Event, Fate, Submit, Terminate, Tick, Unserved
from sweep.jobs.limits import check_relaxations
from sweep.jobs.state import State
from sweep.jobs.status import Status
from sweep.jobs.steadyclock import steady_clock
from sweep.jobs.work import work_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sweep.jobs.effects import Effect
    from sweep.jobs.environment import Environment
    from sweep.jobs.journal import Journal
    from sweep.jobs.lease import Lease
    from sweep.jobs.request import Request
    from sweep.jobs.work import Tell, Worker

__all__ = ["Engine", "Listener"]

AT_ONCE = 1000
"""How many messages are handled before the journal is written."""

LONGEST_SLEEP = 3600.0
"""Seconds; some clocks cannot be asked to wait for as long as a rare event may take."""


class Listener:
    """Hears what happens; each method is called on the engine's thread, while nobody can look at the state, and must not wait."""

    def attached(self, state: State) -> None:
        """Hear of the engine's state before it begins; it may be looked at during the other calls, and only then."""

    def moved(self, move: Moved) -> None:
        """Hear that children have come to another state."""

    def raised(self, event: Ended, error: BaseException) -> None:
        """Hear what a Python function raised."""

    def steps(self, job_id: str, count: int) -> None:
        """Hear that children of a job have gone on by so many steps; called on any thread."""


class Engine:
    """A job engine in this process.

    Parameters
    ----------
    make_worker
        Called once for each compute environment that is used, with the way to tell the engine what happens.
    journal
        Where events are written; nowhere when left out, and the engine forgets everything when it is closed.
    relaxed
        Limits not held to, for an engine without a journal.
    listener
        Hears what happens.
    clock
        Seconds since 1970; by default one that is not set while the engine runs. Should it be behind the journal, the engine goes on from
        the journal's last time.

    Attributes
    ----------
    failed
        Set when the engine has come to an end that nobody asked for; whoever asks it then is told why.
    """

    def __init__(
        self,
        make_worker: Callable[[Environment, Tell], Worker],
        journal: Journal | None = None,
        *,
        relaxed: tuple[str, ...] = (),
        listener: Listener | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        check_relaxations(relaxed)
        self._make_worker = make_worker
        self._journal = journal
        self._listener = listener or Listener()
        self._clock = steady_clock() if clock is None else clock
        self._messages: queue.SimpleQueue[_Message | None] = queue.SimpleQueue()
        self._workers: dict[str, Worker] = {}
        self._changed = threading.Condition()
        self._state = State(relaxed=relaxed) if journal is None else journal.load()
        self._now = self._state.now
        self._ahead = max(0, self._now - int(self._clock() * 1000))
        self._failure: BaseException | None = None
        self.failed = threading.Event()
        self._gate = threading.Lock()
        self._going = False
        self._thread = threading.Thread(target=self._run, name="sweep-engine", daemon=True)

    # for users

    def ask(self, event: Event) -> Any:
        """Have a request handled, and return the answer when it has been written down.

        Raises
        ------
        JobError
            If it is refused.
        """
        answer: Future[Any] = Future()
        with self._gate:
            if not self._going:
                raise self._told_failure()
            self._messages.put(_Message(event, answer=answer))
        return answer.result()

    def post(self, event: Event) -> None:
        """Have a request handled, and do not wait for it: nobody hears of a refusal. May be called by a listener."""
        self._messages.put(_Message(event))

    def submit(self, request: Request, job_id: str | None = None) -> str:
        """Submit a job and return its id, which is a new one when left out."""
        return self.ask(Submit(job_id or str(uuid.uuid4()), request))

    def cancel(self, job_id: str, reason: str) -> None:
        """Cancel a job or a child."""
        self.ask(Cancel(job_id, reason))

    def terminate(self, job_id: str, reason: str) -> None:
        """Terminate a job or a child."""
        self.ask(Terminate(job_id, reason))

    @contextmanager
    def reading(self) -> Generator[State]:
        """Look at the state while nothing changes it."""
        with self._changed:
            self._raise_failure()
            yield self._state

    def wait(self, job_ids: list[str], timeout: float | None = None) -> bool:
        """Wait until jobs, children or nodes have ended; return whether they have. What is not known is not waited for.

        Parameters
        ----------
        timeout
            Seconds; for ever when left out.
        """
        left = list(dict.fromkeys(job_ids))

        def over() -> bool:
            while left and _is_over(self._state, left[-1]):
                left.pop()
            return self._failure is not None or not left

        with self._changed:
            done = self._changed.wait_for(over, timeout)
            self._raise_failure()
        return done

    def start(self) -> Self:
        """Begin, and take up what was running when the engine last ended."""
        self._listener.attached(self._state)
        for lease in [each for each in self._state.leases.values() if not each.held]:
            worker = self._worker_for(lease, Fate.LOST)
            if worker is not None:
                worker.recover(work_of(self._state, lease.id))
        self._act(stops_due(self._state))
        self._going = True
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop handling events; end the workers' work; write a snapshot."""
        if self._thread.is_alive():
            self._messages.put(None)
            self._thread.join()
        try:
            for each in self._workers.values():
                each.close()
            if self._journal is not None and self._failure is None:
                self._journal.snapshot(self._state)
        finally:
            if self._journal is not None:
                self._journal.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.close()

    # for workers

    def __call__(self, event: Begun | Ended | Unserved, error: BaseException | None = None) -> None:
        """Take what a worker tells; see `sweep.jobs.work.Tell`."""
        self._messages.put(_Message(event, error=error))

    def steps(self, job_id: str, count: int) -> None:
        """Take what a worker tells; see `sweep.jobs.work.Tell`."""
        self._listener.steps(job_id, count)

    # the loop

    def _run(self) -> None:
        going_on = True
        while going_on:
            messages: list[_Message] = []
            try:
                going_on = self._take(messages)
                self._turn(messages)
            except BaseException as error:  # noqa: BLE001 - it is raised again for everybody who asks
                self._fail(error, messages)
                going_on = False
        with self._gate:
            self._going = False
        self._refuse_rest()

    def _fail(self, error: BaseException, messages: list[_Message]) -> None:
        with self._changed:
            self._failure = error
            self._changed.notify_all()
        self.failed.set()
        for each in messages:
            each.refuse(self._told_failure())

    def _turn(self, messages: list[_Message]) -> None:
        """Handle messages, write them down, act, answer."""
        written: list[tuple[Event, int]] = []
        effects: list[Effect] = []
        answers: list[tuple[Future[Any], Any]] = []
        with self._changed:
            for each in messages:
                self._handle(each, written, effects, answers)
            alarm = next_alarm(self._state)
            if alarm is not None and alarm <= self._time():
                effects += self._handled(Tick(), written)
            if written and self._journal is not None:
                self._journal.append(written)
                self._journal.keep(self._state)
            for each in effects:
                if isinstance(each, Moved):
                    self._listener.moved(each)
        self._act(effects)
        with self._changed:
            self._changed.notify_all()
        for future, value in answers:
            future.set_result(value)

    def _handle(
        self,
        message: _Message,
        written: list[tuple[Event, int]],
        effects: list[Effect],
        answers: list[tuple[Future[Any], Any]],
    ) -> None:
        try:
            done = self._handled(message.event, written)
        except JobError as error:
            message.refuse(error)
            return
        effects += done
        if message.error is not None and isinstance(message.event, Ended):
            self._listener.raised(message.event, message.error)
        if message.answer is not None:
            answers.append((message.answer, next((each.value for each in done if isinstance(each, Answer)), None)))

    def _handled(self, event: Event, written: list[tuple[Event, int]]) -> list[Effect]:
        now = self._time()
        effects = handle(self._state, event, now)
        written.append((event, now))
        return effects

    def _take(self, messages: list[_Message]) -> bool:
        """Wait for messages, or for the next alarm; return whether the engine goes on."""
        try:
            message = self._messages.get(timeout=self._patience())
            while True:
                if message is None:
                    return False
                messages.append(message)
                if len(messages) >= AT_ONCE:
                    break
                message = self._messages.get_nowait()
        except queue.Empty:
            pass
        return True

    def _patience(self) -> float | None:
        """Return the seconds until time alone brings something about."""
        alarm = next_alarm(self._state)
        return None if alarm is None else min(max(0.0, (alarm - self._time()) / 1000.0), LONGEST_SLEEP)

    def _time(self) -> int:
        """Return the time, ms since 1970; it never runs backwards."""
        self._now = max(self._now, int(self._clock() * 1000) + self._ahead)
        return self._now

    def _act(self, effects: list[Effect]) -> None:
        """Tell workers what to do; users may look at the state meanwhile, which only this thread changes."""
        for each in effects:
            match each:
                case Start(lease) if lease in self._state.leases:
                    worker = self._worker_for(self._state.leases[lease], Fate.RETURNED)
                    if worker is not None:
                        worker.start(work_of(self._state, lease))
                case Stop(lease, spans, grace) if lease in self._state.leases:
                    environment = self._state.leases[lease].environment
                    if environment in self._workers:
                        self._workers[environment].stop(lease, spans, grace)
                case Over(lease, environment) if environment in self._workers:
                    self._workers[environment].over(lease)
                case Unneeded(environment) if environment in self._workers:
                    self._workers.pop(environment).close()
                case _:
                    pass

    def _worker_for(self, lease: Lease, fate: Fate) -> Worker | None:
        """Return who serves a lease's environment; if nobody can be had, say so, and that the lease has ended with `fate`.

        An engine without a journal has nobody who could mend that, and fails.
        """
        environment = lease.environment
        if environment not in self._workers:
            try:
                self._workers[environment] = self._make_worker(self._state.environments[environment], self)
            except SweepError as error:
                if self._journal is None:
                    raise
                self.post(Unserved(environment, str(error)))
                for first, last, attempt in lease.spans:
                    self(Ended(lease.id, first, last, attempt, fate, None))
                return None
        return self._workers[environment]

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._told_failure()

    def _told_failure(self) -> BaseException:
        """Return what those who ask are told when the engine is no more."""
        if self._failure is None:
            return JobError("the engine has ended")
        if isinstance(self._failure, SweepError):
            return self._failure
        told = RuntimeError("the job engine has failed")
        told.__cause__ = self._failure
        return told

    def _refuse_rest(self) -> None:
        while True:
            try:
                message = self._messages.get_nowait()
            except queue.Empty:
                return
            if message is not None:
                message.refuse(self._told_failure())


def _is_over(state: State, job_id: str) -> bool:
    found = state.find(job_id)
    if found is None:
        return True
    job, index = found
    return not job.live if index is None else Status(int(job.children["status"][index])).is_terminal


class _Message:
    """An event on its way to the loop."""

    __slots__ = ("answer", "error", "event")

    def __init__(self, event: Event, answer: Future[Any] | None = None, error: BaseException | None = None) -> None:
        self.event = event
        self.answer = answer
        self.error = error

    def refuse(self, error: BaseException) -> None:
        """Tell whoever waits for an answer that there is none."""
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(error)
