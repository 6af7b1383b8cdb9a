"""The processes that the runner has started: attempts, and helpers of its own."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from sweep.executors.codes import exit_code
from sweep.executors.commands import memory
from sweep.executors.commands.attempt import Attempt
from sweep.executors.commands.containers import find, kill_line
from sweep.executors.commands.processes import own_peak
from sweep.executors.commands.strays import Strays

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.executors.commands.lease import Lease
    from sweep.executors.commands.loop import Loop
    from sweep.executors.commands.starter import Starter
    from sweep.executors.commands.strays import Owner
    from sweep.executors.commands.wire import Ended

__all__ = ["Children"]

PATIENCE = 5.0
"""Seconds that a container runtime has to kill a container, before its own client is killed."""


def _ignore(_code: int) -> None:
    pass


class Children:
    """Starts processes, stops them, and learns of their end.

    Parameters
    ----------
    ended
        Called with each attempt that has ended (None if it could not be started) and how.
    listen
        Called before an attempt that may have said something is judged.
    instance
        The runner's.
    """

    def __init__(
        self,
        loop: Loop,
        starter: Starter,
        instance: str,
        ended: Callable[[Lease, Attempt | None, Ended], None],
        listen: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._starter = starter
        self._ended = ended
        self._listen = listen
        self._strays = Strays(instance)
        self._attempts: dict[int, tuple[Lease, Attempt]] = {}
        self._helpers: dict[int, Callable[[int], None]] = {}
        self._watching = False

    @property
    def attempts(self) -> list[Attempt]:
        """All that run."""
        return [each for _, each in self._attempts.values()]

    def begin(self, lease: Lease, index: int, number: int) -> Attempt | None:
        """Start a child of a lease; if that fails it has ended."""
        attempt = self._starter.start(lease, index, number)
        if not isinstance(attempt, Attempt):
            self._ended(lease, None, attempt)
            return None
        lease.running[index] = attempt
        self._attempts[attempt.pid] = (lease, attempt)
        self._strays.containers |= attempt.container is not None
        if not self._watching:
            self._watching = True
            self._loop.after(memory.PERIOD, self._watch)
        return attempt

    def stop(self, attempt: Attempt, grace: float) -> None:
        """Ask an attempt to end, once, and see to it after `grace` seconds; of several the shortest counts."""
        if not attempt.stopping:
            attempt.stopping = True
            self._ask(attempt)
        self._loop.after(grace, lambda: self._kill(attempt))

    def _ask(self, attempt: Attempt) -> None:
        if attempt.container is None:
            attempt.signal(signal.SIGTERM)
        else:
            self.help(kill_line(self._starter.runtime or "", attempt.container, "TERM"))

    def _kill(self, attempt: Attempt) -> None:
        if attempt.container is None or not self._runs(attempt):
            self._kill_group(attempt)
        else:
            line = kill_line(self._starter.runtime or "", attempt.container, "KILL")
            self.help(line, lambda _: self._kill_group(attempt))
            self._loop.after(PATIENCE, lambda: self._kill_group(attempt))

    def _kill_group(self, attempt: Attempt) -> None:
        if self._runs(attempt):
            attempt.signal(signal.SIGKILL)

    def _runs(self, attempt: Attempt) -> bool:
        return attempt.pid in self._attempts and self._attempts[attempt.pid][1] is attempt

    def help(self, command: list[str], then: Callable[[int], None] = _ignore) -> int:
        """Start a helper; call `then` with its exit code."""
        try:
            pid = self._starter.spawn_helper(command)
        except OSError:
            then(127)
            return 0
        self._helpers[pid] = then
        return pid

    def remove(self, directory: str) -> None:
        """Remove a directory that may hold much."""
        self.help([find("rm", os.environ.get("PATH")) or "/bin/rm", "-rf", "--", directory])

    def speak(self, pid: int, reason: str) -> Lease | None:
        """Remember what an attempt said of itself; return its lease."""
        if pid not in self._attempts:
            return None
        lease, attempt = self._attempts[pid]
        attempt.reason = reason or attempt.reason
        return lease

    def reap(self) -> None:
        """Learn which have ended. The group of each is killed while its number cannot have been given to another."""
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            self._bury(ended.si_pid)

    def _bury(self, pid: int) -> None:
        if pid in self._attempts:
            lease, attempt = self._attempts[pid]
            attempt.signal(signal.SIGKILL)
            if lease.speaks:
                self._listen()
        _, status, usage = os.wait4(pid, 0)
        if pid in self._helpers:
            self._helpers.pop(pid)(exit_code(status))
        if pid in self._attempts:
            lease, attempt = self._attempts.pop(pid)
            del lease.running[attempt.index]
            self._ended(lease, attempt, attempt.ended(status, _peak(usage.ru_maxrss, attempt.limit)))

    def kill_strays(self) -> set[Owner]:
        """Kill what attempts that have ended left behind; return whose it was."""
        known = self._attempts.keys() | self._helpers.keys()
        if not known and not _has_children():
            return set()
        return self._strays.kill(known, {each.owner for each in self.attempts}, self.attempts)

    def any_left(self) -> bool:
        """Whether there is a child that may not outlive us."""
        return _has_children() and self._strays.any_bound()

    def _watch(self) -> None:
        self._watching = bool(self._attempts)
        if self._watching:
            self._loop.after(memory.watch(self.attempts, self._strays), self._watch)


def _has_children() -> bool:
    with suppress(ChildProcessError):
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return True
    return False


def _peak(kibibytes: int, limit: int | None) -> int:
    """Return a peak of memory in bytes; 0 if it is within the limit, or may be our own: a child has it until it runs its program."""
    peak = kibibytes * 1024
    return peak if limit is not None and peak > limit and peak > own_peak() else 0
