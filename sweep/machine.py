"""What this machine has."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cores", "memory_mib", "processors"]


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
