"""One child of a sweep's jobs: read what it is told, do it, and say how far it is."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from sweep.child.task import Task
from sweep.errors import PlanError, SweepError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["STOPPED", "main"]

STOPPED = 143
"""Exit code after SIGTERM, as a shell has it."""
SOONEST, LATEST = 1.0, 60.0
"""Seconds before the first line for the log, and most between two of them."""


def main(words: list[str]) -> int:
    """Run the child that a command line and the environment name; return its exit code.

    An error is one line on standard error: 2 for what was submitted wrongly, 1 for a trial that raised or a damaged object, `STOPPED` after
    SIGTERM. What was finished by then is kept, and the next attempt does the rest.
    """
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        finished = _run(Task.read(words), _place(os.environ), stop)
    except SweepError as error:
        sys.stderr.write(f"sweep: {error}\n")
        return error.exit_code
    if not finished:
        _say("stopped; what is finished is kept")
    return 0 if finished else STOPPED


def _place(environment: Mapping[str, str]) -> int:
    """Read the child's index; a job that is no array has none, and is child 0."""
    text = environment.get("AWS_BATCH_JOB_ARRAY_INDEX", "0")
    if not text.isdigit():
        raise UsageError(f"AWS_BATCH_JOB_ARRAY_INDEX={text!r} is not a whole number from 0 on")
    return int(text)


def _run(task: Task, index: int, stop: threading.Event) -> bool:
    from sweep.child.stages import map_shard, merge_all, reduce_shard
    from sweep.child.work import read_work
    from sweep.store import open_store

    store = open_store(task.store)
    work = read_work(store, task.work)
    _require_same(task, work.plan_hash, work.code)
    if task.stage == "map":
        return map_shard(task, store, work, task.offset + index, stop, _Teller().report, _say)
    if task.stage == "merge":
        merge_all(store, work, _say)
    else:
        reduce_shard(store, work, task.offset + index, rest=task.stage == "rest")
    return True


def _require_same(task: Task, plan: str, code: str) -> None:
    for what, told, found in (("plan", task.plan, plan), ("code", task.code, code)):
        if told != found:
            raise PlanError(f"this child was told {what} {told[:12]}, and its submission has {what} {found[:12]}")


def _say(text: str) -> None:
    sys.stdout.write(f"sweep: {text}\n")
    sys.stdout.flush()


class _Teller:
    """Counts trials, and writes a line now and then for the log: each after twice as long as the one before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._trials = 0
        self._begun = time.monotonic()
        self._next = self._begun + SOONEST

    def report(self, trials: int) -> None:
        """Count; called from any thread."""
        with self._lock:
            self._trials += trials
            now = time.monotonic()
            if now >= self._next:
                self._next = now + min(now - self._begun, LATEST)
                _say(f"{self._trials:,} trials, {self._trials / (now - self._begun):,.0f}/s")
