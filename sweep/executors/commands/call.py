"""Call a Python function as a child, in a process of its own.

::

    python -m sweep.executors.commands.call package.module:name
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any

from sweep.executors.codes import TERMINATED, returned_code
from sweep.executors.commands.voices import say
from sweep.executors.functions import find_function
from sweep.executors.stopping import Stopped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.jobs.work import Child

__all__ = ["child_of", "main"]

PERIOD = 0.1
"""Seconds between two reports of steps."""


class _Report:
    """Passes on how many steps were done; raises `Stopped` once the process was asked to end."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._steps = 0
        self._said = 0.0
        self._stop = False

    def stop(self, *_: object) -> None:
        self._stop = True

    def __call__(self, steps: int) -> None:
        self._steps += steps
        if time.monotonic() - self._said >= PERIOD:
            self.flush()
        if self._stop:
            raise Stopped

    def flush(self, reason: str = "") -> None:
        if self._steps or reason:
            say(self._pid, steps=self._steps, reason=reason)
        self._steps, self._said = 0, time.monotonic()


def child_of(variables: Mapping[str, str], function: str, report: Any) -> Child:
    """Return the child that the environment tells of. What it does not tell, the lease's number, is 0."""
    from sweep.jobs.definition import Container
    from sweep.jobs.job import Shape
    from sweep.jobs.work import Child, Work

    shape, mark, name = _shape(variables), ":", "AWS_BATCH_JOB_ARRAY_INDEX"
    if shape is Shape.NODES:
        mark, name = "#", "AWS_BATCH_JOB_NODE_INDEX"
    index, attempt = int(variables.get(name, "0")), int(variables["AWS_BATCH_JOB_ATTEMPT"])
    size = variables.get("SWEEP_ARRAY_SIZE") or variables.get("AWS_BATCH_JOB_NUM_NODES") or "1"
    work = Work(
        lease=0,
        job_id=variables["AWS_BATCH_JOB_ID"].rsplit(mark, 1)[0],
        name=variables.get("SWEEP_JOB_NAME", ""),
        shape=shape,
        size=int(size),
        spans=((index, index + 1, attempt),),
        slots=1,
        container=Container(function=function),
        variables=dict(variables),
    )
    return Child(index, attempt, work, report)


def _shape(variables: Mapping[str, str]) -> Any:
    from sweep.jobs.job import Shape

    if "AWS_BATCH_JOB_ARRAY_INDEX" in variables:
        return Shape.ARRAY
    return Shape.NODES if "AWS_BATCH_JOB_NODE_INDEX" in variables else Shape.PLAIN


def main() -> int:
    """Call the function that the command line names."""
    report = _Report()
    signal.signal(signal.SIGTERM, report.stop)
    try:
        return returned_code(find_function(sys.argv[1], {})(child_of(os.environ, sys.argv[1], report)))
    except Stopped:
        report.flush("stopped")
        return TERMINATED
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the function's
        traceback.print_exc()
        report.flush(traceback.format_exception_only(error)[-1].strip())
        return 1
    finally:
        report.flush()


if __name__ == "__main__":
    sys.exit(main())
