"""What an executor is: something that runs a task for each of many indices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, Self, runtime_checkable

__all__ = ["MAX_ATTEMPTS", "Executor", "Report", "Task"]

Report = Callable[[int], None]
"""Called by a task as it goes on, with the number of trials since the last call."""

MAX_ATTEMPTS = 5
"""How often an index is started again when the worker that ran it was lost."""


class Task(Protocol):
    """Work on one index. It must be idempotent: it may run twice, also at the same time. It must be picklable."""

    def __call__(self, index: int, report: Report) -> None:
        """Do the work of `index`."""
        ...


@runtime_checkable
class Executor(Protocol):
    """Runs tasks. Leaving its ``with`` block stops what still runs and ends what it started."""

    name: str
    workers: int

    def run(self, task: Task, indices: Sequence[int], report: Report) -> Iterator[int]:
        """Run ``task(i, report)`` for each index.

        Parameters
        ----------
        task
            The work.
        indices
            Which; each once.
        report
            Called with numbers of trials, from any thread, as the work goes on.

        Yields
        ------
        int
            Each index when it is done, in the order of completion.

        Raises
        ------
        WorkerError
            If an index lost its worker `MAX_ATTEMPTS` times.
        Exception
            Whatever a task raised, once; the other indices are then stopped.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...
