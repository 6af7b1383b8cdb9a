"""One suite for every executor. Tasks write files, since they may run in other processes."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from sweep.errors import WorkerError
from sweep.executors.base import MAX_ATTEMPTS, Executor
from sweep.executors.inprocess import InProcess


@dataclass(frozen=True)
class Touch:
    """Leave a line in a file of the index's own each time it runs."""

    folder: str

    def __call__(self, index, report):
        with Path(self.folder, str(index)).open("a") as file:
            file.write(f"{os.getpid()}\n")
        report(10)


@dataclass(frozen=True)
class FailAt:
    index: int

    def __call__(self, index, report):
        if index == self.index:
            raise LookupError(f"index {index} is odd")


@dataclass(frozen=True)
class DieOnce:
    """Kill the worker the first time an index is run, at a few of them."""

    folder: str
    always: bool = False

    def __call__(self, index, report):
        mark = Path(self.folder, f"died-{index}")
        if self.always or (index % 7 == 3 and not mark.exists()):
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        Touch(self.folder)(index, report)


@pytest.fixture(params=["inprocess", "ray"])
def executor(request):
    if request.param == "inprocess":
        with InProcess(workers=2) as made:
            yield made
        return
    request.getfixturevalue("ray_here")
    from sweep.executors.ray import RayExecutor

    with RayExecutor(workers=2) as made:
        yield made


def test_it_is_an_executor(executor):
    assert isinstance(executor, Executor)


@pytest.mark.parametrize("count", [1, 2, 100])
def test_each_index_runs_once_and_is_told_once(executor, tmp_path, count):
    counted: list[int] = []
    done = list(executor.run(Touch(str(tmp_path)), range(count), counted.append))
    assert sorted(done) == list(range(count))
    assert sum(counted) == 10 * count
    assert {path.name: len(path.read_text().split()) for path in tmp_path.iterdir()} == {
        str(i): 1 for i in range(count)
    }


def test_any_indices_will_do(executor, tmp_path):
    assert sorted(executor.run(Touch(str(tmp_path)), [7, 3, 900], lambda _: None)) == [3, 7, 900]


def test_nothing_to_do(executor, tmp_path):
    assert list(executor.run(Touch(str(tmp_path)), [], lambda _: None)) == []


def test_what_a_task_raises_comes_back_as_it_is(executor):
    with pytest.raises(LookupError, match="index 5 is odd"):
        list(executor.run(FailAt(5), range(20), lambda _: None))


def test_it_can_be_used_again_after_a_failure(executor, tmp_path):
    with pytest.raises(LookupError):
        list(executor.run(FailAt(0), range(3), lambda _: None))
    assert sorted(executor.run(Touch(str(tmp_path)), range(5), lambda _: None)) == list(range(5))


def test_a_lost_worker_is_replaced_and_its_indices_run_again(tmp_path, ray_here):
    from sweep.executors.ray import RayExecutor

    with RayExecutor(workers=2) as executor:
        done = list(executor.run(DieOnce(str(tmp_path)), range(40), lambda _: None))
    assert sorted(done) == list(range(40))
    assert {path.name for path in tmp_path.iterdir() if path.name.isdigit()} == {str(i) for i in range(40)}
    assert (tmp_path / "died-3").exists()


def test_an_index_that_always_kills_its_worker_is_given_up(tmp_path, ray_here):
    from sweep.executors.ray import RayExecutor

    with RayExecutor(workers=1) as executor, pytest.raises(WorkerError, match=f"lost its worker {MAX_ATTEMPTS} times"):
        list(executor.run(DieOnce(str(tmp_path), always=True), [4], lambda _: None))


def test_threads_stop_between_two_reports():
    started, may_go_on = threading.Event(), threading.Event()
    steps: list[int] = []

    def task(index, report):
        for step in range(1000):
            started.set()
            may_go_on.wait(10)
            report(1)
            steps.append(step)

    with InProcess(workers=1) as executor:
        running = executor.run(task, [0, 1], lambda _: None)
        asking = threading.Thread(target=lambda: next(running, None), daemon=True)
        asking.start()
        started.wait(10)
        executor.__exit__()
        may_go_on.set()
    assert len(steps) <= 1
