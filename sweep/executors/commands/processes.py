"""The processes of this machine, as /proc shows them."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

__all__ = [
    "Process",
    "boot",
    "children",
    "descendants",
    "everything",
    "own_peak",
    "process",
    "title",
    "unshared",
    "variables",
]

PAGE = os.sysconf("SC_PAGE_SIZE")
LISTING = "/proc/{pid}/task/{task}/children"
TICK = 1.0 / os.sysconf("SC_CLK_TCK")


class Process(NamedTuple):
    """One process.

    Attributes
    ----------
    born
        Seconds since the machine was booted; to 0.01 s, rounded down.
    resident
        Bytes of memory, shared ones included.
    zombie
        Whether it is dead, and only its number is still taken.
    """

    pid: int
    parent: int
    group: int
    session: int
    born: float
    resident: int
    zombie: bool


def everything() -> list[Process]:
    """Return all processes."""
    found = (process(int(each)) for each in os.listdir("/proc") if each.isdecimal())
    return [each for each in found if each is not None]


def process(pid: int) -> Process | None:
    """Return one process, or None if it is not there."""
    stat = _read(f"/proc/{pid}/stat")
    if not stat:
        return None
    fields = stat[stat.rindex(b")") + 2 :].split(None, 23)
    parent, group, session = (int(each) for each in fields[1:4])
    return Process(pid, parent, group, session, int(fields[19]) * TICK, int(fields[21]) * PAGE, fields[0] == b"Z")


def children(pid: int) -> list[int]:
    """Return the children of a process of one thread. Where the kernel keeps no list of them, look at all processes."""
    try:
        return _listed(pid, pid)
    except OSError:
        return [each.pid for each in everything() if each.parent == pid]


def descendants(pid: int) -> list[Process]:
    """Return all that descends from a process. Where the kernel keeps no lists of children, return all processes."""
    try:
        waiting = _listed(pid, pid)
    except OSError:
        return everything()
    found: list[Process] = []
    while waiting:
        one = process(waiting.pop())
        if one is not None:
            found.append(one)
            waiting += _children_of_threads(one.pid)
    return found


def _children_of_threads(pid: int) -> list[int]:
    with suppress(OSError):  # it may end while we look
        return [child for each in os.listdir(f"/proc/{pid}/task") for child in _listed(pid, int(each))]
    return []


def _listed(pid: int, task: int) -> list[int]:
    with open(LISTING.format(pid=pid, task=task), "rb") as file:
        return [int(each) for each in file.read().split()]


def boot() -> str:
    """Name this run of the machine: process numbers mean nothing in another."""
    return _read("/proc/sys/kernel/random/boot_id").decode().strip()


def variables(pid: int) -> dict[bytes, bytes]:
    """Return the environment that a process was started with; nothing if it is gone, or another user's."""
    pairs = (each.partition(b"=") for each in _read(f"/proc/{pid}/environ").split(b"\0"))
    return {name: text for name, _, text in pairs}


def title(pid: int) -> bytes:
    """Return what a process calls itself; nothing if it is gone."""
    return _read(f"/proc/{pid}/cmdline")


def unshared(pid: int) -> int:
    """Return the bytes of memory that a process has for itself, and its part of what it shares; files do not count.

    This is what the kernel charges to a container and cannot take back. It is exact, and slow: milliseconds for some GB.
    """
    lines = (each.split() for each in _read(f"/proc/{pid}/smaps_rollup").splitlines()[1:])
    sizes = {each[0]: int(each[1]) * 1024 for each in lines}
    if b"Pss_Anon:" not in sizes:
        return sizes.get(b"Pss:", 0)
    return sizes[b"Pss_Anon:"] + sizes[b"Pss_Shmem:"]


def own_peak() -> int:
    """Return the most bytes of memory that we have had; not what getrusage(2) says, which is also that of who started us."""
    lines = (each.split() for each in _read("/proc/self/status").splitlines())
    return next((int(each[1]) * 1024 for each in lines if each[0] == b"VmHWM:"), 0)


def _read(path: str) -> bytes:
    with suppress(OSError), open(path, "rb", buffering=0) as file:
        return file.read()
    return b""
