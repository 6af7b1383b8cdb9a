"""Run a batch of a command's trials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.work.counting import observed, single_statistics
from sweep.work.failures import failures_table
from sweep.work.ran import Ran

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.programs.runner import Runner
    from sweep.programs.trial import Outcome
    from sweep.work.ran import Batch
    from sweep.work.study import Study

__all__ = ["run_programs"]


def run_programs(study: Study, runner: Runner, batch: Batch, alive: Callable[[], None]) -> Ran:
    """Run a batch, one trial after the other, on this thread.

    Parameters
    ----------
    study, runner, batch
        What to run, and by what.
    alive
        Called now and then while a program runs; what it raises ends the program and is raised.
    """
    outputs, trials = len(study.kernel.outputs), len(batch.point)
    values = np.full((outputs, trials), np.nan)
    told: list[tuple[int, int, Outcome]] = []
    parameters: dict[int, dict[str, Any]] = {}
    for place in range(trials):
        point, trial = int(batch.point[place]), int(batch.block[place])
        if point not in parameters:
            parameters = {point: study.plan.space[point]}
        outcome = runner.run(point, trial, parameters[point], alive, lambda *_: None)
        if outcome.values is not None:
            values[:, place] = outcome.values
        if outcome.reason:
            told.append((point, trial, outcome))
    return _ran(study, batch, values, told)


def _ran(study: Study, batch: Batch, values: Any, told: list[tuple[int, int, Outcome]]) -> Ran:
    tallies = study.plan.request.tallies(study.kernel.outputs, study.output_kinds)
    beside = observed(values, batch.ends(counts=study.plan.request.counts), tallies) if tallies else None
    failed = {(point, trial) for point, trial, each in told if each.values is None}
    return Ran(
        single_statistics(values, batch.block),
        values,
        beside,
        np.array([(int(p), int(t)) in failed for p, t in zip(batch.point, batch.block, strict=True)], dtype=np.bool_),
        failures_table(told) if told else None,
    )
