"""Run a batch of a command's trials."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.work.counting import observed, single_statistics
from sweep.work.failures import failures_table
from sweep.work.keptfiles import keep_files
from sweep.work.ran import Ran

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.programs.declaration import Command
    from sweep.programs.runner import Runner
    from sweep.programs.trial import Outcome
    from sweep.work.ran import Batch
    from sweep.work.study import Study

__all__ = ["kept_of", "run_programs"]


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
    values = np.full((len(study.kernel.columns), trials), np.nan)
    told: list[tuple[int, int, Outcome]] = []
    parameters = functools.lru_cache(maxsize=1)(study.plan.space.__getitem__)
    kept = kept_of(study, runner.command)
    asked = list(zip(batch.point.tolist(), batch.block.tolist(), strict=True))
    runner.ask_ahead(asked, parameters, alive)
    for place, (point, trial) in enumerate(asked):
        outcome = runner.run(point, trial, parameters(point), alive, kept(point, trial))
        if outcome.values is not None:
            values[:outputs, place] = outcome.values
        if outcome.reason:
            told.append((point, trial, outcome))
    if study.kernel.is_weighted:
        values[outputs:] = values[: outputs - 1] * values[outputs - 1]
    return _ran(study, batch, values, told)


def kept_of(study: Study, command: Command) -> Callable[[int, int], Callable[[str, Outcome], None]]:
    """Return what returns, of a trial, what keeps files of its folder in the store; see `sweep.programs.runner.Runner.run`."""
    is_kept = _keeper_of(study, command)

    def of(point: int, trial: int) -> Callable[[str, Outcome], None]:
        def keep(folder: str, outcome: Outcome) -> None:
            if is_kept(outcome):
                keep_files(study.store, command, point, trial, folder)

        return keep

    return of


def _keeper_of(study: Study, command: Command) -> Callable[[Outcome], bool]:
    """Return what tells whether the files of a trial are kept: of those that failed, and those that the plan keeps."""
    keep, names = study.plan.keep, study.kernel.outputs

    def is_kept(outcome: Outcome) -> bool:
        if outcome.values is None or keep == "all":
            return True
        return keep in names and outcome.values[names.index(keep)] == 1.0

    return is_kept if command.keep_files else lambda _: False


def _ran(study: Study, batch: Batch, values: Any, told: list[tuple[int, int, Outcome]]) -> Ran:
    tallies = study.plan.request.tallies(study.kernel.columns, study.output_kinds)
    beside = observed(values, batch.ends(counts=study.plan.request.counts), tallies) if tallies else None
    failed = {(point, trial) for point, trial, each in told if each.values is None}
    return Ran(
        single_statistics(values, batch.block),
        values,
        beside,
        np.array([(int(p), int(t)) in failed for p, t in zip(batch.point, batch.block, strict=True)], dtype=np.bool_),
        failures_table(told) if told else None,
    )
