"""Hold attempts to their memory."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from sweep.executors.commands.processes import descendants, process, unshared

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweep.executors.commands.attempt import Attempt
    from sweep.executors.commands.processes import Process
    from sweep.executors.commands.strays import Strays

__all__ = ["PERIOD", "outgrown", "watch"]

PERIOD = 0.2
"""Seconds between two looks; younger attempts are not looked at."""

NOBODY = ("", "")

MOST = 0.1
"""The part of a processor that looking may take, where there are thousands of processes: they can take gigabytes in a second."""


def watch(attempts: Iterable[Attempt], strays: Strays) -> float:
    """Kill attempts that have outgrown their limits; return the seconds until the next look."""
    began = time.monotonic()
    old = [each for each in attempts if each.limit is not None and each.age >= PERIOD]
    for each in outgrown(old, descendants(os.getpid()), strays) if old else []:
        each.outgrown = True
        each.signal(signal.SIGKILL)
    return max(PERIOD, (time.monotonic() - began) / MOST)


def outgrown(attempts: list[Attempt], processes: list[Process], strays: Strays) -> list[Attempt]:
    """Return the attempts whose processes have more memory than they may.

    Resident memory counts shared pages again in each process, and files; only where that is too much is the exact number asked for.
    Processes are looked at one after another: where some end meanwhile, what they shared is counted again in those that stay.
    So the exact number has to be too much twice.
    """
    trees = _trees(attempts, processes, strays)
    return [
        each
        for each in attempts
        if each.limit is not None
        and sum(member.resident for member in trees[each.pid]) > each.limit
        and all(sum(_now(member.pid) for member in trees[each.pid]) > each.limit for _ in range(2))
    ]


def _now(pid: int) -> int:
    """Return the bytes of memory of a process; nothing if it has ended, resident memory if it is another user's."""
    found = unshared(pid)
    if found:
        return found
    there = process(pid)
    return there.resident if there else 0


def _trees(attempts: list[Attempt], processes: list[Process], strays: Strays) -> dict[int, list[Process]]:
    """Group processes by the attempt that they descend from, in whose group they are, or that they name as their own."""
    trees: dict[int, list[Process]] = {each.pid: [] for each in attempts}
    owners = {each.owner: each.pid for each in attempts}
    by_pid = {each.pid: each for each in processes}
    for each in processes:
        at: Process | None = each
        while at is not None and at.group not in trees and at.parent != os.getpid():
            at = by_pid.get(at.parent)
        if at is not None:
            root = at.group if at.group in trees else owners.get(strays.owner(at.pid) or NOBODY)
            if root is not None:
                trees[root].append(each)
    return trees
