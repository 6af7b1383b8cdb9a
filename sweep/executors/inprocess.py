"""Run tasks on threads of this process; compiled kernels release the GIL."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Self

from sweep.executors.stopping import Stopped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sweep.executors.base import Report, Task

__all__ = ["InProcess"]


class InProcess:
    """An executor on `workers` threads.

    The threads are daemons: a second Ctrl-C ends the process at once, which no store minds.
    """

    name = "inprocess"

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._stop = threading.Event()

    def run(self, task: Task, indices: Sequence[int], report: Report) -> Iterator[int]:
        """Run the task for each index; see `sweep.executors.base.Executor.run`."""
        waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        for each in indices:
            waiting.put(each)
        done: queue.SimpleQueue[int | BaseException] = queue.SimpleQueue()
        self._stop.clear()
        threads = [
            threading.Thread(target=self._work, args=(task, waiting, done, report), daemon=True)
            for _ in range(min(self.workers, len(indices)))
        ]
        for each in threads:
            each.start()
        try:
            for _ in indices:
                outcome = done.get()
                if isinstance(outcome, BaseException):
                    raise outcome
                yield outcome
        finally:
            self._stop.set()
            for each in threads:
                each.join()

    def _work(
        self,
        task: Task,
        waiting: queue.SimpleQueue[int],
        done: queue.SimpleQueue[int | BaseException],
        report: Report,
    ) -> None:
        def checked(trials: int) -> None:
            if self._stop.is_set():
                raise Stopped
            report(trials)

        while not self._stop.is_set():
            try:
                index = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                task(index, checked)
                done.put(index)
            except Stopped:
                return
            except BaseException as error:  # noqa: BLE001 - it is handed to the thread that asked
                done.put(error)
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
