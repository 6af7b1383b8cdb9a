"""When the last shard is over."""

from __future__ import annotations

import itertools

import pytest

from sweep.forecast.schedule import finish
from sweep.forecast.widths import relative_widths, trials_for


def test_one_worker_does_all():
    assert finish([1.0, 2.0, 3.0], 1) == 6.0


def test_as_many_workers_as_tasks_wait_for_the_longest():
    assert finish([1.0, 5.0, 3.0], 3) == finish([1.0, 5.0, 3.0], 100) == 5.0


def test_a_long_task_at_the_end_is_waited_for():
    assert finish([1.0, 1.0, 4.0], 2) == 5.0
    assert finish([4.0, 1.0, 1.0], 2) == 4.0


def test_graham_s_bound_holds():
    for tasks in itertools.product([1.0, 2.0, 7.0], repeat=5):
        for workers in (1, 2, 3):
            most = sum(tasks) / workers + (1 - 1 / workers) * max(tasks)
            assert max(sum(tasks) / workers, *tasks) <= finish(tasks, workers) <= most + 1e-9


@pytest.mark.parametrize(("kind", "estimate", "std"), [("bool", 0.01, 0.0995), ("float", 2.0, 3.0), ("int", -0.5, 4.0)])
def test_so_many_trials_are_just_enough(kind, estimate, std):
    import numpy as np

    trials = trials_for(kind, estimate, std, 0.01, 0.95)

    def width(n):
        return relative_widths(kind, np.array([estimate]), np.array([std]), n, 0.95)[0]

    assert width(trials) <= 0.01
    assert width(int(trials * 0.97)) > 0.01


def test_a_width_that_no_number_gives():
    assert trials_for("float", 1e-9, 1.0, 0.001, 0.95) is None
