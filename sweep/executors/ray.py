"""Children that are Python functions, on Ray: each seat sends portions of a lease to an actor and follows what comes of them."""

from __future__ import annotations

import math
import pickle
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sweep.executors.calls import Calls, find_function
from sweep.executors.cluster import Cluster
from sweep.executors.seats import Seats, tell_begun, tell_outcomes
from sweep.jobs.events import Ended, Fate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep.executors.calls import Outcome
    from sweep.executors.seats import Running
    from sweep.jobs.definition import Resources
    from sweep.jobs.environment import Environment
    from sweep.jobs.lease import Span
    from sweep.jobs.work import Functions, Tell, Work

__all__ = ["RayWorker"]

LOOK_SECONDS = 0.2
"""How often an actor that is at work is asked how far it is."""

KILLED = 137
"""Exit code of what did not end when it was told to: 128 + SIGKILL."""


class RayWorker(Seats):
    """A `sweep.jobs.work.Worker` for Python functions, on a Ray cluster.

    An actor that is lost takes its portion with it: those children are told as lost, and their retry strategy decides. A function that
    does not stop when asked to ends with its actor.

    Parameters
    ----------
    functions
        By the names that definitions have for them; others are imported by ``"package.module:name"`` where the actor is.
    environment
        Actors hold no more than its `vcpus`, and no more than the cluster has.
    tell
        How the engine is told.
    cluster
        A session that somebody else ends; when left out, one is begun as the environment's `address` says.
    carry
        Modules that the actors cannot import: what a function needs of them travels by value.
    """

    def __init__(
        self,
        functions: Functions,
        environment: Environment,
        tell: Tell,
        cluster: Cluster | None = None,
        carry: Sequence[Any] = (),
    ) -> None:
        self._own = None
        if cluster is None:
            cluster = self._own = Cluster(math.ceil(environment.vcpus), environment.address or "local")
        self._actors = _Actors(functions, min(environment.vcpus, cluster.processors), carry)
        super().__init__(lambda: _RaySeat(self._actors, tell), tell)

    def close(self) -> None:
        """Stop everything, and end Ray if it was started here."""
        self._actors.end_busy()
        super().close()
        self._actors.close()
        if self._own is not None:
            self._own.close()


class _Actors:
    """Actors at work and actors to be had again; together they hold no more than the environment has."""

    def __init__(self, functions: Functions, vcpus: float, carry: Sequence[Any]) -> None:
        import ray
        from ray import cloudpickle

        for module in carry:
            cloudpickle.register_pickle_by_value(module)
        self._functions = ray.put(dict(functions))
        self._vcpus = vcpus
        self._changed = threading.Condition()
        self._idle: list[tuple[Any, Resources]] = []
        self._busy: dict[Any, Resources] = {}

    def take(self, need: Resources) -> Any:
        """Return an actor with the resources that a child needs. Waits for one that is about to be given back."""
        with self._changed:
            while True:
                actor = self._idle_one(need)
                if actor is not None or self._has_room(need):
                    break
                self._changed.wait()
            actor = actor or self._new(need)
            self._busy[actor] = need
        return actor

    def _idle_one(self, need: Resources) -> Any:
        for entry in self._idle:
            if (entry[1].vcpus, entry[1].gpus) == (need.vcpus, need.gpus):
                self._idle.remove(entry)
                return entry[0]
        return None

    def _has_room(self, need: Resources) -> bool:
        """Whether another actor fits, once idle ones that hold other amounts have been ended."""
        import ray

        while self._held() + need.vcpus > self._vcpus + 1e-9:
            if not self._idle:
                return not self._busy
            ray.kill(self._idle.pop(0)[0])
        return True

    def _held(self) -> float:
        return sum(each.vcpus for each in self._busy.values()) + sum(each.vcpus for _, each in self._idle)

    def _new(self, need: Resources) -> Any:
        import ray

        options: dict[str, Any] = {
            "num_cpus": need.vcpus,
            "num_gpus": need.gpus,
            "max_restarts": 0,
            "max_concurrency": 3,
        }
        return ray.remote(**options)(_Actor).remote(self._functions)

    def give_back(self, actor: Any) -> None:
        """Let others have an actor."""
        with self._changed:
            need = self._busy.pop(actor, None)
            if need is not None:
                self._idle.append((actor, need))
            self._changed.notify_all()

    def drop(self, actor: Any) -> None:
        """Let go of an actor that is lost, or end it."""
        import ray

        with self._changed:
            self._busy.pop(actor, None)
            self._changed.notify_all()
        with suppress(Exception):  # it may be gone already
            ray.kill(actor)

    def end_busy(self) -> None:
        """End the actors that are at work: nothing more is wanted of them."""
        for actor in list(self._busy):
            self.drop(actor)

    def close(self) -> None:
        """End all actors."""
        self.end_busy()
        for actor, _ in self._idle:
            self.drop(actor)


