"""A sweep as three jobs: map and reduce, array jobs of which the second depends N_TO_N on the first, and merge, which waits for all of reduce.

Reduce and merge wait in a queue of higher priority, so that a shard is reduced as soon as there is room after it was simulated, while
other shards still wait for their turn.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.errors import WorkerError
from sweep.jobs.definition import Action, Container, Definition, ExitRule, Resources, Retry
from sweep.jobs.events import PutEnvironment, PutQueue, Register, Terminate
from sweep.jobs.loop import Engine, Listener
from sweep.jobs.queue import Queue
from sweep.jobs.request import Dependency, Kind, Request
from sweep.jobs.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sweep.jobs.effects import Moved
    from sweep.jobs.environment import Environment
    from sweep.jobs.events import Ended
    from sweep.jobs.job import Job
    from sweep.jobs.state import State
    from sweep.jobs.work import Child, Functions, Tell, Worker
    from sweep.progress import Progress

__all__ = ["MAX_ATTEMPTS", "Stage", "run_stages"]

MAX_ATTEMPTS = 5
"""How often a child is started again when the worker that ran it was lost."""

_RETRY = Retry(
    MAX_ATTEMPTS, (ExitRule(Action.RETRY, on_status_reason="Host EC2*"), ExitRule(Action.EXIT, on_reason="*"))
)

_PRIORITIES = {"map": 1, "reduce": 2, "merge": 2}


@dataclass(frozen=True)
class Stage:
    """One job of a sweep.

    Attributes
    ----------
    name
        ``"map"``, ``"reduce"`` or ``"merge"``.
    size
        How many children; a job of one child is no array job.
    task
        Called with the child's index and its `report`; must be idempotent and, on Ray, picklable.
    n_to_n, after
        Places of the stages, before this one in the list, that it depends on: child by child, and as a whole.
    gpus
        That a child holds.
    """

    name: str
    size: int
    task: Callable[[int, Callable[[int], None]], None]
    n_to_n: tuple[int, ...] = ()
    after: tuple[int, ...] = ()
    gpus: int = 0


@dataclass(frozen=True)
class _Function:
    """A stage's task as the engine calls it."""

    task: Callable[[int, Callable[[int], None]], None]

    def __call__(self, child: Child) -> None:
        self.task(child.index, child.report)


def run_stages(
    stages: list[Stage],
    environment: Environment,
    make_worker: Callable[[Functions, Environment, Tell], Worker],
    progress: Progress,
) -> None:
    """Run stages as jobs of an engine of their own, and wait for the last one.

    Parameters
    ----------
    stages
        In the order of submission; the last waits for all others.
    environment
        Where they run.
    make_worker
        Makes the worker of the environment.
    progress
        Who listens.

    Raises
    ------
    WorkerError
        If a child lost its worker `MAX_ATTEMPTS` times.
    Exception
        The first that a task raised; the other children are then stopped.
    """
    functions = {f"{each.name}-{place}": _Function(each.task) for place, each in enumerate(stages)}
    listener = _Listener(progress)
    engine = Engine(lambda where, tell: make_worker(functions, where, tell), listener=listener)
    with engine:
        listener.engine = engine
        for event in _catalogue(stages, environment):
            engine.ask(event)
        ids = list(_submit(engine, listener, stages))
        engine.wait(ids)
        if listener.error is not None:
            raise listener.error
        with engine.reading() as state:
            _raise_failure(state, ids)


def _catalogue(stages: list[Stage], environment: Environment) -> Iterator[PutEnvironment | PutQueue | Register]:
    yield PutEnvironment(environment, new=True)
    for name, priority in _PRIORITIES.items():
        yield PutQueue(Queue(name, priority, (environment.name,)), new=True)
    for place, each in enumerate(stages):
        needs = Resources(vcpus=1.0, memory=512, gpus=each.gpus)
        container = Container(function=f"{each.name}-{place}", resources=needs)
        yield Register(Definition(f"{each.name}-{place}", container=container, retry=_RETRY))


def _submit(engine: Engine, listener: _Listener, stages: list[Stage]) -> Iterator[str]:
    ids: list[str] = []
    for place, each in enumerate(stages):
        size = each.size if each.size > 1 else None
        kind = Kind.WHOLE if size is None else Kind.N_TO_N
        depends_on = (
            *(Dependency(ids[other], kind) for other in each.n_to_n),
            *(Dependency(ids[other]) for other in each.after),
        )
        request = Request(each.name, each.name, f"{each.name}-{place}", size=size, depends_on=depends_on)
        ids.append(listener.expect(each))
        yield engine.submit(request, ids[-1])


def _raise_failure(state: State, ids: list[str]) -> None:
    """Raise for the first job that has failed by itself."""
    for job in (state.jobs[each] for each in ids):
        if job.status is Status.FAILED:
            raise WorkerError(_failure(job))


def _failure(job: Job) -> str:
    rows = job.children
    index = int((rows["status"] == Status.FAILED).argmax())
    row = rows[index]
    reason = job.reasons[row["reason"]] or job.reasons[row["status_reason"]]
    if row["attempt"] >= MAX_ATTEMPTS:
        return f"child {index} of {job.request.name} lost its worker {MAX_ATTEMPTS} times: {reason}"
    return f"child {index} of {job.request.name} failed: {reason}"


class _Listener(Listener):
    """Tells the progress what happens, and stops all jobs when a task has raised."""

    def __init__(self, progress: Progress) -> None:
        self.engine: Engine | None = None
        self.error: BaseException | None = None
        self._progress = progress
        self._stages: dict[str, _Count] = {}
        self._shown = ""

    def expect(self, stage: Stage) -> str:
        """Return the id that the job of a stage shall have."""
        job_id = str(uuid.uuid4())
        self._stages[job_id] = _Count(stage.name, stage.size)
        return job_id

    def moved(self, move: Moved) -> None:
        """Count children that have ended; tell the stage that is at work when it changes."""
        if not move.status.is_terminal:
            return
        stage = self._stages[move.job_id]
        stage.done += move.last - move.first
        self._progress.children(stage.name, stage.done, stage.size)
        self._show()

    def _show(self) -> None:
        at_work = next((each.name for each in self._stages.values() if each.done < each.size), self._shown)
        if at_work != self._shown:
            self._shown = at_work
            self._progress.stage(at_work)

    def raised(self, event: Ended, error: BaseException) -> None:
        """Keep the first error, and stop everything."""
        del event
        if self.error is None and self.engine is not None:
            self.error = error
            for each in self._stages:
                self.engine.post(Terminate(each, "another child has failed"))

    def steps(self, job_id: str, count: int) -> None:
        """Pass on how many trials were run."""
        del job_id
        self._progress.advance(count)


@dataclass(slots=True)
class _Count:
    """How far a stage is."""

    name: str
    size: int
    done: int = 0
