"""What a worker is given, and what it must be able to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from sweep.jobs.job import Shape

if TYPE_CHECKING:
    from sweep.jobs.definition import Container
    from sweep.jobs.environment import Environment
    from sweep.jobs.events import Begun, Ended, Unserved
    from sweep.jobs.lease import Span
    from sweep.jobs.state import State

__all__ = ["Child", "Tell", "Work", "Worker", "work_of"]


@dataclass(frozen=True, slots=True)
class Work:
    """A lease, with all that a worker must know to carry it out.

    Attributes
    ----------
    lease
        Its number.
    job_id, name, shape, size
        Of the job; `size` is the number of children or nodes.
    spans
        Children to run, in this order.
    slots
        How many at a time.
    container
        What to run.
    variables
        Environment variables that all children share.
    gpus
        Which GPUs they may use.
    """

    lease: int
    job_id: str
    name: str
    shape: Shape
    size: int
    spans: tuple[Span, ...]
    slots: int
    container: Container
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    gpus: tuple[int, ...] = ()

    def child_id(self, index: int) -> str:
        """Name a child; see `sweep.jobs.job.Shape.child_id`."""
        return self.shape.child_id(self.job_id, index)

    def environment(self, index: int, attempt: int) -> dict[str, str]:
        """Return the variables that one attempt sees, beside the host's own."""
        own = {"AWS_BATCH_JOB_ID": self.child_id(index), "AWS_BATCH_JOB_ATTEMPT": str(attempt)}
        if self.shape is Shape.ARRAY:
            own |= {"AWS_BATCH_JOB_ARRAY_INDEX": str(index), "SWEEP_ARRAY_SIZE": str(self.size)}
        if self.shape is Shape.NODES:
            own["AWS_BATCH_JOB_NODE_INDEX"] = str(index)
        if self.gpus:
            own["CUDA_VISIBLE_DEVICES"] = ",".join(str(each) for each in self.gpus)
        return {**self.container.environment, **self.variables, **own}


def work_of(state: State, lease_id: int) -> Work:
    """Put together what the worker of a lease must know."""
    lease = state.leases[lease_id]
    job = state.jobs[lease.job]
    variables = {
        "AWS_BATCH_JQ_NAME": job.request.queue,
        "AWS_BATCH_CE_NAME": lease.environment,
        "AWS_EXECUTION_ENV": _execution(state.environments[lease.environment]),
    }
    if job.spec.nodes is not None:
        variables["AWS_BATCH_JOB_NUM_NODES"] = str(job.size)
        variables["AWS_BATCH_JOB_MAIN_NODE_INDEX"] = str(job.main)
        if state.environments[lease.environment].address is None:
            variables["SWEEP_NODE_ADDRESS"] = "127.0.0.1"
        if lease.spans[0][0] != job.main:
            variables["AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS"] = "127.0.0.1"
    return Work(
        lease=lease.id,
        job_id=job.id,
        name=job.request.name,
        shape=job.shape,
        size=job.size,
        spans=lease.spans,
        slots=lease.slots,
        container=job.container(lease.spans[0][0]),
        variables=variables,
        gpus=lease.gpus,
    )


def _execution(environment: Environment) -> str:
    """Name what runs a container, as ECS tells it."""
    return f"AWS_ECS_{environment.purchase.name.partition('_')[0].replace('SPOT', 'EC2')}"


@dataclass(slots=True)
class Child:
    """What a Python function that runs as a child is called with.

    Attributes
    ----------
    index
        Of the child in its array, 0 for a plain job.
    attempt
        From 1.
    work
        All the rest.
    report
        To be called now and then with the number of steps done since the last call; raises when the child is to stop.
    """

    index: int
    attempt: int
    work: Work
    report: Callable[[int], None]

    @property
    def size(self) -> int:
        """How many children the array has."""
        return self.work.size

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a command would see."""
        return self.work.environment(self.index, self.attempt)


class Tell(Protocol):
    """How a worker tells what happened. May be called from any thread."""

    def __call__(self, event: Begun | Ended | Unserved, error: BaseException | None = None) -> None:
        """Tell an event; with what a Python function raised, for whoever runs the engine in his own process."""
        ...

    def steps(self, job_id: str, count: int) -> None:
        """Tell that children of a job have gone on by so many steps."""
        ...


class Worker(Protocol):
    """Carries out leases."""

    def start(self, work: Work) -> None:
        """Begin a lease. A lease that is known already is left alone."""
        ...

    def recover(self, work: Work) -> None:
        """Take up a lease that was given before the engine was started anew: go on with it, or tell that it is lost."""
        ...

    def stop(self, lease: int, spans: tuple[Span, ...], grace: float) -> None:
        """Stop children, softly, and hard after `grace` seconds. What never began is told as RETURNED."""
        ...

    def over(self, lease: int) -> None:
        """Forget a lease: that all of it has ended is written down."""
        ...

    def close(self) -> None:
        """End what this worker has started."""
        ...


Functions = Mapping[str, Callable[[Child], Any]]
"""Python functions by the name that a definition has for them."""
