"""Run one trial of a command again, in a folder that stays, with what it prints shown as it comes."""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep.errors import UsageError
from sweep.programs.attempts import Trials
from sweep.programs.keeping import Keeper
from sweep.programs.reading import outcome_of
from sweep.programs.values import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.plan import Plan
    from sweep.programs import Command

__all__ = ["Rerun", "rerun"]


@dataclass(frozen=True)
class Rerun:
    """A trial that was run again.

    Attributes
    ----------
    parameters, outputs
        By name; no outputs if it failed. What it drew is among the parameters.
    drawn
        What it drew, as the outputs that are kept: text as the position of its category; and its weight.
    seed
        What it was given as ``{seed}``.
    argv
        What was run.
    folder
        Where: it stays.
    reason
        Why it failed, or what else is to be known of it; ``""`` if there is nothing.
    """

    parameters: dict[str, Any]
    outputs: dict[str, Any]
    drawn: dict[str, Any]
    seed: int
    argv: tuple[str, ...]
    folder: str
    reason: str


def _say_nothing(argv: tuple[str, ...], folder: str) -> None:
    pass


def rerun(
    command: Command, plan: Plan, point: int, trial: int, begins: Callable[[tuple[str, ...], str], None] = _say_nothing
) -> Rerun:
    """Run a trial again, once and without its timeout.

    Parameters
    ----------
    command, plan
        From `sweep.replay.prepare`.
    point, trial
        Which: ``0 <= point < plan.points``, ``0 <= trial < plan.trials``.
    begins
        Called with what is run, and with its folder, before it is.

    Raises
    ------
    UsageError
        If there is no such point or trial.
    KernelError
        If the program is not there.
    """
    if not 0 <= point < plan.points:
        raise UsageError(f"point {point} is not one of the sweep's {plan.points:,}: 0 to {plan.points - 1}")
    if not 0 <= trial < plan.trials:
        raise UsageError(f"trial {trial} is not one of the point's {plan.trials:,}: 0 to {plan.trials - 1}")
    trials = Trials(command, plan.space.collections(), plan.seed, common_random_numbers=plan.common_random_numbers)
    folder = tempfile.mkdtemp(prefix=f"sweep-replay-{point}-{trial}-")
    asked = trials.localised(trials.trial(point, trial, plan.space[point]), folder, folder)
    argv = trials.argv(asked, folder)
    begins(argv, folder)
    keeper = Keeper(inherit=True)
    try:
        answer = trials.ask(keeper, asked, folder, lambda: None, inherit=True)
    finally:
        keeper.close()
    outcome = outcome_of(command, asked, folder, answer, 1)
    outputs = {} if outcome.values is None else _typed(command, outcome.values)
    drawn = dict(zip(command.outputs[len(command.declared) :], asked.drawn, strict=True))
    return Rerun(dict(asked.parameters), outputs, drawn, asked.seed, argv, folder, outcome.reason)


def _typed(command: Command, values: tuple[float, ...]) -> dict[str, Any]:
    """Return outputs as what they are declared; None for one that the trial does not have."""
    named = zip(command.declared, values[: len(command.declared)], strict=True)
    return {each.name: None if math.isnan(value) else KINDS[each.kind](value) for each, value in named}
