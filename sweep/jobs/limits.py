"""What AWS Batch accepts, and what it says when it does not.

Two limits can be relaxed by name: ``large-arrays`` (more than 10,000 children) and ``short-timeouts`` (less than 60 s).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sweep.errors import JobError, brief, nearest
from sweep.jobs.consumable import Consumable
from sweep.jobs.definition import Container, Definition, Nodes, Resources, Retry
from sweep.jobs.environment import Environment
from sweep.jobs.queue import Policy, Queue
from sweep.jobs.reasons import STUCK
from sweep.jobs.request import Kind, Request

if TYPE_CHECKING:
    from sweep.jobs.job import Spec

__all__ = [
    "GRACE",
    "MAX_CHILDREN",
    "MAX_OVERRIDES",
    "RELAXATIONS",
    "RETENTION",
    "check_consumable",
    "check_definition",
    "check_environment",
    "check_policy",
    "check_queue",
    "check_reason",
    "check_relaxations",
    "check_request",
    "check_spec",
    "check_tags",
]

RELAXATIONS = ("large-arrays", "short-timeouts")

MAX_CHILDREN = 10_000
MAX_CHILDREN_RELAXED = 100_000_000
MAX_DEPENDENCIES = 20
MAX_OVERRIDES = 8192
"""Characters; longer ones are accepted and then fail the job."""
MAX_NODES = 1000
MAX_NODE_GROUPS = 5
MAX_REASON = 1024
MAX_RULES = 5
MAX_ENVIRONMENTS = 3
MAX_GPUS = 1024
"""Of a compute environment: each has a number, and those that are free are listed."""
MAX_INTEGER = 2**31 - 1
MAX_LONG = 2**63 - 1
MIN_TIMEOUT = 60
MIN_MEMORY = 4
MAX_TAGS = 50
GRACE = 30.0
"""Seconds between SIGTERM and SIGKILL."""
RETENTION = 7 * 86_400_000
"""ms that a job is shown after it ended."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_DEFINITION_NAME = re.compile(r"\.?[A-Za-z0-9_-]{1,128}")
"""A dot marks what the command line has made of a bare command: no name of a user's, who so cannot hit upon it."""
_SHARE = re.compile(r"[A-Za-z0-9_-]{1,255}\*?")
_JOB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


def check_relaxations(names: tuple[str, ...]) -> None:
    """Refuse a relaxation that is not known."""
    for each in names:
        if each not in RELAXATIONS:
            raise JobError(f"relaxation {each!r} is not known: {nearest(each, RELAXATIONS)}")


def check_definition(definition: Definition, relaxed: tuple[str, ...]) -> None:
    """Refuse a job definition that AWS would refuse."""
    _check_name("job definition", definition.name, _DEFINITION_NAME)
    if (definition.container is None) == (definition.nodes is None):
        raise JobError(f"job definition {definition.name} needs either a container or nodes")
    if definition.container is not None:
        _check_container(definition.name, definition.container)
    if definition.nodes is not None:
        _check_nodes(definition.name, definition.nodes)
    _check_retry(definition.retry)
    _check_timeout(definition.timeout, relaxed)
    _check_priority(definition.scheduling_priority)
    check_tags(definition.tags)


def _check_container(name: str, container: Container) -> None:
    if not container.command and container.function is None and container.image is None:
        raise JobError(f"job definition {name} has nothing to run: give a command, an image, or a function")
    if container.function is not None and container.command:
        raise JobError(f"job definition {name} has both a command and a function")
    if container.runtime not in {"host", "container"}:
        raise JobError(f"runtime {brief(container.runtime)!r} of job definition {name}: expected 'host' or 'container'")
    if container.runtime == "container" and container.image is None:
        raise JobError(f"job definition {name} asks for a container and names no image")
    _check_variables(container.environment)
    _check_resources(container.resources)
    for each, quantity in container.consumables.items():
        if not 0 <= quantity <= MAX_LONG:
            raise JobError(f"quantity={quantity} of ConsumableResource {brief(each)} is below 0 or too much")


def _check_nodes(name: str, nodes: Nodes) -> None:
    if not 1 <= nodes.count <= MAX_NODES:
        raise JobError(f"numNodes={nodes.count} of job definition {name} is not between 1 and {MAX_NODES}")
    if not 0 <= nodes.main < nodes.count:
        raise JobError(f"mainNode={nodes.main} of job definition {name} is not below numNodes={nodes.count}")
    if not 1 <= len(nodes.groups) <= MAX_NODE_GROUPS:
        raise JobError(f"job definition {name} has {len(nodes.groups)} node ranges, not 1 to {MAX_NODE_GROUPS}")
    for each in nodes.groups:
        if each.first < 0 or (each.last is not None and each.last < each.first):
            raise JobError(f"node range {each.first}:{each.last} of job definition {name} is empty")
        _check_container(name, each.container)
    open_nodes = [n for n in range(nodes.count) if not any(each.holds(n) for each in nodes.groups)]
    if open_nodes:
        raise JobError(f"node {open_nodes[0]} of job definition {name} is in no node range")


