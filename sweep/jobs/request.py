"""What a user asks for when he submits a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from sweep.jobs.definition import Retry

__all__ = ["Dependency", "Kind", "NodeOverrides", "Overrides", "Request"]


class Kind(Enum):
    """How a dependent waits."""

    WHOLE = 0
    """For all of another job, or for one child of it."""
    SEQUENTIAL = 1
    """Child `i` of an array for its own child `i - 1`."""
    N_TO_N = 2
    """Child `i` for child `i` of another array of the same size."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """One entry of ``dependsOn``.

    Attributes
    ----------
    job_id
        The job waited for, or one child of it, ``"id:3"``; None for SEQUENTIAL.
    kind
        How.
    even_if_failed
        Wait for the end only, whatever it is. An addition: AWS has no such dependency.
    """

    job_id: str | None = None
    kind: Kind = Kind.WHOLE
    even_if_failed: bool = False

    @property
    def among_siblings(self) -> bool:
        """Whether each child waits for the one before it: SEQUENTIAL with a job id is read as WHOLE, as clients mean it."""
        return self.kind is Kind.SEQUENTIAL and self.job_id is None


@dataclass(frozen=True, slots=True)
class Overrides:
    """What replaces parts of the definition's container for one job.

    A command replaces the definition's; variables are added by name; of the resources and of the
    consumable resources, those given replace.
    """

    command: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    vcpus: float | None = None
    memory: int | None = None
    gpus: int | None = None
    consumables: Mapping[str, int] | None = None

    @property
    def characters(self) -> int:
        """How long it is, as AWS counts against its limit."""
        command = sum(len(each) for each in self.command or ())
        return command + sum(len(name) + len(text) for name, text in self.environment.items())


@dataclass(frozen=True, slots=True)
class NodeOverrides:
    """Overrides for the nodes of one range, ``first`` to ``last`` as the definition has them."""

    first: int
    last: int | None
    overrides: Overrides


@dataclass(frozen=True, slots=True)
class Request:
    """A job to be submitted.

    Attributes
    ----------
    name
        1 to 128 letters, digits, hyphens and underscores; the first is a letter or digit.
    queue, definition
        Names; the definition's latest active revision is taken unless ``"name:revision"`` is given.
    size
        Children of an array job, 2 to 10,000; None for a job that is none.
    depends_on
        At most 20.
    retry, timeout
        In place of the definition's.
    share, priority
        Share identifier (required by a fair-share queue, refused by others) and priority within the share, 0 to 9,999.
    done_in
        A finished array job of the same size: children that succeeded there count as done. An addition.
    nodes
        How many nodes a multi-node job shall have, in place of the definition's number.
    node_overrides
        For single ranges of nodes; `overrides` are for all of them.
    """

    name: str
    queue: str
    definition: str
    size: int | None = None
    depends_on: tuple[Dependency, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    overrides: Overrides = Overrides()
    retry: Retry | None = None
    timeout: float | None = None
    share: str | None = None
    priority: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    propagate_tags: bool | None = None
    nodes: int | None = None
    done_in: str | None = None
    node_overrides: tuple[NodeOverrides, ...] = ()
