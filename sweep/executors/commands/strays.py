"""Processes that attempts have left behind: daemons, and orphans in sessions of their own.

They have become children of the runner, which is their subreaper, and tell in their environment whose they are.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sweep.executors.commands.processes import children, process, variables
from sweep.executors.commands.wire import FREE, MARK

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from sweep.executors.commands.attempt import Attempt

__all__ = ["Owner", "Strays"]

Owner = tuple[str, str]
"""``AWS_BATCH_JOB_ID`` and ``AWS_BATCH_JOB_ATTEMPT``."""


class Strays:
    """Finds them and kills them.

    A stray that hides whose it is (its environment is another, or another user's) is killed once none of the attempts runs that ran when
    it was born; not so where containers are run, whose runtimes leave such processes to tidy up.

    Parameters
    ----------
    instance
        The runner's.
    """

    def __init__(self, instance: str) -> None:
        self._instance = instance.encode()
        self.containers = False

    def kill(self, known: Container[int], running: Container[Owner], attempts: Iterable[Attempt]) -> set[Owner]:
        """Kill what no running attempt owns.

        Parameters
        ----------
        known
            Processes that are none.
        running, attempts
            Whose may live on.

        Returns
        -------
        set
            Owners of those that were killed, which may take a moment to die.
        """
        killed: set[Owner] = set()
        for pid in children(os.getpid()):
            if pid in known or self.is_free(pid):
                continue
            owner = self.owner(pid)
            if owner is None:
                self._kill_nameless(pid, attempts)
            elif owner not in running and _killed(pid):
                killed.add(owner)
        return killed

    def any_bound(self) -> bool:
        """Whether we have a child that may not outlive us."""
        return any(not self.is_free(each) for each in children(os.getpid()))

    def is_free(self, pid: int) -> bool:
        """Whether a process is an engine that an attempt has started, or was started by such."""
        mark = variables(pid).get(MARK.encode(), b"")
        return mark.startswith(FREE.encode()) and self._instance not in mark

    def owner(self, pid: int) -> Owner | None:
        """Return which attempt a process says that it belongs to."""
        names = variables(pid)
        if self._instance not in names.get(MARK.encode(), b"") or b"AWS_BATCH_JOB_ID" not in names:
            return None
        return os.fsdecode(names[b"AWS_BATCH_JOB_ID"]), os.fsdecode(names.get(b"AWS_BATCH_JOB_ATTEMPT", b""))

    def _kill_nameless(self, pid: int, attempts: Iterable[Attempt]) -> None:
        found = process(pid)
        if found is None or self.containers:
            return
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - found.born
        if all(each.age < age - 0.02 for each in attempts):
            _killed(pid)


def _killed(pid: int) -> bool:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False
