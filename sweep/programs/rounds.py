"""Rounds of trials that are nothing but lines for a server.

All lines are written before the first is sent, and all answers are read after the last: a simulator takes the caches for itself, and what is
done between two of its trials costs several times what it costs elsewhere.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sweep.errors import KernelError
from sweep.programs.reading import is_of_another, outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sweep.programs.attempts import Trials
    from sweep.programs.keeping import Keeper
    from sweep.programs.trial import Outcome, Trial

__all__ = ["MOST_SECONDS", "run_round"]

MOST_HELD = 1 << 20
"""Bytes of answers that are held before they are read."""

MOST_SECONDS = 0.5
"""Of a round, before the next begins: now and then somebody has to be asked whether to go on."""


def run_round(
    trials: Trials, keeper: Keeper, asked: Sequence[Trial], found: list[Outcome], alive: Callable[[], None]
) -> None:
    """Have a server answer trials, each once, until the round has been long enough.

    Parameters
    ----------
    trials
        What says how; its trials are lines (`Trials.is_line`).
    keeper
        What runs the server.
    asked
        Which.
    found
        What came of the first of them is added here. What comes after an answer that is not what was asked for is not: it is to be asked again.
    alive
        Called now and then; what it raises is raised.

    Raises
    ------
    KeeperLostError
        If the keeper is there no more; what was answered before counts.
    """
    alive()
    answers: list[Mapping[str, Any]] = []
    try:
        _ask(trials, keeper, asked, answers, alive)
    finally:
        for trial, answer in zip(asked, answers, strict=False):
            found.append(outcome_of(trials.command, trial, "", answer, 1))
            if found[-1].values is None and is_of_another(trial, answer):
                keeper.end()
                break


def _ask(
    trials: Trials,
    keeper: Keeper,
    asked: Sequence[Trial],
    answers: list[Mapping[str, Any]],
    alive: Callable[[], None],
) -> None:
    """Ask until something is in the way: it is met again, and said, when the trials that are left are run by themselves."""
    held, ends = 0, time.monotonic() + MOST_SECONDS
    with suppress(OSError, ValueError, TypeError, KernelError):
        for line in [trials.line(each) for each in asked]:
            if held > MOST_HELD or time.monotonic() > ends or trials.started(keeper, alive) is not None:
                break
            answer = _answer(trials, keeper, line, alive)
            answers.append(answer)
            held += len(answer["out"]) + len(answer["err"])
            if answer["why"] != "answered":
                break


def _answer(trials: Trials, keeper: Keeper, line: bytes, alive: Callable[[], None]) -> Mapping[str, Any]:
    scratch = keeper.folders.fresh()
    try:
        return trials.told(keeper, line, scratch, alive)
    finally:
        keeper.folders.take_back(scratch, [])
