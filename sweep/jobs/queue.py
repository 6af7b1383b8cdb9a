"""Where jobs wait: job queues, and the policies that share them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Policy", "Queue", "TimeLimit"]


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """Cancel a job that stands RUNNABLE at the head of its queue for `seconds`, 600 to 86,400, and for a reason that begins with `reason`."""

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class Queue:
    """A job queue.

    Attributes
    ----------
    priority
        Queues of a higher one are looked at first.
    environments
        Names, 1 to 3, in the order in which they are tried.
    policy
        Name of a `Policy`; first in, first out without one.
    enabled
        A disabled queue takes no new jobs; those in it finish.
    recorded
        What else AWS lets one say of it, kept and shown as given.
    """

    name: str
    priority: int
    environments: tuple[str, ...]
    policy: str | None = None
    enabled: bool = True
    limits: tuple[TimeLimit, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    recorded: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Policy:
    """A fair-share scheduling policy.

    Attributes
    ----------
    decay
        Seconds over which past use is forgotten, 0 to 604,800; less than 600 counts as 600.
    reservation
        0 to 99: (reservation / 100) ** (active shares) of each environment is kept free for shares that have no jobs yet.
    weights
        By share identifier, which may end in ``*``; 0.0001 to 999.9999, 1 when not given. A share of half the weight gets twice as
        much.
    """

    name: str
    decay: float = 0.0
    reservation: int = 0
    weights: Mapping[str, float] = field(default_factory=dict[str, float])
    tags: Mapping[str, str] = field(default_factory=dict[str, str])

    def weight(self, share: str) -> float:
        """Return a share's weight: its own entry, else the longest prefix that fits."""
        if share in self.weights:
            return self.weights[share]
        fitting = [name for name in self.weights if name.endswith("*") and share.startswith(name[:-1])]
        return self.weights[max(fitting, key=len)] if fitting else 1.0
