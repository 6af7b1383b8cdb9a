"""Kill what a dead runner has left running."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from sweep.executors.commands.containers import LABEL
from sweep.executors.commands.processes import boot, process, variables
from sweep.executors.commands.wire import MARK

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.executors.commands.files import Files

__all__ = ["bury", "end_process"]

PATIENCE = 60.0
"""Seconds that a container runtime has to answer."""


def bury(files: Files, instance: str) -> None:
    """Kill every process of a runner and remove its containers; return when they are dead.

    They are known by the runner's instance in their environment, or by its session; both are true of the runner itself, so one that does
    not answer is killed as well. After a boot of the machine there are none.
    """
    dead = _Runner(instance, _session(files, instance))
    while found := [each for each in _all() if dead.owns(each)]:
        for each in found:
            end_process(each, dead.owns)
    runtime = files.container_runtime()
    if runtime is not None:
        _remove_containers(runtime, instance)
    with suppress(FileNotFoundError):
        os.unlink(files.socket)


def _all() -> list[int]:
    return [int(each) for each in os.listdir("/proc") if each.isdecimal() and int(each) != os.getpid()]


class _Runner(NamedTuple):
    """What is left of a runner that is to be buried."""

    instance: str
    session: int | None

    def owns(self, pid: int) -> bool:
        return self._marks(pid) or self._leads(pid)

    def _marks(self, pid: int) -> bool:
        return self.instance.encode() in variables(pid).get(MARK.encode(), b"")

    def _leads(self, pid: int) -> bool:
        """Whether a process is of the runner's session. As long as that has members the kernel gives its number to nobody else."""
        found = None if self.session is None else process(pid)
        if self.session is None or found is None or found.zombie or found.session != self.session:
            return False
        leader = process(self.session)
        return leader is None or leader.zombie or self._marks(self.session)


def _session(files: Files, instance: str) -> int | None:
    note = files.read_note()
    return note.get("session") if (note.get("instance"), note.get("boot")) == (instance, boot()) else None


def end_process(pid: int, is_meant: Callable[[int], bool]) -> None:
    """Kill a process, if it is the one that is meant, and wait until it is dead.

    A descriptor is no number: it cannot come to mean another process.
    """
    with suppress(ProcessLookupError):
        process = os.pidfd_open(pid)
        try:
            if is_meant(pid):
                signal.pidfd_send_signal(process, signal.SIGKILL)
                dead = select.poll()
                dead.register(process, select.POLLIN)
                dead.poll()
        finally:
            os.close(process)


def _remove_containers(runtime: str, instance: str) -> None:
    listing = [runtime, "ps", "--all", "--quiet", "--filter", f"label={LABEL}={instance}"]
    with suppress(OSError, subprocess.SubprocessError):
        names = subprocess.run(listing, capture_output=True, check=True, text=True, timeout=PATIENCE).stdout.split()
        if names:
            subprocess.run([runtime, "rm", "--force", *names], capture_output=True, check=True, timeout=PATIENCE)
