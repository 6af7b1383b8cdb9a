"""Changes of jobs' states as Amazon EventBridge tells them, one JSON object a line.

There is a line for each change of each child, and of each job as a whole, but for its submission; of an array of more children than AWS
allows, for the whole alone. The engine only notes what has moved. A thread of its own makes lines of that, and writes what has come together
at once. What several messages of a worker have brought about together is told with the times and the attempt that were known after the last.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from typing import TYPE_CHECKING

from sweep.jobs.job import Shape
from sweep.jobs.limits import MAX_CHILDREN
from sweep.jobs.loop import Listener
from sweep.jobs.status import Status
from sweep.serve.eventlines import Change, Lines, Unchanging

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from sweep.jobs.effects import Moved
    from sweep.jobs.job import Job, Spec
    from sweep.jobs.state import State

__all__ = ["FILE", "EventFile"]

FILE = "events.jsonl"
BEFORE = "events.1.jsonl"

LARGEST = 64 << 20
"""Bytes; a file that has grown beyond that becomes the one before, and the one before goes."""


class EventFile(Listener):
    """Writes what an engine's jobs go through to a file in its folder.

    Parameters
    ----------
    folder
        The engine's.
    region, account
        What ARNs say.
    largest
        Bytes of a file, more or less.
    """

    def __init__(self, folder: Path, region: str, account: str, largest: int = LARGEST) -> None:
        self.region = region
        self.account = account
        self._folder = folder
        self._lines = Lines(self)
        self._largest = largest
        self._state: State | None = None
        self._wholes: dict[str, Status] = {}
        self._told: dict[str, tuple[Spec, Unchanging]] = {}
        self._changes: queue.SimpleQueue[Change | threading.Event | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="sweep-events", daemon=True)

    # on the engine's thread

    def attached(self, state: State) -> None:
        """Begin; what happened before is not told again."""
        self._state = state
        self._wholes = {job.id: job.status for job in state.jobs.values() if job.shape is not Shape.PLAIN}
        self._thread.start()

    def moved(self, move: Moved) -> None:
        """Note that children have come to another state."""
        state = self._state
        if state is None or move.job_id not in state.jobs:
            return
        job = state.jobs[move.job_id]
        told = self._unchanging(state, job)
        if job.size <= MAX_CHILDREN:
            self._note(job, told, move.status, move.first, job.children[move.first : move.last].copy())
        if job.shape is not Shape.PLAIN:
            self._note_whole(job, told)

    def _note(self, job: Job, told: Unchanging, status: Status, first: int | None, rows: np.ndarray) -> None:
        summary = {each.name: job.counts[each] for each in Status} if first is None else {}
        self._changes.put(Change(job, told, status, first, rows, summary, int(time.time() * 1000)))

    def _note_whole(self, job: Job, told: Unchanging) -> None:
        """Note that a job as a whole has come to another state; that an array was PENDING is told though it may be over by now."""
        before, after = self._wholes.get(job.id, Status.SUBMITTED), job.status
        if before is after:
            return
        row = job.children[job.main : job.main + 1].copy()
        if job.shape is Shape.ARRAY and before is Status.SUBMITTED and after.is_terminal:
            self._note(job, told, Status.PENDING, None, row)
        self._note(job, told, after, None, row)
        self._wholes[job.id] = after

    def _unchanging(self, state: State, job: Job) -> Unchanging:
        """Return what does not change of a job but with its tags."""
        spec, told = self._told.get(job.id, (None, None))
        if told is None or spec is not job.spec:
            self._forget(state)
            told = self._lines.unchanging(state, job)
            self._told[job.id] = job.spec, told
        return told

    def _forget(self, state: State) -> None:
        """Forget jobs that the engine has forgotten, when they are as many as those that it knows."""
        if len(self._told) > 2 * len(state.jobs):
            self._told = {name: told for name, told in self._told.items() if name in state.jobs}
            self._wholes = {name: status for name, status in self._wholes.items() if name in state.jobs}

    # on a thread of its own

    def flush(self, seconds: float) -> bool:
        """Wait for some time at most until all that was noted is in the file; return whether it is."""
        done = threading.Event()
        self._changes.put(done)
        return done.wait(seconds)

    def close(self) -> None:
        """Write what is left, and end."""
        if self._thread.is_alive():
            self._changes.put(None)
            self._thread.join()

    def _write_all(self) -> None:
        """Write until closed. When it cannot be done, say so once, and let the engine go on."""
        failed = False
        going_on = True
        while going_on:
            changes, waiting, going_on = self._take()
            try:
                if changes and not failed:
                    self._write(changes)
            except OSError as error:
                failed = True
                sys.stderr.write(f"sweep: {self._folder / FILE} is not written any more: {error}\n")
            for each in waiting:
                each.set()

    def _take(self) -> tuple[list[Change], list[threading.Event], bool]:
        """Wait for something, and take all that is there."""
        changes: list[Change] = []
        waiting: list[threading.Event] = []
        each = self._changes.get()
        while each is not None:
            if isinstance(each, Change):
                changes.append(each)
            else:
                waiting.append(each)
            try:
                each = self._changes.get_nowait()
            except queue.Empty:
                return changes, waiting, True
        return changes, waiting, False

    def _write(self, changes: list[Change]) -> None:
        path = self._folder / FILE
        file = path.open("a", encoding="utf-8")
        try:
            for each in changes:
                file.writelines(self._lines.of(each))
                if file.tell() > self._largest:
                    file.close()
                    path.replace(self._folder / BEFORE)
                    file = path.open("a", encoding="utf-8")
        finally:
            file.close()
