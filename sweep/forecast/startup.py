"""How long a fresh process takes until it could run its first trial: what a child of an array job waits for before its work."""

from __future__ import annotations

import subprocess
import sys
import time

__all__ = ["process_seconds"]

_NEEDS = "import numpy, llvmlite.binding, pyarrow.parquet, sweep.work.entry, sweep_kernels.driver"


def process_seconds() -> float:
    """Start Python with what a worker imports, as children of array jobs do; the second time, when files are in memory."""
    import os

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
    found = 0.0
    for _ in range(2):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-P", "-c", _NEEDS], check=True, env=environment)  # noqa: S603 - our own
        found = time.perf_counter() - begun
    return found
