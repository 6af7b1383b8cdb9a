"""What a job needs at once, and whether a compute environment could ever have room for it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sweep.jobs.definition import Resources
from sweep.jobs.environment import Environment, Purchase
from sweep.jobs.job import Shape
from sweep.jobs.reasons import NO_NODES, too_large

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep.jobs.job import Job

__all__ = ["SLACK", "consumed_at_once", "covers", "holds", "misfit", "need_at_once"]

SLACK = 1e-9
"""vCPUs that sums of fractions may be off by."""


def need_at_once(job: Job) -> Resources:
    """Return what a job needs to go on: one child's resources, or those of all its nodes."""
    if job.shape is not Shape.NODES:
        return job.container(0).resources
    needs = [job.container(node).resources for node in range(job.size)]
    return Resources(
        sum(each.vcpus for each in needs), sum(each.memory for each in needs), sum(each.gpus for each in needs)
    )


def consumed_at_once(job: Job) -> Mapping[str, int]:
    """Return what a job takes of consumable resources to go on: for one child, or for all its nodes."""
    if job.shape is not Shape.NODES:
        return job.container(0).consumables
    needs: Counter[str] = Counter()
    for node in range(job.size):
        needs.update(job.container(node).consumables)
    return needs


def covers(amount: Resources, need: Resources) -> bool:
    """Whether an amount is as much as is needed."""
    return need.vcpus <= amount.vcpus + SLACK and need.memory <= amount.memory and need.gpus <= amount.gpus


def holds(environment: Environment, job: Job) -> bool:
    """Whether an environment, were it empty, would have room for one child or for all nodes."""
    return _takes(environment, job) and covers(_amount(environment), need_at_once(job))


def misfit(environments: Sequence[Environment], job: Job) -> str:
    """Say, in AWS's words, why none of some environments holds a job; ``""`` where one does."""
    if any(holds(each, job) for each in environments):
        return ""
    taking = [_amount(each) for each in environments if _takes(each, job)]
    if not taking:
        return NO_NODES
    need = need_at_once(job)
    if need.memory > max(each.memory for each in taking):
        return too_large("memory")
    return too_large("GPU" if need.gpus > max(each.gpus for each in taking) else "CPU")


def _takes(environment: Environment, job: Job) -> bool:
    """Whether jobs of this shape run there at all."""
    return job.shape is not Shape.NODES or (environment.purchase is Purchase.EC2 and environment.managed)


def _amount(environment: Environment) -> Resources:
    return Resources(environment.vcpus, environment.memory, environment.gpus)
