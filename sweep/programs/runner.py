"""Runs trials of a command, as many at a time as there are threads that ask."""

from __future__ import annotations

import math
import time
from concurrent.futures import as_completed, wait
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sweep.aside import started
from sweep.errors import KernelError
from sweep.programs.keeping import KeeperLostError, Keepers
from sweep.programs.rounds import MOST_SECONDS, run_round
from sweep.programs.trial import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    from sweep.programs.attempts import Trials
    from sweep.programs.declaration import Command

__all__ = ["Runner"]

ENOUGH, ENOUGH_SECONDS, MOST_SECONDS_OF_GLANCE = 4, 0.05, 0.2
"""So many trials that take so long are enough, and fewer that take longer: the other workers wait meanwhile."""
KEEPERS_LOST = 3
"""How many keepers a trial may lose: something kills them, and may do so because of the trial."""


class _TooLongError(Exception):
    """A glance has seen enough."""


def _go_on() -> None:
    """Ask nobody whether to stop."""


class Runner:
    """Safe to call from many threads at once.

    Parameters
    ----------
    trials
        What runs one.
    """

    def __init__(self, trials: Trials) -> None:
        self._trials = trials
        self._keepers = Keepers()
        self._known: dict[tuple[int, int], Outcome] = {}
        self._seconds = math.inf

    @property
    def command(self) -> Command:
        """What is run."""
        return self._trials.command

    def run(
        self,
        point: int,
        trial: int,
        parameters: Mapping[str, Any],
        alive: Callable[[], None],
        kept: Callable[[str, Outcome], None],
    ) -> Outcome:
        """Run a trial; see `sweep.programs.attempts.Trials.run`."""
        known = self._known.pop((point, trial), None)
        if known is not None and (known.values is not None or known.attempts > self.command.retries):
            return known
        tried = known.attempts if known is not None else 0
        asked = self._trials.trial(point, trial, parameters)
        for _ in range(KEEPERS_LOST):
            try:
                with self._keepers.one() as keeper:
                    return self._trials.run(keeper, asked, alive, kept, tried)
            except KeeperLostError:
                continue
        return Outcome(None, f"lost the process that watches it {KEEPERS_LOST} times", attempts=KEEPERS_LOST)

    def ask_ahead(
        self,
        trials: Sequence[tuple[int, int]],
        parameters: Callable[[int], Mapping[str, Any]],
        alive: Callable[[], None],
    ) -> None:
        """Have a server answer trials one after the other, where that is all there is to them; `run` then knows what came of them.

        Parameters
        ----------
        trials
            Points and trials.
        parameters
            Returns those of a point.
        alive
            Called now and then; what it raises is raised.
        """
        left = [each for each in trials if each not in self._known] if self._trials.is_line else []
        while len(left) > 1:
            found: list[Outcome] = []
            some = left[: self.trials_within(MOST_SECONDS)]
            asked = self._trials.trials(some, parameters)
            begun = time.monotonic()
            with suppress(KeeperLostError), self._keepers.one() as keeper:
                run_round(self._trials, keeper, asked, found, alive)
            if not found:
                return  # what is in the way is met, and said, when they are run by themselves
            self._known.update(zip(some, found, strict=False))
            self._seconds = (time.monotonic() - begun) / len(found)
            left = left[len(found) :]

    def trials_within(self, seconds: float) -> int:
        """Return how many trials of a server take so long, by those that were timed; one where none was, and of a program for each trial."""
        return max(1, int(seconds / max(self._seconds, 1e-9))) if self._trials.is_line else 1

    def glance(
        self,
        trials: Iterable[tuple[int, int]],
        parameters: Callable[[int], Mapping[str, Any]],
        seconds: float,
        kept: Callable[[int, int], Callable[[str, Outcome], None]],
        workers: int = 1,
    ) -> float:
        """Time trials until it is clear what one takes; those that ended are not run again. What a server takes to start does not count.

        Parameters
        ----------
        trials
            Points and trials, at least one.
        parameters
            Returns those of a point.
        seconds
            How long to wait for one.
        kept
            Returns what is called with the folder of a trial, by its point and its index; see `run`.
        workers
            How many threads will run trials: so many servers are started, all at a time.

        Returns
        -------
        float
            Seconds that a trial takes, or `seconds` if it takes longer. Of several the first does not count, for it finds nothing ready.
        """
        with self._servers_started(workers if self.command.is_server else 0):
            took = self._timed(trials, parameters, seconds, kept)
        if took is None:
            return seconds
        later = took[1:] or took
        self._seconds = sum(later) / len(later)
        return self._seconds

    def _timed(
        self,
        trials: Iterable[tuple[int, int]],
        parameters: Callable[[int], Mapping[str, Any]],
        seconds: float,
        kept: Callable[[int, int], Callable[[str, Outcome], None]],
    ) -> list[float] | None:
        """Return seconds of the first trials; None if one of them took too long."""
        took: list[float] = []
        for point, trial in trials:
            begun = time.monotonic()
            outcome = self._within(point, trial, parameters(point), begun + seconds, kept(point, trial))
            if outcome is None:
                return None
            self._known[point, trial] = outcome
            took.append(time.monotonic() - begun)
            if sum(took) > (ENOUGH_SECONDS if len(took) >= ENOUGH else MOST_SECONDS_OF_GLANCE):
                break
        return took

    @contextmanager
    def _servers_started(self, count: int) -> Generator[None]:
        """Have so many servers started: one when what is inside begins, if one can be, and all when it is over."""
        starting = [started(self._start_server) for _ in range(count)]
        try:
            next((each for each in as_completed(starting) if each.result()), None)
            yield
        finally:
            wait(starting)

    def _start_server(self) -> bool:
        """Have a server ready, if it can be; the first trial tells of one that cannot be started."""
        with suppress(KeeperLostError, OSError, ValueError, KernelError), self._keepers.one() as keeper:
            return self._trials.started(keeper, _go_on) is None
        return False

    def _within(
        self,
        point: int,
        trial: int,
        parameters: Mapping[str, Any],
        until: float,
        kept: Callable[[str, Outcome], None],
    ) -> Outcome | None:
        """Run a trial; None if it had to be ended."""

        def alive() -> None:
            if time.monotonic() > until:
                raise _TooLongError

        with suppress(_TooLongError):
            return self.run(point, trial, parameters, alive, kept)
        return None

    def dismiss(self) -> None:
        """Have what waits for trials end, for no more will come; `close` waits for that."""
        self._keepers.dismiss()

    def close(self) -> None:
        """End what waits for trials."""
        self._keepers.close()
