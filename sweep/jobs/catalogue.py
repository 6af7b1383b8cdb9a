"""Definitions, queues, environments and policies are made, changed and removed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from sweep.errors import JobError, brief, nearest
from sweep.jobs.effects import Answer, Unneeded
from sweep.jobs.job import Flag
from sweep.jobs.limits import check_definition, check_environment, check_policy, check_queue
from sweep.jobs.stopping import stop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.jobs.environment import Environment
    from sweep.jobs.events import (
        DeleteEnvironment,
        DeletePolicy,
        DeleteQueue,
        Deregister,
        PutEnvironment,
        PutPolicy,
        PutQueue,
        Register,
        Unserved,
    )
    from sweep.jobs.turn import Turn

__all__ = [
    "delete_environment",
    "delete_policy",
    "delete_queue",
    "deregister",
    "put_environment",
    "put_policy",
    "put_queue",
    "register",
    "sweep_out",
    "unserved",
]

T = TypeVar("T")

DELETED = "Job queue was deleted"


def register(turn: Turn, event: Register) -> None:
    """Add a revision."""
    check_definition(event.definition, turn.state.relaxed)
    known = turn.state.definitions.setdefault(event.definition.name, [])
    definition = replace(event.definition, revision=len(known) + 1, active=True)
    known.append(definition)
    turn.effects.append(Answer(definition.key))


def deregister(turn: Turn, event: Deregister) -> None:
    """Make a revision inactive; jobs that were submitted with it go on."""
    known = turn.state.definitions.get(event.name, [])
    if not 1 <= event.revision <= len(known):
        raise JobError(f"JobDefinition {brief(event.name)}:{event.revision} does not exist")
    known[event.revision - 1] = replace(known[event.revision - 1], active=False)
    turn.effects.append(Answer(None))


def put_environment(turn: Turn, event: PutEnvironment) -> None:
    """Make or change a compute environment."""
    check_environment(event.environment)
    _check_new("ComputeEnvironment", event.environment.name, turn.state.environments, new=event.new)
    _check_place(turn, event.environment)
    turn.state.environments[event.environment.name] = event.environment
    for queue in turn.state.queues.values():
        if event.environment.name in queue.environments:
            turn.state.mark_again(queue.name)
    turn.state.invalid.pop(event.environment.name, None)
    turn.effects.append(Answer(event.environment.name))


def _check_place(turn: Turn, new: Environment) -> None:
    """Let an environment be served by another worker if it is elsewhere now; not while one has work."""
    old = turn.state.environments.get(new.name)
    if old is None or _place(old) == _place(new):
        return
    if new.name in turn.state.held:
        raise JobError(f"address and type of ComputeEnvironment {new.name} cannot change while jobs run in it")
    turn.effects.append(Unneeded(new.name))


def _place(environment: Environment) -> tuple[object, ...]:
    """Return what makes an environment another one for its worker."""
    return environment.managed, environment.purchase, environment.address


def delete_environment(turn: Turn, event: DeleteEnvironment) -> None:
    """Remove a compute environment that is disabled and in no queue."""
    known = _known("ComputeEnvironment", event.name, turn.state.environments)
    if known.enabled and not event.even_enabled:
        raise JobError(f"Cannot delete, ComputeEnvironment {event.name} is not DISABLED")
    if any(event.name in queue.environments for queue in turn.state.queues.values()):
        raise JobError("Cannot delete, found existing JobQueue relationship")
    if event.name in turn.state.held:
        raise JobError(f"Cannot delete, jobs still run in ComputeEnvironment {event.name}")
    del turn.state.environments[event.name]
    turn.state.invalid.pop(event.name, None)
    turn.effects.append(Unneeded(event.name))
    turn.effects.append(Answer(None))


def unserved(turn: Turn, event: Unserved) -> None:
    """Place nothing in a compute environment for which no worker can be had, until it is changed or some time has passed."""
    if event.environment in turn.state.environments:
        turn.state.invalid[event.environment] = (event.reason, turn.now)


def put_queue(turn: Turn, event: PutQueue) -> None:
    """Make or change a job queue."""
    queue = event.queue
    check_queue(queue)
    _check_new("JobQueue", queue.name, turn.state.queues, new=event.new)
    if queue.name in turn.state.deleting:
        raise JobError(f"JobQueue {queue.name} is being deleted")
    for name in queue.environments:
        _known("ComputeEnvironment", name, turn.state.environments)
    if queue.policy is not None:
        _known("SchedulingPolicy", queue.policy, turn.state.policies)
    old = turn.state.queues.get(queue.name)
    if old is not None and (old.policy is None) != (queue.policy is None):
        raise JobError(f"a scheduling policy can be neither added to nor removed from JobQueue {queue.name}")
    turn.state.queues[queue.name] = queue
    turn.state.mark_again(queue.name)
    turn.effects.append(Answer(queue.name))


def delete_queue(turn: Turn, event: DeleteQueue) -> None:
    """Remove a disabled job queue: its jobs are terminated, and it goes when the last one has ended."""
    queue = _known("JobQueue", event.name, turn.state.queues)
    if queue.enabled and not event.even_enabled:
        raise JobError(f"Cannot delete, JobQueue {event.name} is not DISABLED")
    turn.state.queues[event.name] = replace(queue, enabled=False)
    for job in [each for each in turn.state.jobs.values() if each.request.queue == event.name and each.live]:
        stop(turn, job.id, DELETED, Flag.TERMINATED)
    if event.name not in turn.state.deleting:
        turn.state.deleting.append(event.name)
    turn.effects.append(Answer(None))


def sweep_out(turn: Turn) -> None:
    """Let go of queues that are being deleted and have no live job left."""
    for name in list(turn.state.deleting):
        if not any(job.live and job.request.queue == name for job in turn.state.jobs.values()):
            turn.state.deleting.remove(name)
            for table in (turn.state.queues, turn.state.heads, turn.state.misfits, turn.state.shares):
                table.pop(name, None)


def put_policy(turn: Turn, event: PutPolicy) -> None:
    """Make or change a scheduling policy."""
    check_policy(event.policy)
    _check_new("SchedulingPolicy", event.policy.name, turn.state.policies, new=event.new)
    turn.state.policies[event.policy.name] = event.policy
    turn.effects.append(Answer(event.policy.name))


def delete_policy(turn: Turn, event: DeletePolicy) -> None:
    """Remove a scheduling policy that no queue uses."""
    _known("SchedulingPolicy", event.name, turn.state.policies)
    if any(queue.policy == event.name for queue in turn.state.queues.values()):
        raise JobError("Cannot delete, found existing JobQueue relationship")
    del turn.state.policies[event.name]
    turn.effects.append(Answer(None))


def _check_new(what: str, name: str, known: Mapping[str, object], *, new: bool) -> None:
    if new and name in known:
        raise JobError(f"{what} {name} already exists: Object already exists")
    if not new:
        _known(what, name, known)


def _known(what: str, name: str, known: Mapping[str, T]) -> T:
    if name not in known:
        raise JobError(f"{what} {brief(name)} does not exist: {nearest(name, list(known))}")
    return known[name]
