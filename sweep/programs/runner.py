"""Runs trials of a command, as many at a time as there are threads that ask."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sweep.programs.keeping import KeeperLostError, Keepers
from sweep.programs.trial import Outcome, Trials

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sweep.programs.declaration import Command
    from sweep.space.objects import Objects

__all__ = ["Runner"]

KEEPERS_LOST = 3
"""How many keepers a trial may lose: something kills them, and may do so because of the trial."""


class _TooLongError(Exception):
    """A glance has seen enough."""


class Runner:
    """Safe to call from many threads at once.

    Parameters
    ----------
    command, collections, seed, common_random_numbers
        As for `sweep.programs.trial.Trials`.

    Attributes
    ----------
    command
        What is run.

    Raises
    ------
    KernelError
        If the program is not there.
    """

    def __init__(
        self, command: Command, collections: Mapping[str, Objects], seed: int, *, common_random_numbers: bool
    ) -> None:
        self.command = command
        self._trials = Trials(command, collections, seed, common_random_numbers=common_random_numbers)
        self._keepers = Keepers()
        self._known: dict[tuple[int, int], Outcome] = {}

    def run(
        self,
        point: int,
        trial: int,
        parameters: Mapping[str, Any],
        alive: Callable[[], None],
        kept: Callable[[str, Outcome], None],
    ) -> Outcome:
        """Run a trial; see `sweep.programs.trial.Trials.run`."""
        known = self._known.pop((point, trial), None)
        if known is not None:
            return known
        asked = self._trials.trial(point, trial, parameters)
        for _ in range(KEEPERS_LOST):
            try:
                with self._keepers.one() as keeper:
                    return self._trials.run(keeper, asked, alive, kept)
            except KeeperLostError:
                continue
        return Outcome(None, f"lost the process that watches it {KEEPERS_LOST} times", attempts=KEEPERS_LOST)

    def glance(self, point: int, trial: int, parameters: Mapping[str, Any], seconds: float) -> float:
        """Run a trial for a while, and return what it took, or `seconds` if it took longer; one that ended in time is not run again."""
        begun = time.monotonic()

        def alive() -> None:
            if time.monotonic() - begun > seconds:
                raise _TooLongError

        with suppress(_TooLongError):
            outcome = self.run(point, trial, parameters, alive, lambda *_: None)
            self._known[point, trial] = outcome
            return time.monotonic() - begun
        return seconds

    def close(self) -> None:
        """End what waits for trials."""
        self._keepers.close()
