"""What the engine's side and the runner say to each other: one JSON object a line.

The engine's side says ``hello``, with the version and the runner's instance, then ``start``, ``stop``, ``over`` and ``close``; the runner
says ``hello``, ``begun``, ``ended`` and ``steps``. A lease goes by its
number and its job, for an engine that has lost its journal counts leases from 1 again.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

__all__ = ["FREE", "MARK", "MORTAL", "VERSION", "Begun", "Ended", "Key", "Message", "pack", "unpack"]

VERSION = 2
"""A runner of another version is not talked to: it is ended, and its work is lost."""

MARK = "SWEEP_RUNNER"
"""Environment variable of the runner and of all that it starts; its value holds the runner's instance."""

FREE = "free"
"""How the value begins for an engine that a job has started, and for what that starts: it may outlive the job."""

MORTAL = "mortal"
"""Argument of a runner that ends with the engine's side."""

Message = dict[str, Any]

Key = tuple[str, int]
"""A job and the number of one of its leases."""


class Begun(NamedTuple):
    """Children that run; as `sweep.jobs.events.Begun`, which is slow to import."""

    first: int
    last: int
    attempt: int
    at: int


class Ended(NamedTuple):
    """Children that have ended alike; as `sweep.jobs.events.Ended`, with the name of the fate."""

    first: int
    last: int
    attempt: int
    fate: str
    exit_code: int | None = None
    reason: str = ""
    started: int = 0
    stopped: int = 0
    busy: float = 0.0


def pack(message: Message) -> bytes:
    r"""Write one line.

    >>> pack({"do": "close"})
    b'{"do":"close"}\n'
    """
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def unpack(line: bytes) -> Message:
    """Read one line."""
    return json.loads(line)
