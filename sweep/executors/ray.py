"""Children on Ray: each seat sends portions of a lease to an actor and follows what comes of them."""

from __future__ import annotations

import math
import pickle
import time
from typing import TYPE_CHECKING, Any

from sweep.executors.actors import Actors
from sweep.executors.burial import bury_all
from sweep.executors.cluster import Cluster
from sweep.executors.codes import KILLED
from sweep.executors.seats import Seats, tell_begun, tell_outcomes
from sweep.jobs.events import Ended, Fate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sweep.executors.seats import Running
    from sweep.jobs.environment import Environment
    from sweep.jobs.lease import Span
    from sweep.jobs.work import Functions, Tell, Work

__all__ = ["RayWorker"]

LOOK_SECONDS = 0.2
"""How often an actor that is at work is asked how far it is."""

BURIAL_SECONDS = 60.0
"""How long is waited for machines to end what an earlier engine's actors run there."""


class RayWorker(Seats):
    """A `sweep.jobs.work.Worker` on a Ray cluster, for Python functions and, given a folder, for commands.

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
    folder
        Where commands have their logs and working directories. If machines share it, all logs are there; else each has its own.
    """

    def __init__(
        self,
        functions: Functions,
        environment: Environment,
        tell: Tell,
        cluster: Cluster | None = None,
        carry: Sequence[Any] = (),
        folder: Path | None = None,
    ) -> None:
        self._own = None
        self._folder = folder
        self._buried = False
        if cluster is None:
            cluster = self._own = Cluster(math.ceil(environment.vcpus), environment.address or "local")
        self._actors = Actors(functions, folder, min(environment.vcpus, cluster.processors), carry)
        super().__init__(lambda: _RaySeat(self._actors, tell), tell)

    def recover(self, work: Work) -> None:
        """Tell that a lease is lost, once nothing that an earlier engine has started lives on any machine."""
        if self._folder is not None and not self._buried:
            _bury_everywhere(self._folder)
            self._buried = True
        super().recover(work)

    def close(self) -> None:
        """Stop everything, and end Ray if it was started here."""
        self._actors.end_busy()
        super().close()
        self._actors.close()
        if self._own is not None:
            self._own.close()


def _bury_everywhere(folder: Path) -> None:
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    burial = ray.remote(num_cpus=0, max_retries=0)(bury_all)
    burials = [
        burial.options(scheduling_strategy=NodeAffinitySchedulingStrategy(each["NodeID"], soft=False)).remote(folder)
        for each in ray.nodes()
        if each["Alive"]
    ]
    ray.wait(burials, num_returns=len(burials), timeout=BURIAL_SECONDS)


class _RaySeat:
    """A seat whose children run in an actor."""

    def __init__(self, actors: Actors, tell: Tell) -> None:
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

    def close(self) -> None:
        """Nothing is held: the actors are everybody's."""


class _Portion:
    """Children that an actor has been given."""

    def __init__(self, actor: Any, work: Work, span: Span, tell: Tell, actors: Actors) -> None:
        self._actor = actor
        self._work = work
        self._span = span
        self._tell = tell
        self._actors = actors
        self._current: tuple[int, int] | None = None
        self._stopped: list[Span] = []
        self._due: list[tuple[float, Span]] = []

    def follow(self) -> None:
        """Wait until all have ended, and tell what has come of them until then now and then."""
        import ray

        reference, look = self._actor.run.remote(self._work, self._span), None
        while not ray.wait([reference], timeout=LOOK_SECONDS)[0]:
            look = look or self._actor.look.remote()
            if ray.wait([look], timeout=LOOK_SECONDS)[0]:
                self._hear(*ray.get(look))
                look = None
            self._end_what_goes_on()
        if look is not None:
            self._hear(*ray.get(look))
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
        self._due += [(time.monotonic() + grace, each) for each in here]

    def _end_what_goes_on(self) -> None:
        """End the actor if a child runs whose time to stop is over."""
        current, now = self._current, time.monotonic()
        if current is not None and any(
            due <= now and first <= current[0] < last for due, (first, last, _) in self._due
        ):
            self._actors.drop(self._actor)

    def lost(self) -> None:
        """Tell that the actor is gone: by our hand for what was stopped, with its node for the rest."""
        first, last, attempt = self._span
        started = 0 if self._current is None else self._current[1]
        for low, high, _ in self._stopped:
            here = (max(low, first), min(high, last))
            self._tell(Ended(self._work.lease, *here, attempt, Fate.EXITED, KILLED, started=started))
        self._tell(Ended(self._work.lease, first, last, attempt, Fate.LOST, None, started=started))


def _unpickled(raised: bytes | None) -> BaseException | None:
    if raised is None:
        return None
    try:
        return pickle.loads(raised)  # noqa: S301 - from our own actor
    except Exception:  # noqa: BLE001 - as above
        return None
