"""What can happen to the engine. The journal is a list of these; nothing else changes the state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from sweep.jobs.consumable import Change, Consumable
from sweep.jobs.definition import Definition
from sweep.jobs.environment import Environment
from sweep.jobs.queue import Policy, Queue
from sweep.jobs.request import Request

__all__ = [
    "KINDS",
    "Begun",
    "Cancel",
    "ChangeConsumable",
    "DeleteConsumable",
    "DeleteEnvironment",
    "DeletePolicy",
    "DeleteQueue",
    "Deregister",
    "Ended",
    "Event",
    "Fate",
    "PutConsumable",
    "PutEnvironment",
    "PutPolicy",
    "PutQueue",
    "Register",
    "Submit",
    "Tag",
    "Taggable",
    "Terminate",
    "Tick",
    "Unserved",
]


@dataclass(frozen=True, slots=True)
class Register:
    """A definition is registered; its revision is the next of its name, whatever it says."""

    definition: Definition


@dataclass(frozen=True, slots=True)
class Deregister:
    """A revision becomes inactive."""

    name: str
    revision: int


@dataclass(frozen=True, slots=True)
class PutEnvironment:
    """A compute environment is made (`new`) or changed."""

    environment: Environment
    new: bool = False


@dataclass(frozen=True, slots=True)
class DeleteEnvironment:
    """A compute environment goes; it must be disabled, unless `even_enabled`, and in no queue."""

    name: str
    even_enabled: bool = False


@dataclass(frozen=True, slots=True)
class PutQueue:
    """A job queue is made (`new`) or changed."""

    queue: Queue
    new: bool = False


@dataclass(frozen=True, slots=True)
class DeleteQueue:
    """A job queue goes; it must be disabled, unless `even_enabled`, and is so from then on. Its jobs are terminated."""

    name: str
    even_enabled: bool = False


@dataclass(frozen=True, slots=True)
class PutPolicy:
    """A scheduling policy is made (`new`) or changed."""

    policy: Policy
    new: bool = False


@dataclass(frozen=True, slots=True)
class DeletePolicy:
    """A scheduling policy goes; no queue may use it."""

    name: str


@dataclass(frozen=True, slots=True)
class PutConsumable:
    """A consumable resource is made."""

    consumable: Consumable


@dataclass(frozen=True, slots=True)
class ChangeConsumable:
    """The total of a consumable resource changes; once for all events alike that have the same `token`."""

    name: str
    change: Change
    quantity: int
    token: str | None = None


@dataclass(frozen=True, slots=True)
class DeleteConsumable:
    """A consumable resource goes; no live job may need it."""

    name: str


class Taggable(Enum):
    """What can have tags; the values are what messages call them."""

    JOB = "Job"
    DEFINITION = "JobDefinition"
    QUEUE = "JobQueue"
    ENVIRONMENT = "ComputeEnvironment"
    POLICY = "SchedulingPolicy"
    CONSUMABLE = "ConsumableResource"


@dataclass(frozen=True, slots=True)
class Tag:
    """Tags are added to a thing, and those of some keys removed; a definition is named with its revision."""

    kind: Taggable
    name: str
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Submit:
    """A job is submitted. Its id is made outside, for the engine throws no dice."""

    job_id: str
    request: Request


@dataclass(frozen=True, slots=True)
class Cancel:
    """A job, or one child of it, is cancelled: what has not been given to a worker fails."""

    job_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Terminate:
    """A job, or one child of it, is ended, running or not."""

    job_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Begun:
    """Children ``first`` to ``last`` (not included) of a lease run; `at` in ms since 1970."""

    lease: int
    first: int
    last: int
    attempt: int
    at: int


class Fate(Enum):
    """How an attempt ended."""

    EXITED = 0
    """By itself, or because it was told to."""
    LOST = 1
    """Its worker is gone."""
    NOT_STARTED = 2
    """What it runs is not there, or could not be started."""
    RETURNED = 3
    """It never began: its worker gives it back."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Children ``first`` to ``last`` (not included) of a lease have ended, all alike.

    Attributes
    ----------
    exit_code
        0 to 255, or None where there is none.
    reason
        What the container says, at most 255 characters.
    started, stopped
        ms since 1970; `started` is 0 if they never ran.
    busy
        Seconds that they took, one after the other.
    """

    lease: int
    first: int
    last: int
    attempt: int
    fate: Fate = Fate.EXITED
    exit_code: int | None = None
    reason: str = ""
    started: int = 0
    stopped: int = 0
    busy: float = 0.0


@dataclass(frozen=True, slots=True)
class Unserved:
    """No worker can be had for a compute environment: it becomes INVALID, and is tried again some time later."""

    environment: str
    reason: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Event = (
    Register
    | Deregister
    | PutEnvironment
    | DeleteEnvironment
    | PutQueue
    | DeleteQueue
    | PutPolicy
    | DeletePolicy
    | PutConsumable
    | ChangeConsumable
    | DeleteConsumable
    | Tag
    | Submit
    | Cancel
    | Terminate
    | Begun
    | Ended
    | Unserved
    | Tick
)

KINDS: dict[str, type[Event]] = {each.__name__: each for each in Event.__args__}
"""Event types by the name that the journal has for them."""
