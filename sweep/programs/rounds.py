"""Rounds of trials that are nothing but lines for a server.

All lines are written before the first is sent, and all answers are read after the last: a simulator takes the caches for itself, and what is
done between two of its trials costs several times what it costs elsewhere.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sweep.errors import KernelError
from sweep.programs.keeping import KeeperLostError
from sweep.programs.reading import is_of_another, outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sweep.programs.attempts import Trials
    from sweep.programs.keeping import Keeper
    from sweep.programs.trial import Outcome, Trial

__all__ = ["run_round"]

MOST_HELD = 1 << 20
"""Bytes of answers that are held before they are read."""


def run_round(trials: Trials, keeper: Keeper, asked: Sequence[Trial], alive: Callable[[], None]) -> list[Outcome]:
    """Have a server answer trials, each once.

    Parameters
    ----------
    trials
        What says how; its trials are lines (`Trials.is_line`).
    keeper
        What runs the server.
    asked
        Which.
    alive
        Called now and then; what it raises is raised, and nothing is known of the round.

    Returns
    -------
    list
        What came of the first of them. Those after an answer that is not what was asked for are not among them: they are to be asked again.
    """
    found: list[Outcome] = []
    for trial, answer in zip(asked, _answers(trials, keeper, asked, alive), strict=False):
        found.append(outcome_of(trials.command, trial, "", answer, 1))
        if found[-1].values is None and is_of_another(trial, answer):
            keeper.end()
            break
    return found


def _answers(
    trials: Trials, keeper: Keeper, asked: Sequence[Trial], alive: Callable[[], None]
) -> list[Mapping[str, Any]]:
    """Ask until something is in the way: it is met again, and said, when the trials that are left are run by themselves."""
    answers: list[Mapping[str, Any]] = []
    held = 0
    with suppress(KeeperLostError, OSError, ValueError, TypeError, KernelError):
        for line in [trials.line(each) for each in asked]:
            if held > MOST_HELD or trials.started(keeper, alive) is not None:
                break
            answers.append(_answer(trials, keeper, line, alive))
            held += len(answers[-1]["out"])
            if answers[-1]["why"] != "answered":
                break
    return answers


def _answer(trials: Trials, keeper: Keeper, line: bytes, alive: Callable[[], None]) -> Mapping[str, Any]:
    scratch = keeper.folders.fresh()
    try:
        return trials.told(keeper, line, scratch, alive)
    finally:
        keeper.folders.take_back(scratch, [])