def check_environment(environment: Environment) -> None:
    """Refuse a compute environment that makes no sense."""
    _check_name("compute environment", environment.name)
    amounts = (
        (environment.vcpus, MAX_INTEGER, "vCPUs"),
        (environment.memory, MAX_INTEGER, "MiB of memory"),
        (environment.gpus, MAX_GPUS, "GPUs"),
    )
    for amount, most, what in amounts:
        if not 0 <= amount <= most:
            raise JobError(f"compute environment {environment.name}: {amount} {what} are not between 0 and {most}")
    if not (0 <= environment.interruptions_per_hour < math.inf and 0 <= environment.notice < math.inf):
        raise JobError(f"compute environment {environment.name} has a negative or endless interruption rate or notice")
    if environment.interruptions_per_hour and not environment.purchase.is_spot:
        raise JobError(f"compute environment {environment.name} has an interruption rate and is not SPOT")
    check_tags(environment.tags)


def check_queue(queue: Queue) -> None:
    """Refuse a job queue that AWS would refuse; whether its environments are there is for others to say."""
    _check_name("job queue", queue.name)
    if not 1 <= len(queue.environments) <= MAX_ENVIRONMENTS:
        raise JobError(
            f"job queue {queue.name} names {len(queue.environments)} compute environments, not 1 to {MAX_ENVIRONMENTS}"
        )
    if len(set(queue.environments)) != len(queue.environments):
        raise JobError(f"job queue {queue.name} names a compute environment twice")
    if not 0 <= queue.priority <= MAX_INTEGER:
        raise JobError(f"priority={queue.priority} of job queue {queue.name} is not between 0 and {MAX_INTEGER}")
    for each in queue.limits:
        if not 600 <= each.seconds <= 86_400:
            raise JobError(f"maxTimeSeconds={each.seconds:g} of job queue {queue.name} is not between 600 and 86400")
        if not each.reason.startswith(STUCK):
            raise JobError(f"reason {brief(each.reason)!r} of job queue {queue.name} is none of {', '.join(STUCK)}")
    check_tags(queue.tags)


def check_policy(policy: Policy) -> None:
    """Refuse a scheduling policy that AWS would refuse."""
    _check_name("scheduling policy", policy.name)
    if not 0 <= policy.decay <= 604_800:
        raise JobError(f"shareDecaySeconds={policy.decay:g} is not between 0 and 604800")
    if not 0 <= policy.reservation <= 99:
        raise JobError(f"computeReservation={policy.reservation} is not between 0 and 99")
    for share, weight in policy.weights.items():
        if not _SHARE.fullmatch(share):
            raise JobError(
                f"shareIdentifier {brief(share)!r} is not 1 to 255 letters and digits, with a * at the end or none"
            )
        if not 0.0001 <= weight <= 999.9999:
            raise JobError(f"weightFactor={weight:g} of share {share} is not between 0.0001 and 999.9999")
    check_tags(policy.tags)


def check_consumable(consumable: Consumable) -> None:
    """Refuse a consumable resource that AWS would refuse."""
    _check_name("consumable resource", consumable.name)
    if not 0 <= consumable.total <= MAX_LONG:
        raise JobError(
            f"totalQuantity={consumable.total} of ConsumableResource {consumable.name} is below 0 or too much"
        )
    check_tags(consumable.tags)


def check_request(request: Request, relaxed: tuple[str, ...]) -> None:
    """Refuse what can be refused without looking at other jobs."""
    if not _JOB_NAME.fullmatch(request.name):
        raise JobError(f"Job name should match valid pattern: {brief(request.name)!r} is not 1 to 128 of [A-Za-z0-9_-]")
    most = MAX_CHILDREN_RELAXED if "large-arrays" in relaxed else MAX_CHILDREN
    if request.size is not None and not 2 <= request.size <= most:
        raise JobError(f"array size {request.size} is not between 2 and {most:,}")
    _check_dependencies(request)
    if request.share is not None and (not _SHARE.fullmatch(request.share) or request.share.endswith("*")):
        raise JobError(f"shareIdentifier {brief(request.share)!r} is not 1 to 255 letters and digits")
    if request.retry is not None:
        _check_retry(request.retry)
    _check_timeout(request.timeout, relaxed)
    if request.priority is not None:
        _check_priority(request.priority)
    if request.overrides.command is not None and not all(request.overrides.command):
        raise JobError("an override of the command holds an empty string")
    _check_variables(request.overrides.environment)
    check_tags(request.tags)


