"""Kill what a dead runner has left running."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

from sweep.executors.commands.containers import LABEL
from sweep.executors.commands.processes import variables
from sweep.executors.commands.wire import MARK

if TYPE_CHECKING:
    from sweep.executors.commands.files import Files

__all__ = ["bury"]

PATIENCE = 60.0
"""Seconds that a container runtime has to answer."""


def bury(files: Files, instance: str) -> None:
    """Kill every process of a runner and remove its containers; return when they are dead.

    They are known by the runner's instance in their environment; the runner itself has it too, so one that does not answer is killed as
    well. After a boot of the machine there are none.
    """
    while found := [each for each in _all() if _bears(each, instance)]:
        for each in found:
            _kill(each, instance)
    runtime = files.container_runtime()
    if runtime is not None:
        _remove_containers(runtime, instance)
    with suppress(FileNotFoundError):
        os.unlink(files.socket)


def _all() -> list[int]:
    return [int(each) for each in os.listdir("/proc") if each.isdecimal() and int(each) != os.getpid()]


def _bears(pid: int, instance: str) -> bool:
    return instance.encode() in variables(pid).get(MARK.encode(), b"")


def _kill(pid: int, instance: str) -> None:
    """Kill a process and wait until it is dead. A descriptor is no number: it cannot come to mean another process."""
    with suppress(ProcessLookupError):
        process = os.pidfd_open(pid)
        try:
            if _bears(pid, instance):
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
