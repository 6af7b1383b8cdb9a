"""One attempt of one child, while it runs."""

from __future__ import annotations

import os
import time
from contextlib import suppress

from sweep.executors.codes import KILLED, exit_code
from sweep.executors.commands.containers import FAILED
from sweep.executors.commands.wire import Ended

__all__ = ["REFUSED", "Attempt"]

OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
REFUSED = "CannotStartContainerError: "
LONGEST = 200


class Attempt:
    """A process that we started, the leader of a process group of its own.

    Attributes
    ----------
    index, number
        Of the child, and of its attempt from 1.
    owner
        Its ``AWS_BATCH_JOB_ID`` and ``AWS_BATCH_JOB_ATTEMPT``.
    container
        Name of the container that the process runs, or None.
    limit
        Bytes of memory; None where a container runtime sees to it.
    started, born
        ms since 1970, and seconds on the clock that never goes back.
    stopping, outgrown, lost
        Whether it was asked to end; whether it was killed for its memory; whether it was ended because we are, which nobody asked for.
    reason
        What it said of itself.
    """

    def __init__(
        self,
        pid: int,
        index: int,
        number: int,
        owner: tuple[str, str],
        log: str,
        directory: str,
        limit: int | None,
        container: str | None,
    ) -> None:
        self.pid = pid
        self.index = index
        self.number = number
        self.owner = owner
        self.log = log
        self.directory = directory
        self.limit = limit
        self.container = container
        self.started = time.time_ns() // 1_000_000
        self.born = time.monotonic()
        self.stopping = False
        self.outgrown = False
        self.lost = False
        self.reason = ""

    @property
    def age(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.born

    def signal(self, number: int) -> None:
        """Send a signal to the process group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _last_line(self) -> str:
        lines: list[str] = []
        with suppress(OSError), open(self.log, "rb") as file:  # somebody may have removed it
            file.seek(max(0, os.fstat(file.fileno()).st_size - LONGEST))
            lines = file.read().decode(errors="replace").splitlines()
        return lines[-1] if lines else "the container runtime says nothing"

    def ended(self, status: int, peak: int) -> Ended:
        """Return how it ended, from its wait status and the most memory that one process of it had, in bytes.

        The peak counts files that were mapped too, which the kernel can take back: so what went well is not held against it.
        """
        code, fate, reason = exit_code(status), "EXITED", self.reason
        if self.outgrown or (code and self.limit is not None and peak > self.limit):
            code, reason = KILLED, OUT_OF_MEMORY
        elif self.lost:
            code, fate = None, "LOST"
        elif self.container is not None and code == FAILED:
            code, fate, reason = None, "NOT_STARTED", REFUSED + self._last_line()
        elif self.container is not None and code == KILLED and not self.stopping:
            reason = OUT_OF_MEMORY
        stopped = max(self.started, time.time_ns() // 1_000_000)
        return Ended(self.index, self.index + 1, self.number, fate, code, reason, self.started, stopped, self.age)
