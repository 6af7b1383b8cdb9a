"""Hold attempts to their memory."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from sweep.executors.commands.processes import everything, unshared

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweep.executors.commands.attempt import Attempt
    from sweep.executors.commands.processes import Process

__all__ = ["PERIOD", "outgrown", "watch"]

PERIOD = 0.2
"""Seconds between two looks; younger attempts are not looked at."""

MOST = 0.01
"""The part of a processor that looking may take, where there are thousands of processes."""


def watch(attempts: Iterable[Attempt]) -> float:
    """Kill attempts that have outgrown their limits; return the seconds until the next look."""
    began = time.monotonic()
    old = [each for each in attempts if each.limit is not None and each.age >= PERIOD]
    for each in outgrown(old, everything()) if old else []:
        each.outgrown = True
        each.signal(signal.SIGKILL)
    return max(PERIOD, (time.monotonic() - began) / MOST)


def outgrown(attempts: list[Attempt], processes: list[Process]) -> list[Attempt]:
    """Return the attempts whose processes have more memory than they may.

    Resident memory counts shared pages again in each process and files too; only where that is too much is the exact number asked for.
    """
    trees = _trees({each.pid for each in attempts}, processes)
    return [
        each
        for each in attempts
        if each.limit is not None
        and sum(member.resident for member in trees[each.pid]) > each.limit
        and sum(unshared(member.pid) or member.resident for member in trees[each.pid]) > each.limit
    ]


def _trees(roots: set[int], processes: list[Process]) -> dict[int, list[Process]]:
    """Group processes by the root that they descend from, or in whose session they are."""
    by_pid = {each.pid: each for each in processes}
    trees: dict[int, list[Process]] = {each: [] for each in roots}
    for each in processes:
        at: Process | None = each
        while at is not None and at.session not in roots:
            at = by_pid.get(at.parent)
        if at is not None:
            trees[at.session].append(each)
    return trees
