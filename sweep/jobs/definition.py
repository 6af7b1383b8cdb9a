"""What a job runs and what it needs: job definitions and their parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

__all__ = ["Action", "Container", "Definition", "ExitRule", "NodeGroup", "Nodes", "Resources", "Retry"]


@dataclass(frozen=True, slots=True)
class Resources:
    """What one child holds while it runs.

    Attributes
    ----------
    vcpus
        Processors.
    memory
        MiB; a command that takes more is ended.
    gpus
        Whole GPUs, for itself alone.
    """

    vcpus: float = 1.0
    memory: int = 512
    gpus: int = 0


class Action(Enum):
    """What a rule says about an attempt that failed."""

    RETRY = 1
    EXIT = 2


@dataclass(frozen=True, slots=True)
class ExitRule:
    """One line of ``evaluateOnExit``: it matches when all of its patterns do.

    A pattern is the whole text, or its beginning when it ends in ``*``.
    """

    action: Action
    on_exit_code: str | None = None
    on_reason: str | None = None
    on_status_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a child may be tried, 1 to 10 times, and after which failures."""

    attempts: int = 1
    evaluate_on_exit: tuple[ExitRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Container:
    """What runs: a command in an image, or a Python function.

    Attributes
    ----------
    command
        Program and arguments; a token ``Ref::name`` is replaced by a parameter of the job.
    function
        ``"package.module:name"`` of a Python function that takes a `sweep.jobs.work.Child`. An addition: AWS runs commands only.
    image
        Used when a container runtime is asked for; recorded else.
    environment
        Variables, by name.
    resources
        Of one child, or of one node.
    runtime
        ``"host"``, or ``"container"`` to run `image` by podman or docker.
    recorded
        Everything else that AWS lets one say (roles, mount points, log configuration), kept and shown as given.
    consumables
        How much it takes of consumable resources, by their names.
    """

    command: tuple[str, ...] = ()
    function: str | None = None
    image: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    resources: Resources = Resources()
    runtime: str = "host"
    recorded: Mapping[str, Any] = field(default_factory=dict[str, Any])
    consumables: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class NodeGroup:
    """Nodes ``first`` to ``last``, both included, and what they run; `last` is None for all from the first on."""

    first: int
    last: int | None
    container: Container

    def holds(self, node: int) -> bool:
        """Whether a node is one of these."""
        return self.first <= node and (self.last is None or node <= self.last)


@dataclass(frozen=True, slots=True)
class Nodes:
    """The nodes of a multi-node parallel job."""

    count: int
    main: int = 0
    groups: tuple[NodeGroup, ...] = ()

    def container(self, node: int) -> Container:
        """Return what a node runs: of groups inside each other the inner one's."""
        holding = [each for each in self.groups if each.holds(node)]
        return min(holding, key=lambda each: (self.count if each.last is None else each.last) - each.first).container


@dataclass(frozen=True, slots=True)
class Definition:
    """One revision of a job definition. It never changes, but for becoming inactive.

    Attributes
    ----------
    name, revision
        Revisions count from 1 and are never given twice.
    container, nodes
        One of the two.
    parameters
        Defaults for ``Ref::name``.
    retry
        For each child separately.
    timeout
        Seconds that an attempt may last, 60 or more; None for ever.
    scheduling_priority
        Under fair share, within one share: higher first.
    recorded
        What AWS was told when it was registered over HTTP, to be shown as given.
    """

    name: str
    revision: int = 1
    container: Container | None = None
    nodes: Nodes | None = None
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    retry: Retry = Retry()
    timeout: float | None = None
    scheduling_priority: int = 0
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    propagate_tags: bool = False
    active: bool = True
    recorded: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def key(self) -> str:
        """``"name:revision"``."""
        return f"{self.name}:{self.revision}"
