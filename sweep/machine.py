"""What this machine has, or the container that this process is in."""

from __future__ import annotations

import math
import os
from pathlib import Path

__all__ = ["cores", "memory_mib", "processors"]


_CGROUP = Path("/sys/fs/cgroup")


def processors() -> int:
    """Return how many processors this process may use: those it may be scheduled on, or fewer if its container has less time than that."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota(_CGROUP)
    return allowed if quota is None else max(1, min(allowed, math.ceil(quota)))


def _quota(root: Path) -> float | None:
    """Read how many processors' time a container may use, by cgroups of version 2 or 1; None for no limit."""
    try:
        told = (root / "cpu.max").read_text().split()
    except OSError:
        try:
            told = [(root / "cpu" / f"cpu.cfs_{each}_us").read_text() for each in ("quota", "period")]
        except OSError:
            return None
    try:
        quota, period = map(int, told)
    except ValueError:
        return None  # "max"
    return quota / period if quota > 0 and period > 0 else None


def cores() -> int:
    """Return how many cores these processors are, of which two may be one core's threads; all of them where the system does not say."""
    if not hasattr(os, "sched_getaffinity"):
        return processors()
    found: set[str] = set()
    for each in os.sched_getaffinity(0):
        path = Path(f"/sys/devices/system/cpu/cpu{each}/topology/thread_siblings_list")
        try:
            found.add(path.read_text())
        except OSError:
            found.add(str(each))
    return len(found)


def memory_mib() -> int:
    """Return the memory of the machine, in MiB."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1 << 20)