def _check_dependencies(request: Request) -> None:
    if len(request.depends_on) > MAX_DEPENDENCIES:
        raise JobError(f"Job cannot have more than {MAX_DEPENDENCIES} dependencies")
    for each in request.depends_on:
        if each.among_siblings and request.size is None:
            raise JobError("a SEQUENTIAL dependency without a job id is for array jobs")
        if each.kind is not Kind.SEQUENTIAL and each.job_id is None:
            raise JobError("a dependency names no job id")


def check_spec(spec: Spec) -> None:
    """Refuse a job of which the definition and the request are right each by itself, but not together."""
    if spec.container is not None:
        _check_container(spec.definition, spec.container)
    if spec.nodes is not None:
        _check_nodes(spec.definition, spec.nodes)


def check_reason(reason: str) -> None:
    """Refuse an empty reason for stopping a job, and one that is too long."""
    if not reason or len(reason) > MAX_REASON:
        raise JobError(f"the reason has {len(reason)} characters, not 1 to {MAX_REASON}")


def _check_name(what: str, name: str, pattern: re.Pattern[str] = _NAME) -> None:
    if not pattern.fullmatch(name):
        raise JobError(f"name {brief(name)!r} of a {what} is not 1 to 128 of [A-Za-z0-9_-]")


def _check_retry(retry: Retry) -> None:
    if not 1 <= retry.attempts <= 10:
        raise JobError(f"attempts={retry.attempts} is not between 1 and 10")
    if len(retry.evaluate_on_exit) > MAX_RULES:
        raise JobError(f"evaluateOnExit has {len(retry.evaluate_on_exit)} rules, more than {MAX_RULES}")
    for rule in retry.evaluate_on_exit:
        if rule.on_exit_code is None and rule.on_reason is None and rule.on_status_reason is None:
            raise JobError("a rule of evaluateOnExit has no condition")
        if rule.on_exit_code is not None and not re.fullmatch(r"[0-9]{1,511}\*?|\*", rule.on_exit_code):
            raise JobError(f"onExitCode={brief(rule.on_exit_code)!r} is not digits, with or without * at the end")
        for text in (rule.on_reason, rule.on_status_reason):
            if text is not None and not 1 <= len(text) <= 512:
                raise JobError(f"a pattern of evaluateOnExit has {len(text)} characters, not 1 to 512")


def _check_timeout(timeout: float | None, relaxed: tuple[str, ...]) -> None:
    least = 0 if "short-timeouts" in relaxed else MIN_TIMEOUT
    if timeout is not None and not least <= timeout <= MAX_INTEGER:
        raise JobError(f"attemptDurationSeconds={timeout:g} is not between {least} and {MAX_INTEGER}")


def _check_priority(priority: int) -> None:
    if not 0 <= priority <= 9999:
        raise JobError(f"schedulingPriority={priority} is not between 0 and 9999")


def _check_resources(resources: Resources) -> None:
    if not 0 < resources.vcpus < math.inf:
        raise JobError(f"VCPU={resources.vcpus:g} is not above 0, or endless")
    if not MIN_MEMORY <= resources.memory <= MAX_INTEGER:
        raise JobError(f"MEMORY={resources.memory} MiB is not between {MIN_MEMORY} and {MAX_INTEGER}")
    if not 0 <= resources.gpus <= MAX_INTEGER:
        raise JobError(f"GPU={resources.gpus} is not between 0 and {MAX_INTEGER}")


def _check_variables(variables: Mapping[str, str]) -> None:
    for name in variables:
        if name.startswith("AWS_BATCH"):
            raise JobError(f"environment variable {brief(name)} must not start with AWS_BATCH")
        if not name or "=" in name or any(each.isspace() or not each.isprintable() for each in name):
            raise JobError(f"environment variable {brief(name)!r} is no name")


def check_tags(tags: Mapping[str, str]) -> None:
    """Refuse tags that AWS would refuse."""
    if len(tags) > MAX_TAGS:
        raise JobError(f"{len(tags)} tags are more than {MAX_TAGS}")
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or len(value) > 256:
            raise JobError(f"tag {brief(key)!r}: a key has 1 to 128 characters, a value at most 256")
