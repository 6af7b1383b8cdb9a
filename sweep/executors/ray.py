"""Run tasks on Ray: one actor a worker, each given ranges of indices."""

from __future__ import annotations

import logging
import os
import socket
import warnings
from collections import deque
from typing import TYPE_CHECKING, Any, Self

from sweep.errors import UsageError, WorkerError
from sweep.executors.base import MAX_ATTEMPTS, Report, Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["RayExecutor"]

OBJECT_STORE_BYTES = 80 * 1024 * 1024
"""The least that Ray accepts: results go to the sweep's own store, not through Ray's."""

RANGES_PER_WORKER = 32
"""A worker's range is this part of its share of what is left, so that ranges shrink as the end comes near."""


class RayExecutor:
    """An executor on a Ray cluster.

    Parameters
    ----------
    workers
        How many actors, one CPU each.
    address
        ``"local"`` starts Ray on this machine and ends it again; else the address of a cluster that is there.
    carry
        Modules that the workers cannot import: what a task needs of them travels by value.
    """

    name = "ray"

    def __init__(self, workers: int, address: str = "local", carry: Sequence[Any] = ()) -> None:
        self.workers = workers
        self._carry = carry
        self._address = address
        self._started = False
        self._actors: list[Any] = []

    def __enter__(self) -> Self:
        # Ray announces changes to come through environment variables; both settings are what it will do by default.
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        os.environ.setdefault("RAY_DEDUP_LOGS", "0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import ray

            if not ray.is_initialized():
                self._start(ray)
        return self

    def _start(self, ray: Any) -> None:
        options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
        _check_reachable(self._address)
        if self._address == "local":
            options |= {"num_cpus": self.workers, "object_store_memory": OBJECT_STORE_BYTES, "include_dashboard": False}
            options["_node_ip_address"] = "127.0.0.1"
            options["_system_config"] = {"task_events_report_interval_ms": 0}
        try:
            ray.init(address=self._address, **options)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise UsageError(f"no Ray cluster answers at {self._address!r}: {str(error).splitlines()[0]}") from None
        self._started = True

    def run(self, task: Task, indices: Sequence[int], report: Report) -> Iterator[int]:
        """Run the task for each index; see `sweep.executors.base.Executor.run`."""
        import ray
        from ray import cloudpickle

        for module in self._carry:
            cloudpickle.register_pickle_by_value(module)
        shared = ray.put(task)
        worker_class = ray.remote(num_cpus=1, max_restarts=0)(_Worker)
        waiting = deque(indices)
        running: dict[Any, tuple[Any, list[int]]] = {}
        count = min(self.workers, len(indices))
        self._actors = [worker_class.remote(shared) for _ in range(count)]
        try:
            for actor in self._actors:
                self._give(actor, waiting, running, count)
            yield from self._finish(running, waiting, worker_class, shared, report)
        finally:
            self._end_actors()

    def _finish(
        self,
        running: dict[Any, tuple[Any, list[int]]],
        waiting: deque[int],
        worker_class: Any,
        shared: Any,
        report: Report,
    ) -> Iterator[int]:
        """Wait for ranges, hand out further ones, and replace workers that were lost."""
        import ray
        from ray import exceptions

        attempts: dict[int, int] = {}
        workers = len(self._actors)
        while running:
            (ready,), _ = ray.wait(list(running), num_returns=1)
            actor, given = running.pop(ready)
            try:
                trials = ray.get(ready)
            except (
                exceptions.RayActorError,
                exceptions.WorkerCrashedError,
                exceptions.NodeDiedError,
            ) as error:
                _again(given, waiting, attempts, error)
                self._actors.remove(actor)
                actor = worker_class.remote(shared)
                self._actors.append(actor)
            except exceptions.RayTaskError as error:
                raise error.cause from None
            else:
                report(trials)
                yield from given
            self._give(actor, waiting, running, workers)

    @staticmethod
    def _give(actor: Any, waiting: deque[int], running: dict[Any, tuple[Any, list[int]]], workers: int) -> None:
        size = max(1, len(waiting) // (RANGES_PER_WORKER * workers))
        given = [waiting.popleft() for _ in range(min(size, len(waiting)))]
        if given:
            running[actor.run.remote(given)] = (actor, given)

    def __exit__(self, *exception: object) -> None:
        import ray

        self._end_actors()
        if self._started:
            ray.shutdown()
            self._started = False

    def _end_actors(self) -> None:
        import ray

        for actor in self._actors:
            ray.kill(actor)
        self._actors = []


def _check_reachable(address: str) -> None:
    """Knock at a cluster's door: Ray itself ends the whole process when nobody opens."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or "//" in host:
        return  # "local", "auto" and ray:// are Ray's own business
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError as error:
        raise UsageError(f"no Ray cluster answers at {address!r}: {error.strerror or error}") from None


def _again(given: list[int], waiting: deque[int], attempts: dict[int, int], error: Exception) -> None:
    """Put the indices of a lost worker back in front; what it had finished is done again, which changes nothing."""
    for each in reversed(given):
        attempts[each] = attempts.get(each, 0) + 1
        if attempts[each] >= MAX_ATTEMPTS:
            raise WorkerError(f"shard {each} lost its worker {MAX_ATTEMPTS} times: {str(error).splitlines()[0]}")
        waiting.appendleft(each)


class _Worker:
    """Lives in a process of Ray's; loads the kernel once."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def run(self, indices: list[int]) -> int:
        trials = 0

        def count(more: int) -> None:
            nonlocal trials
            trials += more

        for each in indices:
            self._task(each, count)
        return trials