class _RaySeat:
    """A seat whose children run in an actor."""

    def __init__(self, actors: _Actors, tell: Tell) -> None:
        self._actors = actors
        self._tell = tell

    def carry_out(self, running: Running, span: Span) -> None:
        """Send the span to an actor and wait for it."""
        from ray import exceptions

        actor = self._actors.take(running.work.container.resources)
        portion = _Portion(actor, running.work, span, self._tell, self._actors)
        running.listen(portion.stop)
        try:
            portion.follow()
            self._actors.give_back(actor)
        except (exceptions.RayActorError, exceptions.WorkerCrashedError, exceptions.NodeDiedError) as error:
            self._actors.drop(actor)
            if getattr(error, "actor_init_failed", False):
                raise
            portion.lost()
        except exceptions.RayTaskError as error:
            self._actors.drop(actor)
            raise error.cause from None
        finally:
            running.leave(portion.stop)
            portion.close()

    def close(self) -> None:
        """Nothing is held: the actors are everybody's."""


class _Portion:
    """Children that an actor has been given."""

    def __init__(self, actor: Any, work: Work, span: Span, tell: Tell, actors: _Actors) -> None:
        self._actor = actor
        self._work = work
        self._span = span
        self._tell = tell
        self._actors = actors
        self._current: tuple[int, int] | None = None
        self._stopped: list[Span] = []
        self._timers: list[threading.Timer] = []

    def follow(self) -> None:
        """Wait until all have ended, and tell what has come of them until then now and then."""
        import ray

        reference = self._actor.run.remote(self._work, self._span)
        while not ray.wait([reference], timeout=LOOK_SECONDS)[0]:
            self._hear(*ray.get(self._actor.look.remote()))
        self._hear(*ray.get(reference))

    def _hear(self, outcomes: list[tuple[Ended, bytes | None]], current: tuple[int, int] | None, steps: int) -> None:
        tell_outcomes(self._tell, [(ended, _unpickled(raised)) for ended, raised in outcomes])
        if current is not None and current != self._current:
            tell_begun(self._tell, self._work.lease, self._span[2], current)
        self._current = current
        if steps:
            self._tell.steps(self._work.job_id, steps)

    def stop(self, spans: tuple[Span, ...], grace: float) -> None:
        """Stop some of the children, if they are here; end the actor when one of them does not stop in time."""
        first, last, attempt = self._span
        here = [each for each in spans if each[2] == attempt and each[0] < last and each[1] > first]
        if not here:
            return
        self._actor.stop.remote(self._work.lease, tuple(here))
        self._stopped += here
        timer = threading.Timer(grace, self._end_if_it_goes_on, [here])
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _end_if_it_goes_on(self, stopped: list[Span]) -> None:
        current = self._current
        if current is not None and any(first <= current[0] < last for first, last, _ in stopped):
            self._actors.drop(self._actor)

    def lost(self) -> None:
        """Tell that the actor is gone: by our hand for what was stopped, with its node for the rest."""
        first, last, attempt = self._span
        started = 0 if self._current is None else self._current[1]
        for low, high, _ in self._stopped:
            here = (max(low, first), min(high, last))
            self._tell(Ended(self._work.lease, *here, attempt, Fate.EXITED, KILLED, started=started))
        self._tell(Ended(self._work.lease, first, last, attempt, Fate.LOST, None, started=started))

    def close(self) -> None:
        """Forget what was to be done later."""
        for each in self._timers:
            each.cancel()


class _Actor:
    """Lives in a process of Ray's; what a function loads once stays there."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._calls: Calls | None = None
        self._steps = 0
        self._lock = threading.Lock()
        self._stops: list[tuple[int, tuple[Span, ...]]] = []

    def run(self, work: Work, span: Span) -> tuple[list[tuple[Ended, bytes | None]], None, int]:
        """Run children; return how they ended, but for what `look` has returned before."""
        calls = Calls(find_function(work.container.function or "", self._functions), work, span, self._count)
        with self._lock:
            self._calls = calls
            early = [spans for lease, spans in self._stops if lease == work.lease]
            self._stops.clear()
        for spans in early:
            calls.stop(spans)
        calls.run()
        self._calls = None
        return _pickled(calls.collect()), None, self._taken_steps()

    def look(self) -> tuple[list[tuple[Ended, bytes | None]], tuple[int, int] | None, int]:
        """Return what has come of children so far, the one that runs, and the steps since the last look."""
        calls = self._calls
        if calls is None:
            return [], None, 0
        return _pickled(calls.collect()), calls.current(), self._taken_steps()

    def stop(self, lease: int, spans: tuple[Span, ...]) -> None:
        """Stop children of a lease, also of one that has not arrived yet."""
        with self._lock:
            calls = self._calls
            if calls is None or calls.lease != lease:
                self._stops.append((lease, spans))
                return
        calls.stop(spans)

    def _count(self, steps: int) -> None:
        with self._lock:
            self._steps += steps

    def _taken_steps(self) -> int:
        with self._lock:
            steps, self._steps = self._steps, 0
        return steps


def _pickled(outcomes: list[Outcome]) -> list[tuple[Ended, bytes | None]]:
    return [(ended, None if raised is None else _pickle(raised)) for ended, raised in outcomes]


def _pickle(raised: BaseException) -> bytes | None:
    try:
        return pickle.dumps(raised)
    except Exception:  # noqa: BLE001 - an exception of somebody's own may be anything; its text is in the reason
        return None


def _unpickled(raised: bytes | None) -> BaseException | None:
    if raised is None:
        return None
    try:
        return pickle.loads(raised)  # noqa: S301 - from our own actor
    except Exception:  # noqa: BLE001 - as above
        return None
