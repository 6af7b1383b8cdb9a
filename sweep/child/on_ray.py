"""A shard spread over the processors of a Ray session that is started in the container."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sweep.jobs.environment import Environment
from sweep.neighbours import modules_of
from sweep.progress import Silent
from sweep.stages import Stage, run_stages
from sweep.work.pieces import gaps, read_parts
from sweep.work.portion import Portion, portions
from sweep.work.spread import spread

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Generator
    from pathlib import Path

    from sweep.ledger import Wave
    from sweep.work.study import Study

__all__ = ["spread_on_ray"]

PORTIONS_PER_PROCESSOR = 64
"""Those under way are lost when the child is stopped: a Ray that ends does not wait for its workers."""


def spread_on_ray(
    study: Study,
    wave: Wave,
    shard: int,
    *,
    processors: int,
    path: list[Path],
    stop: threading.Event,
    report: Callable[[int], None],
) -> bool:
    """Run what is missing of a shard as tasks of Ray, each of which keeps a part, and put the parts together.

    Parameters
    ----------
    study, wave, shard
        Which.
    processors
        That Ray may use.
    path
        Where its workers find the study's modules.
    stop
        When it is set before all is run, or SIGTERM comes meanwhile, what is kept stays, and False is returned.
    report
        Called with numbers of trials, from any thread.

    Raises
    ------
    TrialError
        If a trial raised.
    WorkerError
        If a worker was lost too often.
    """
    left = gaps(*wave.bounds(shard), read_parts(study, wave, shard))
    try:
        if left and not stop.is_set():
            task = Portion(study, wave, shard, portions(left, PORTIONS_PER_PROCESSOR * processors))
            with _raising_on_sigterm(stop) as listen:
                _run(task, processors, path, listen, report)
    except _TerminatedError:
        return False
    return spread(study, wave, shard, threads=processors, stop=stop, report=report)


def _run(
    task: Portion,
    processors: int,
    path: list[Path],
    listen: Callable[[], object],
    report: Callable[[int], None],
) -> None:
    from sweep.executors.cluster import Cluster
    from sweep.executors.ray import RayWorker

    os.environ["PYTHONPATH"] = os.pathsep.join([*map(str, path), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = Environment("workers", vcpus=float(processors), memory=(1 << 31) - 1, address="local")
    with Cluster(processors) as cluster:
        listen()  # Ray has put a handler of its own in the place of ours
        run_stages(
            [Stage("map", len(task.ranges), task)],
            environment,
            lambda functions, where, tell: RayWorker(
                functions, where, tell, cluster, carry=modules_of(task.study.kernel)
            ),
            _Telling(report),
        )


class _Telling(Silent):
    """Passes trials on."""

    def __init__(self, report: Callable[[int], None]) -> None:
        self._report = report

    def advance(self, trials: int) -> None:
        """Count."""
        self._report(trials)


class _TerminatedError(BaseException):
    """SIGTERM has come: nothing between here and `spread_on_ray` may take it for an error of its own."""


@contextmanager
def _raising_on_sigterm(stop: threading.Event) -> Generator[Callable[[], object]]:
    """Have SIGTERM raise in the main thread, which waits for Ray; yield what sees to that again."""

    def end(*_: object) -> None:
        stop.set()
        raise _TerminatedError

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield lambda: signal.signal(signal.SIGTERM, end)
    finally:
        signal.signal(signal.SIGTERM, before)
